#!/usr/bin/env bash
# Builds the extension and tries it in a real VS Code: types, unit tests, the package, the editor.
#
#   editors/vscode/test/run.sh      FLOWC is the flowc to use; one is built otherwise
#
# Pictures, logs and figures go to target/editors/vscode (CARGO_TARGET_DIR counts).
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
target="${CARGO_TARGET_DIR:-$root/target}"

tools="$("$here/setup.sh")"
export PATH="$tools/bin:$PATH"
export npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false
if [ -z "${FLOWC:-}" ]; then
  (cd "$root" && cargo build --locked -p flowc)
  FLOWC="$target/debug/flowc"
fi

cd "$here/.."
npm ci --loglevel error
npm run --silent check
npm run --silent unit
npm run --silent package
export FLOWC OUT="$target/editors/vscode" CODE_SERVER="$tools/bin/code-server"
CHROMIUM="$(command -v chromium)"
export CHROMIUM
node --test --test-timeout 600000 test/editor.test.ts
