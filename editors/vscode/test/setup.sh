#!/usr/bin/env bash
# Installs what the test of the VS Code extension needs: Node 24, VS Code as code-server, Chromium. They come
# from npm and Debian, and stay outside of the checkout, since VS Code takes minutes to install. Calling it
# again does nothing.
#
#   editors/vscode/test/setup.sh      prints the folder that has bin/node, bin/npm and bin/code-server
#
# FLOW_TESTS_CACHE is where; ~/.cache/flow-tests unless told otherwise.
set -euo pipefail
node_version=24.9.0
code_server_version=4.139.1
cache="${FLOW_TESTS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/flow-tests}"
folder="$cache/vscode-$code_server_version-node-$node_version"
exec 3>&1 1>&2

mkdir -p "$folder"
# Tests run side by side, and one of them is enough. The lock goes with the process.
exec 9> "$folder/setup.lock"
if command -v flock > /dev/null; then flock 9; fi

debian() {
  echo "installing from Debian: $*"
  local as_root=()
  if [ "$(id -u)" != 0 ]; then as_root=(sudo); fi
  command -v apt-get > /dev/null || { echo "setup.sh: install $*, in your system's way" >&2; exit 1; }
  "${as_root[@]}" apt-get update --quiet > /dev/null
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install --yes --quiet --no-install-recommends "$@" > /dev/null || {
    echo "setup.sh: apt-get install $* has failed" >&2
    exit 1
  }
}

command -v chromium > /dev/null || debian chromium fonts-dejavu-core
command -v npm > /dev/null || debian npm

if [ ! -e "$folder/done" ]; then
  # VS Code's terminal and its like are compiled.
  command -v g++ > /dev/null && command -v make > /dev/null || debian g++ make
  [ -e /usr/include/gssapi/gssapi.h ] || debian libkrb5-dev
  export npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false
  npm_cli="$(dirname "$(readlink -f "$(command -v npm)")")/npm-cli.js"

  echo "installing Node $node_version and VS Code (code-server $code_server_version) into $folder"
  rm -rf "$folder/node" "$folder/code-server" "$folder/bin"
  mkdir -p "$folder/node" "$folder/code-server" "$folder/bin"
  echo '{"private":true}' | tee "$folder/node/package.json" > "$folder/code-server/package.json"
  (cd "$folder/node" && npm install --loglevel error "node@$node_version")
  # The package with the headers too, wherever npm puts it.
  headers="$(find "$folder/node/node_modules" -path '*/include/node/node.h' | head -n 1)"
  own="${headers%/include/node/node.h}"
  [ -x "$own/bin/node" ] || { echo "setup.sh: npm has no Node $node_version for this system" >&2; exit 1; }
  ln -s "$own/bin/node" "$folder/bin/node"
  printf '#!/bin/sh\nexec "%s/bin/node" "%s" "$@"\n' "$folder" "$npm_cli" > "$folder/bin/npm"
  chmod +x "$folder/bin/npm"
  # Without its headers native modules would be built for the system's Node.
  (cd "$folder/code-server" && PATH="$folder/bin:$PATH" npm_config_nodedir="$own" \
    "$folder/bin/npm" install --loglevel error "code-server@$code_server_version")
  printf '#!/bin/sh\nexec "%s/bin/node" "%s/code-server/node_modules/code-server/out/node/entry.js" "$@"\n' \
    "$folder" "$folder" > "$folder/bin/code-server"
  chmod +x "$folder/bin/code-server"
  "$folder/bin/code-server" --version > "$folder/done.new" 9>&-
  mv "$folder/done.new" "$folder/done"
fi
echo "$folder" >&3
