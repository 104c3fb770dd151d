#!/usr/bin/env bash
# Runs the tests of the programs below FLOWC_PATH, offline.
set -euo pipefail

flowc test "${FLOWC_PATH:-.}"
