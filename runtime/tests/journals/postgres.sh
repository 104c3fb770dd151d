#!/bin/sh
# Starts a PostgreSQL of its own: postgres.sh FOLDER PORT VENV
#
# Debian's is taken where it is installed, and otherwise the one in the Python package `pgserver`, which is
# installed into the folder VENV. The first line printed is the folder of its programs; the server then runs in
# place of this script. The data stays in FOLDER, so that it can be started again.
set -eu
folder=$1 port=$2 venv=$3

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
if [ -z "$bin" ] || [ ! -x "$bin/initdb" ]; then
  [ -d "$venv" ] || python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet pgserver >&2
  bin=$(echo "$venv"/lib/python*/site-packages/pgserver/pginstall/bin)
fi
echo "$bin"

# PostgreSQL refuses to run as root.
as=
if [ "$(id -u)" = 0 ]; then
  as="setpriv --reuid=65534 --regid=65534 --clear-groups"
  chown -R 65534:65534 "$folder"
fi
export LC_ALL=C HOME="$folder"
[ -d "$folder/data" ] || $as "$bin/initdb" -D "$folder/data" -A trust -U flow --no-sync >&2
exec $as "$bin/postgres" -D "$folder/data" -k "$folder" -p "$port" -c listen_addresses=127.0.0.1 -c fsync=off >&2
