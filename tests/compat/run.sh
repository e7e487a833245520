#!/usr/bin/env bash
# Clients of CompreFace that nobody here wrote, every call they have, against this server: tests/compat/run.sh PROGRAM
# Needs Python 3.11 with pip, and Node with npm; the packages go into the build folder.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 1 ] || { sed -n 2p "$0"; exit 2; }
program=$(realpath "$1")
packages="${CARGO_TARGET_DIR:-$here/../../target}/compat-clients"
skip() { echo "SKIPPED: no client was asked, $1"; exit 0; }
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || skip "that needs Python 3.11 or later"
npm --version >/dev/null 2>&1 || skip "that needs Node and npm"
# The two Python packages have one name for their modules' files and want different libraries: one folder each.
python_client() {
  local folder="$packages/$1"; shift
  [ -e "$folder/.complete" ] && return
  rm -rf "$folder"
  PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check \
    --target "$folder" "$@" && touch "$folder/.complete"
}
python_client official compreface-sdk==0.6.0 'urllib3<2' || skip "compreface-sdk cannot be had here"
python_client other compreface-sdk-python==1.0.6 || skip "compreface-sdk-python cannot be had here"
if [ ! -e "$packages/node/.complete" ]; then
  rm -rf "$packages/node"; mkdir -p "$packages/node"
  (cd "$packages/node" && npm init --yes >/dev/null && npm install --silent --no-audit --no-fund \
    @exadel/compreface-js-sdk@1.0.0 >/dev/null) || skip "the npm client cannot be had here"
  touch "$packages/node/.complete"
fi
export PYTHONDONTWRITEBYTECODE=1
exec python3 "$here/clients/all.py" "$program" "$packages"
