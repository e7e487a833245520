#!/usr/bin/env bash
# Renders specimens of travel documents and lets the program read them: tests/documents/run.sh PROGRAM [COUNT]
# COUNT specimens of each kind, 5 where it is left out. Needs Python 3, and OCR-B as Debian's fonts-ocr-b has it.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
program=$(realpath "${1:?PROGRAM is missing}")
count=${2:-5}
folder="${CARGO_TARGET_DIR:-$root/target}/documents"
font=/usr/share/fonts/opentype/ocr-b/OCRB.otf
mkdir -p "$folder"

if [ ! -e "$font" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get install -y -qq fonts-ocr-b >/dev/null 2>&1 || true
fi
if [ ! -e "$font" ]; then
  echo "SKIPPED: no document was read, that needs OCR-B (Debian's fonts-ocr-b)"
  exit 0
fi
# Pinned, and beside the build: nothing is installed into the system.
if ! PYTHONPATH="$folder/python" python3 -c 'import numpy, PIL' 2>/dev/null; then
  PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check --only-binary :all: \
    --target "$folder/python" numpy pillow || true
fi
if ! PYTHONPATH="$folder/python" python3 -c 'import numpy, PIL' 2>/dev/null; then
  echo "SKIPPED: no document was read, numpy and Pillow cannot be had here"
  exit 0
fi
PYTHONPATH="$folder/python" python3 "$root/tests/documents/specimens.py" --out "$folder/specimens" --photos "$root/models/store" --count "$count"
python3 "$root/tests/documents/measure.py" "$program" "$folder/specimens" --show --assert

# The other half of a check: the person on the document is accepted, another is not.
first="$folder/specimens/clean-000.jpg"
photo() { sed -n "s/^ *\"$1\": \"\([0-9a-f]*\)\",$/\1/p" "$root/tests/documents/specimens.py"; }
"$program" document check "$first" "$root/models/store/$(photo obama)" >/dev/null
if "$program" document check "$first" "$root/models/store/$(photo biden)" >/dev/null; then
  echo "documents: a stranger was taken for the person on the document"
  exit 1
fi
echo "documents: the person on the document is accepted, a stranger is not"

# Nor is the stranger who holds a found document beside their own face, which is the larger one: a passport and a card, the third and
# the first of the formats, both with the same portrait.
for held in "$folder/specimens/held-002.jpg" "$folder/specimens/held-000.jpg"; do
  [ -e "$held" ] || continue
  "$program" document check "$held" "$root/models/store/$(photo obama)" >/dev/null
  if "$program" document check "$held" "$root/models/store/$(photo biden)" >/dev/null; then
    echo "documents: whoever holds a document was taken for the person on it"
    exit 1
  fi
done
echo "documents: whoever holds a document is not taken for the person on it"

# Nothing of a document is left behind: the program has a folder of its own for everything, and no byte of it is of the zone. That
# the search would find it is shown by leaving the zone there.
left=$(mktemp -d)
trap 'rm -rf "$left"' EXIT
cd "$left"
# A specimen that is not read for sure is told by the exit code, and read all the same.
canary=$({ "$program" document read "$first" --json || true; } | python3 -c 'import json, sys; print("\n".join(json.load(sys.stdin)["zone"]["lines"]))')
[ -n "$canary" ]
HOME=$left TMPDIR=$left XDG_RUNTIME_DIR=$left "$program" document check "$first" "$first" --json >out.json 2>err.txt
if [ "$(ls -A "$left")" != $'err.txt\nout.json' ] || grep -rqF -- "$canary" "$left"; then
  echo "documents: something of a document was left behind"
  exit 1
fi
printf '%s\n' "$canary" >kept.txt
if ! grep -rqF -- "$canary" "$left"; then
  echo "documents: the search for what is left behind finds nothing at all"
  exit 1
fi
echo "documents: nothing of a document is left behind, nor told by a check"
