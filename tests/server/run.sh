#!/usr/bin/env bash
# Asks a real server what those would ask who mean it harm: tests/server/run.sh PROGRAM [--full] [--only WORD]
# Needs Python 3.11 and pip; the packages go into the build folder.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || { sed -n 2p "$0"; exit 2; }
program=$(realpath "$1")
shift
packages="${CARGO_TARGET_DIR:-$here/../../target}/server-proofs/packages"
pins="$here/requirements.txt"
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "SKIPPED: the server was not proved, that needs Python 3.11 or later"
  exit 0
fi
if ! cmp -s "$pins" "$packages/requirements.txt"; then
  rm -rf "$packages"
  if ! PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check \
      --target "$packages" --requirement "$pins"; then
    rm -rf "$packages"
    echo "SKIPPED: the server was not proved, the packages of tests/server/requirements.txt cannot be had here"
    exit 0
  fi
  cp "$pins" "$packages/requirements.txt"
fi
# Ten thousand connections take as many descriptors at each end.
ulimit -n "$(ulimit -Hn)"
cd "$here"
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$packages"
exec "$here/../in-memory.sh" python3 -m proofs "$program" "$@"
