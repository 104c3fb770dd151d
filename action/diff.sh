#!/usr/bin/env bash
# Compares HEAD with its base, both read from git, and writes the summary of the job and a report.
# Ends as `flowc diff` does: 3 where a gate is not passed, 2 where a side can't be compared.
set -euo pipefail

[ -n "${FLOW_PROFILE:-}" ] || unset FLOW_PROFILE
event="${GITHUB_EVENT_PATH:-/dev/null}"
base="${FLOWC_BASE:-}"
[ -n "$base" ] || base="$(jq -r '.pull_request.base.sha // .before // empty' "$event")"
# A branch that was not there before.
case "$base" in *[!0]*) ;; *) base="" ;; esac
if [ -z "$base" ]; then
  echo "::notice::there is nothing to compare with"
  exit 0
fi

folder="${RUNNER_TEMP:-/tmp}/flowc"
mkdir -p "$folder"
args=(diff --git "$base...HEAD" "${FLOWC_PATH:-.}")
[ -z "${FLOWC_FAIL_ON:-}" ] || args+=(--fail-on "$FLOWC_FAIL_ON")

# The JSON first: it says the same of gates, and its exit code is the one of this step.
code=0
flowc "${args[@]}" --format json > "$folder/diff.json" || code=$?
flowc "${args[@]}" --format markdown > "$folder/report.md" 2> /dev/null || true
jq -r '.pull_request.number // empty' "$event" > "$folder/number"

if [ -s "$folder/report.md" ]; then
  summary="${GITHUB_STEP_SUMMARY:-/dev/null}"
  cat "$folder/report.md" >> "$summary"
  # A comment is cut at 60,000 characters; a summary may have 1 MiB.
  if [ "$(jq -Rs length "$folder/report.md")" -gt 59000 ] || grep -q '^_More than fits' "$folder/report.md"; then
    {
      printf '\n<details>\n<summary>All of it</summary>\n\n~~~~~~~~text\n'
      { flowc "${args[@]}" 2> /dev/null || true; } | head -c 700000
      printf '\n~~~~~~~~\n\n</details>\n'
    } >> "$summary"
  fi
  {
    echo "report=$folder/report.md"
    echo "class=$(jq -r .class "$folder/diff.json")"
  } >> "${GITHUB_OUTPUT:-/dev/null}"
fi
jq -r '.gates_failed[]? | "::error title=gate \(.gate)::\(.because | join("; "))"' "$folder/diff.json" || true
exit "$code"
