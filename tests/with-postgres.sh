#!/usr/bin/env bash
# Runs a command with a throw-away PostgreSQL cluster, named in COUNTENANCE_TEST_POSTGRES.
set -euo pipefail
bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || { echo "SKIPPED: PostgreSQL is not installed (package postgresql)"; exit 0; }
folder=$(mktemp -d)
as=()
if [ "$(id -u)" = 0 ]; then
  # The server refuses to run as root.
  chown postgres "$folder"
  as=(runuser -u postgres --)
fi
stop() {
  "${as[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap stop EXIT
cd "$folder"
"${as[@]}" "$bin/initdb" -D "$folder/data" -U postgres --auth=trust >"$folder/log" 2>&1
"${as[@]}" "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/server.log" \
  -o "-c listen_addresses='' -c unix_socket_directories='$folder' -c max_connections=200" start >/dev/null
cd - >/dev/null
COUNTENANCE_TEST_POSTGRES="host=$folder user=postgres dbname=postgres" "$@"
