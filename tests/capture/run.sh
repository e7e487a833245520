#!/usr/bin/env bash
# Tests the capture page, on a server of its own and on the real one: tests/capture/run.sh PROGRAM [RENDERS]
# RENDERS is the program countenance-liveness-renders: with it people and attacks stand before the camera.
# Makes pictures of every step, to be looked at: tests/capture/run.sh --pictures FOLDER
# Needs Node 20; the page itself is used in a Chromium where there is one (COUNTENANCE_CHROMIUM names another).
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
page="$root/console/capture"
pictures=
renders=
case "${1:-}" in
  --pictures) pictures=$(realpath -m "${2:?FOLDER is missing}") ;;
  "") sed -n 2,5p "$0"; exit 2 ;;
  *)
    export COUNTENANCE; COUNTENANCE=$(realpath "$1")
    export COUNTENANCE_SOURCES=$root
    # The examples run on the Python of the SDK's tests (`make sdk`), where there is one.
    python="${CARGO_TARGET_DIR:-$root/target}/sdk/python/bin/python"
    export COUNTENANCE_PYTHON=python3
    [ ! -x "$python" ] || COUNTENANCE_PYTHON=$(realpath -s "$python")
    renders=${2:+$(realpath "$2")}
    ;;
esac
folder="${CARGO_TARGET_DIR:-$root/target}/capture"

if ! node -e 'process.exit(Number.parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; then
  echo "SKIPPED: the capture page was not tested, that needs Node 20 or later"
  exit 0
fi

# The driver of the browser goes into the build folder, and the page beside it: nothing is installed into the sources.
mkdir -p "$folder"
cd "$folder"
if command -v npm >/dev/null && { ! cmp -s "$page/package-lock.json" package-lock.json || [ ! -d node_modules ]; }; then
  cp "$page"/package*.json .
  if ! npm ci --ignore-scripts --no-audit --no-fund --silent; then
    rm -rf package-lock.json node_modules
  fi
fi
rm -rf messages test ./*.js ./*.css ./*.html ./*.svg
cp -r "$page"/. .

if [ -n "$pictures" ]; then
  node test/pictures.js "$pictures"
  exit
fi
if [ -n "$renders" ]; then
  export COUNTENANCE_RENDERS="$folder/renders"
  [ -f "$COUNTENANCE_RENDERS/manifest.json" ] || "$renders" judging samples "$COUNTENANCE_RENDERS"
else
  echo "SKIPPED: nobody stood before the camera, the program countenance-liveness-renders was not named"
fi
node --test --test-reporter=spec test/*.test.js
if [ ! -d node_modules/playwright-core ]; then
  echo "SKIPPED: no browser used the capture page, playwright-core of console/capture/package-lock.json cannot be had here"
elif ! node -e 'import("./test/browser.js").then(({ chromium }) => process.exit(chromium ? 0 : 1))'; then
  echo "SKIPPED: no browser used the capture page, there is no Chromium; COUNTENANCE_CHROMIUM names one"
fi
