"""Runs the examples of all rules with the headers of every CPython found."""
import argparse
import pathlib
import subprocess
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--abi3ify", required=True)
arguments = parser.parse_args()

scripts = pathlib.Path(__file__).parent.parent / "scripts"
listing = subprocess.run([scripts / "pythons", "--fetch"], stdout=subprocess.PIPE, text=True, check=True).stdout
command = [arguments.abi3ify, "rules", "--test"]
for line in listing.splitlines():
    version, executable, include = line.split("\t")
    print(f"headers of {version}")
    command += ["--python", executable]
if len(command) == 3:
    sys.exit("no CPython with headers found")
sys.exit(subprocess.run(command).returncode)
