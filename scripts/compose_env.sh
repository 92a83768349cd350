#!/bin/sh
# Writes .env for docker-compose.yml: random secrets that only its owner can read, and whose files the
# client writes. Leaves one that is there as it is.
set -eu
cd "$(dirname "$0")/.."
if [ -e .env ]; then
  chmod 600 .env
  echo ".env is there already; nothing changed but that only you can read it"
  exit 0
fi
secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
umask 077
temporary=.env.$$
trap 'rm -f "$temporary"' EXIT
{
  echo "REDIS_PASSWORD=$(secret)"
  echo "S3_SECRET=$(secret)"
  echo "FER_USER=$(id -u):$(id -g)"
  echo "CPU_WORKERS=1"
} > "$temporary"
mv "$temporary" .env
echo "wrote .env"
