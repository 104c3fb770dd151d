#!/usr/bin/env bash
# Makes a repository with two branches out of this example: `main` as it is, and `review` with a change
# as a reviewer meets it. Usage: review.sh FOLDER, which must not exist.
set -euo pipefail

here="$(cd "$(dirname "$0")" && pwd)"
mkdir "$1"
cp -r "$here/main.flow" "$here/flow.toml" "$here/help" "$1"
cd "$1"
commit() {
  git add -A
  git -c user.name=Example -c user.email=example@example.org commit -q -m "$1"
}
git init -q -b main
commit "Answer questions from the help centre"
git checkout -q -b review
git apply "$here/review.patch"
commit "Better answers"
echo "compare with: flowc diff --git main...review --profile live"
