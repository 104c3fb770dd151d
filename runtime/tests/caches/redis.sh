#!/bin/sh
# Starts a Redis of its own: redis.sh FOLDER PORT
#
# Debian's is installed where there is none and this may be done. The server runs in place of this script.
set -eu
folder=$1 port=$2

if ! command -v redis-server > /dev/null; then
  apt-get install --yes --quiet redis-server > /dev/null 2>&1 || {
    echo "redis.sh: redis-server is needed: apt-get install redis-server" >&2
    exit 1
  }
fi
exec redis-server --port "$port" --bind 127.0.0.1 --dir "$folder" --save "" --appendonly no \
  --requirepass s3cret > /dev/null
