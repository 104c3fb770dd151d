#!/usr/bin/env bash
# Prints the path of Chromium, which tests look at pictures with; installs Debian's where there is none.
set -euo pipefail

find_it() {
  for name in chromium chromium-browser google-chrome; do
    if command -v "$name"; then return; fi
  done
  return 1
}

if ! find_it; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then as_root=(sudo --non-interactive); fi
  # Another test may be installing it.
  exec 9> "${TMPDIR:-/tmp}/flow-browser.lock"
  if command -v flock > /dev/null; then flock 9; fi
  if ! find_it; then
    "${as_root[@]}" apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >&2
    find_it
  fi
fi
