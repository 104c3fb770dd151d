#!/usr/bin/env bash
# Installs what tests need from outside of Rust: the providers' Python clients, in an environment of
# their own. Tests call it where that is missing; calling it again does nothing.
#
#   tests/setup.sh [FOLDER]      FOLDER is where; target/tmp unless told otherwise
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
folder="${1:-${CARGO_TARGET_DIR:-$here/../target}/tmp}"
wanted="$here/python/requirements.txt"
python="$folder/python"

mkdir -p "$folder"
# Tests run side by side, and one of them is enough. The lock goes with the process.
exec 9> "$folder/setup.lock"
if command -v flock > /dev/null; then flock 9; fi

if cmp -s "$wanted" "$python/installed.txt"; then exit 0; fi
command -v python3 > /dev/null || { echo "tests/setup.sh: python3 3.10 or later is needed" >&2; exit 1; }
rm -rf "$python"
python3 -m venv "$python" || { echo "tests/setup.sh: python3 lacks venv: install python3-venv" >&2; exit 1; }
"$python/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
cp "$wanted" "$python/installed.txt"
