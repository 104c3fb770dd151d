#!/usr/bin/env bash
# Makes an extension for Zed out of this clone, to be installed with `zed: install dev extension`.
# Zed takes the grammar from a commit of a repository, so this clone's last commit is written down.
#
#   editors/zed/setup.sh FOLDER      FOLDER is made, or made anew
set -euo pipefail
folder="${1:?usage: editors/zed/setup.sh FOLDER}"
here="$(cd "$(dirname "$0")" && pwd)"
repository="$(git -C "$here" rev-parse --show-toplevel)"
commit="$(git -C "$here" rev-parse HEAD)"

if [ -e "$folder" ] && [ ! -e "$folder/extension.toml" ]; then
  echo "editors/zed/setup.sh: $folder is there and holds no extension: name another folder" >&2
  exit 1
fi
rm -rf "$folder/languages" "$folder/src"
mkdir -p "$folder"
cp -R "$here/languages" "$here/src" "$here/Cargo.toml" "$folder/"
cp "$here/../tree-sitter-flow/queries/"{highlights,injections}.scm "$folder/languages/flow/"
cat > "$folder/extension.toml" <<END
id = "flowc"
name = "Flow"
description = "Flow, a language for LLM workflows: diagnostics, bounds, completion and colours."
version = "0.1.0"
schema_version = 1
authors = ["The authors of Flow"]
repository = "file://$repository"

[language_servers.flowc]
name = "flowc"
languages = ["Flow"]

[language_servers.flowc.language_ids]
"Flow" = "flowc"

[grammars.flow]
repository = "file://$repository"
rev = "$commit"
path = "editors/tree-sitter-flow"
END
echo "made $folder of $commit: in Zed, run \`zed: install dev extension\` and choose it"
