#!/usr/bin/env bash
# Is this CPython at hand, and are its headers of its own version?
#   interpreter.sh 3.X        exit 77: not on this machine
set -eu
scripts=$(cd "$(dirname "$0")/../../scripts" && pwd)
found=$("$scripts/pythons" --min "$1" | awk -F '\t' -v version="$1" '$1 == version')
if [ -z "$found" ]; then
  echo "SKIPPED: CPython $1 with its headers is not on this machine"
  exit 77
fi
IFS=$'\t' read -r version exe include <<<"$found"
runs=$("$exe" -s -c 'import sys; print("%d.%d" % sys.version_info[:2])')
headers=$(awk '$2 == "PY_MAJOR_VERSION" {major = $3} $2 == "PY_MINOR_VERSION" {minor = $3}
               END {print major "." minor}' "$include/patchlevel.h")
echo "$exe runs $runs, $include is of $headers"
[ "$runs" = "$version" ] && [ "$headers" = "$version" ]
