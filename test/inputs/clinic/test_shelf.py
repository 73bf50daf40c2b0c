"""Argument Clinic's output in the form of 3.8 and 3.9, whose headers 3.12 no longer suits."""
# floors: 3.8 3.10
# before: 3.8 3.11
# options: --generated clinic
import os
import sys

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from shelf_cases import *  # noqa: E402,F403
