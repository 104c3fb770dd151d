#!/usr/bin/env bash
# Checks the programs below FLOWC_PATH; what is wrong stands at its line in the pull request.
set -euo pipefail

[ -n "${FLOW_PROFILE:-}" ] || unset FLOW_PROFILE
flowc check --format github "${FLOWC_PATH:-.}"
