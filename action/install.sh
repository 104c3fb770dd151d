#!/usr/bin/env bash
# Makes `flowc` known to the steps that follow: the one that is there, or one built from this Action.
set -euo pipefail

if ! command -v flowc > /dev/null; then
  # shellcheck disable=SC2153 # GitHub sets it.
  cargo install --locked --quiet --path "$GITHUB_ACTION_PATH/cli"
fi
flowc --version
