#!/usr/bin/env bash
# Asks a real server by way of both SDKs: tests/sdk/run.sh PROGRAM
# Needs Python 3.11 with pip and Node 18 with npm; the packages go into the build folder.
set -euo pipefail
[ $# -eq 1 ] || { sed -n 2p "$0"; exit 2; }
root=$(cd "$(dirname "$0")/../.." && pwd)
program=$(realpath "$1")
folder="${CARGO_TARGET_DIR:-$root/target}/sdk"
mkdir -p "$folder"
folder=$(realpath "$folder")
export COUNTENANCE="$program" COUNTENANCE_PHOTOS="$folder/photos" PYTHONDONTWRITEBYTECODE=1 PIP_ROOT_USER_ACTION=ignore
pins="$root/tests/sdk/requirements.txt"
python="$folder/python/bin/python"

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "SKIPPED: no SDK was tested, that needs Python 3.11 or later"
  exit 0
fi

# The sample photos by their names.
python3 - "$root" "$COUNTENANCE_PHOTOS" <<'PHOTOS'
import pathlib, shutil, sys, tomllib
root, folder = map(pathlib.Path, sys.argv[1:])
folder.mkdir(exist_ok=True)
for sample in tomllib.loads((root / "models/manifest.toml").read_text())["sample"]:
    stored = root / "models/store" / sample["sha256"]
    if not stored.exists():
        sys.exit(f"{sample['name']} is not there: `make models` fetches it")
    shutil.copy(stored, folder / sample["name"])
PHOTOS

python_suite() {
  if ! cmp -s "$pins" "$folder/python/requirements.txt"; then
    rm -rf "$folder/python"
    python3 -m venv --without-pip "$folder/python"
    if ! python3 -m pip --python "$python" install --quiet --disable-pip-version-check --requirement "$pins"; then
      echo "SKIPPED: the Python SDK was not tested, the packages of tests/sdk/requirements.txt cannot be had here"
      return 0
    fi
    cp "$pins" "$folder/python/requirements.txt"
  fi
  # As others install it: what is tested is what the package has in it.
  python3 -m pip --python "$python" install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
    --force-reinstall "$root/sdk/python"
  cd "$root/sdk/python"
  "$python" -m mypy --cache-dir "$folder/mypy"
  "$python" -m pytest --quiet -p no:cacheprovider
}

js_suite() {
  if ! node -e 'process.exit(Number.parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null || ! command -v npm >/dev/null; then
    echo "SKIPPED: the JavaScript SDK was not tested, that needs Node 18 or later and npm"
    return 0
  fi
  mkdir -p "$folder/js"
  cd "$folder/js"
  if ! cmp -s "$root/sdk/js/package-lock.json" package-lock.json || [ ! -d node_modules ]; then
    cp "$root"/sdk/js/package*.json .
    if ! npm ci --ignore-scripts --no-audit --no-fund --silent; then
      rm -f package-lock.json
      echo "SKIPPED: the JavaScript SDK was not tested, the packages of sdk/js/package-lock.json cannot be had here"
      return 0
    fi
  fi
  rm -rf src test types
  cp -r "$root"/sdk/js/. .
  rm -rf types.made
  node_modules/.bin/tsc --outDir types.made
  cp types/models.d.ts types.made/
  if ! diff -r types types.made; then
    echo "sdk/js/types is not what sdk/js/src says: run \`npm run types\` there and commit what it writes"
    return 1
  fi
  node_modules/.bin/tsc --project test
  COUNTENANCE_DOCUMENT="$root/docs/spec/openapi.json" COUNTENANCE_VECTORS="$root/tests/vectors/result" \
    node --test test/*.test.js
}

(js_suite)
(python_suite)
