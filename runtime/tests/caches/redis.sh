#!/bin/sh
# Starts a Redis of its own: redis.sh FOLDER PORT [tls]
#
# Debian's is installed where there is none and this may be done. The server runs in place of this script.
# With TLS, it has a certificate of an authority that is made here: FOLDER/ca.crt.
set -eu
folder=$1 port=$2 tls=${3:-}

if ! command -v redis-server > /dev/null; then
  apt-get install --yes --quiet redis-server > /dev/null 2>&1 || {
    echo "redis.sh: redis-server is needed: apt-get install redis-server" >&2
    exit 1
  }
fi
if [ -z "$tls" ]; then
  exec redis-server --port "$port" --bind 127.0.0.1 --dir "$folder" --save "" --appendonly no \
    --requirepass s3cret > /dev/null
fi

if ! command -v openssl > /dev/null; then
  apt-get install --yes --quiet openssl > /dev/null 2>&1 || {
    echo "redis.sh: openssl is needed: apt-get install openssl" >&2
    exit 1
  }
fi
cd "$folder"
if [ ! -e server.crt ]; then
  openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj "/CN=a test's authority" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign" 2> /dev/null
  openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj "/CN=localhost" 2> /dev/null
  printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' > server.ext
  openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext \
    -out server.crt 2> /dev/null
fi
exec redis-server --port 0 --tls-port "$port" --bind 127.0.0.1 --dir "$folder" --save "" --appendonly no \
  --tls-cert-file server.crt --tls-key-file server.key --tls-ca-cert-file ca.crt --tls-auth-clients no \
  --requirepass s3cret > /dev/null
