"""Argument Clinic's output in the form of 3.13, with headers of the interpreter's core."""
# floors: 3.13
# before: 3.13 3.13
# options: --generated clinic
import os
import sys

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from shelf_cases import *  # noqa: E402,F403
