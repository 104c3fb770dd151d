#!/usr/bin/env bash
# The grammars, and the set-ups for Neovim and Helix in the real editors. Installs what it needs: from
# npm what reads TextMate grammars, from PyPI a terminal, from Debian both editors, unpacked into a
# folder of their own and not into the system. Calling it again installs nothing twice.
#
#   editors/test.sh
#
#   FLOWC=…         the command to test; built from this tree where it is not said
#   NVIM=… HX=…     editors to test with, for machines that run no packages of Debian
set -euo pipefail
cd "$(dirname "$0")/.."
target="${CARGO_TARGET_DIR:-$PWD/target}"
work="$target/tmp/editors"
mkdir -p "$work"

# Debian's stable release, whatever this machine has: its editors, and the loader and libraries for them.
release=trixie

main() {
  need node nodejs
  need npm npm
  need python3 python3
  need cc gcc
  if [ -z "${FLOWC:-}" ]; then
    cargo build --quiet --locked -p flowc
    FLOWC="$target/debug/flowc"
  fi
  FLOWC="$(realpath "$FLOWC")"

  # The grammar and what is generated of it.
  # Of the whole workspace, so that nothing is compiled twice for want of the same features.
  cargo test --quiet --locked --workspace --test generated -- --include-ignored

  npm ci --prefix editors/tests --silent --no-audit --no-fund
  node editors/tests/textmate.mjs "$FLOWC"

  [ -n "${NVIM:-}" ] && [ -n "${HX:-}" ] || install_editors
  install_python
  "$work/python/bin/python" editors/tests/neovim.py "${NVIM:-$work/nvim}" "$FLOWC" "$work/neovim-home"
  "$work/python/bin/python" editors/tests/helix.py "${HX:-$work/hx}" "$FLOWC" "$work/helix-home"

  editors/zed/setup.sh "$work/zed" > /dev/null
}

# Installs a package where its command is missing.
need() {
  command -v "$1" > /dev/null && return
  { apt-get update -qq && apt-get install -qq --yes --no-install-recommends "$2"; } > /dev/null 2>&1 || true
  command -v "$1" > /dev/null || {
    echo "editors/test.sh: $1 is missing, and apt-get could not install $2" >&2
    exit 1
  }
}

install_python() {
  cmp -s editors/tests/requirements.txt "$work/python/installed.txt" && return
  rm -rf "$work/python"
  python3 -m venv "$work/python" || { echo "editors/test.sh: python3 lacks venv: install python3-venv" >&2; exit 1; }
  "$work/python/bin/pip" install --quiet --disable-pip-version-check --requirement editors/tests/requirements.txt
  cp editors/tests/requirements.txt "$work/python/installed.txt"
}

# Fetches both with all that they need, the C library included, and runs them by its loader, so that the
# release of this machine does not matter. Apt checks the signatures.
install_editors() {
  [ -x "$work/hx" ] && [ -x "$work/nvim" ] && return
  local apt="$work/apt" root="$work/root" keys=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -e "$keys" ] || need_keys "$keys"
  rm -rf "$apt" "$root"
  mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$root"
  : > "$apt/status"
  # From where this machine has its own packages.
  local mirror
  mirror="$(mirrors | head -n 1)"
  [ -n "$mirror" ] || { apt-get update -qq && mirror="$(mirrors | head -n 1)"; }
  [ -n "$mirror" ] || { echo "editors/test.sh: apt-get knows of no packages" >&2; exit 1; }
  echo "deb [signed-by=$keys] $mirror $release main" > "$apt/sources.list"
  cat > "$apt/apt.conf" <<END
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::State::extended_states "$apt/extended";
Dir::Cache::archives "$apt/archives";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
END
  APT_CONFIG="$apt/apt.conf" apt-get -qq update
  APT_CONFIG="$apt/apt.conf" apt-get -qq --yes --download-only install hx neovim > /dev/null
  local package
  for package in "$apt"/archives/*.deb; do dpkg-deb -x "$package" "$root"; done
  rm -rf "$apt"
  local loader libraries
  loader="$(find "$root" -name 'ld-linux*' | head -n 1)"
  libraries="$(dirname "$(find "$root" -name libc.so.6 | head -n 1)")"
  runner "$work/hx" "HELIX_RUNTIME=$root/usr/lib/hx/runtime" "$loader" "$libraries" "$root/usr/lib/hx/hx"
  runner "$work/nvim" "VIMRUNTIME=$root/usr/share/nvim/runtime" "$loader" "$libraries" "$root/usr/bin/nvim"
  "$work/nvim" --version | head -n 1
  "$work/hx" --version
}

mirrors() {
  apt-get indextargets --format '$(REPO_URI)' | grep -v security || true
}

need_keys() {
  apt-get update -qq && apt-get install -qq --yes debian-archive-keyring > /dev/null 2>&1 || true
  [ -e "$1" ] || { echo "editors/test.sh: Debian's keys are missing: set NVIM and HX to the editors" >&2; exit 1; }
}

# A script that runs a program by a loader of its own.
runner() {
  printf '#!/bin/sh\n%s exec "%s" --library-path "%s" "%s" "$@"\n' "$2" "$3" "$4" "$5" > "$1"
  chmod +x "$1"
}

main
