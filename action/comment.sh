#!/usr/bin/env bash
# Keeps one comment of the pull request up to date with FLOWC_REPORT. It is found by its first line.
# A token that may not comment, as those of forks, is no failure: the summary of the job has it all.
set -euo pipefail

number="${FLOWC_NUMBER:-$(jq -r '.pull_request.number // empty' "${GITHUB_EVENT_PATH:-/dev/null}")}"
if [ -z "$number" ]; then
  echo "no pull request, no comment"
  exit 0
fi
api="${GITHUB_API_URL:-https://api.github.com}/repos/$GITHUB_REPOSITORY/issues"
tag='<!-- flowc diff -->'
# The page may come out of an artifact that a fork has made: only ours is ever written over.
if [ "$(head -n 1 "$FLOWC_REPORT")" != "$tag" ] || [ "$(jq -Rs length "$FLOWC_REPORT")" -gt 65536 ]; then
  echo "::error::$FLOWC_REPORT is no page of flowc diff"
  exit 1
fi
case "$number" in *[!0-9]*) echo "::error::\`$number\` is no number of a pull request"; exit 1 ;; esac
answer="$(mktemp)"
trap 'rm -f "$answer"' EXIT

# Prints the status; the answer stands in a file. The token is never an argument, which all can see.
call() {
  local method="$1" url="$2"
  shift 2
  printf 'header = "Authorization: Bearer %s"\n' "$GITHUB_TOKEN" \
    | curl -sS --config - -X "$method" -H "Accept: application/vnd.github+json" -H "Content-Type: application/json" \
      -o "$answer" -w '%{http_code}' "$@" "$url"
}

refused() {
  echo "::notice::the comparison is in the summary of the job; the comment was refused with $1"
  exit 0
}

id="" page=1
while [ -z "$id" ]; do
  status="$(call GET "$api/$number/comments?per_page=100&page=$page")"
  case "$status" in 200) ;; 401 | 403 | 404) refused "$status" ;; *) echo "::error::comments can't be read: $status"; exit 1 ;; esac
  id="$(jq -r --arg tag "$tag" 'first(.[] | select(.body | startswith($tag)) | .id) // empty' "$answer")"
  [ "$(jq length "$answer")" -eq 100 ] || break
  page=$((page + 1))
done

body="$(mktemp)"
trap 'rm -f "$answer" "$body"' EXIT
jq -Rs '{body: .}' "$FLOWC_REPORT" > "$body"
if [ -n "$id" ]; then
  status="$(call PATCH "$api/comments/$id" --data-binary "@$body")"
else
  status="$(call POST "$api/$number/comments" --data-binary "@$body")"
fi
case "$status" in
  200 | 201) echo "the comment is up to date" ;;
  401 | 403 | 404) refused "$status" ;;
  *) echo "::error::the comment can't be written: $status"; exit 1 ;;
esac
