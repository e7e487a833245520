#!/usr/bin/env bash
# The rates of docs/accuracy.md: tests/liveness/rates.sh PROGRAMS IMAGES [PEOPLE [ROUNDS [RENDERER]]]
# Renders people and attacks (judging, or tuning to set thresholds by) and plays them. PROGRAMS is the folder of both programs.
set -euo pipefail
programs=${1:?PROGRAMS is missing}
images=${2:?IMAGES is missing}
people=${3:-40}
rounds=${4:-5}
renderer=${5:-judging}
if [ ! -d "$images" ]; then
  echo "SKIPPED: no rates of liveness, there is no $images (LFW View 1)"
  exit 0
fi
folder="$programs/../liveness-$renderer"
rm -rf "$folder"
# Nobody is in both: those to tune on come first.
from=0
[ "$renderer" = judging ] && from=400
nice "$programs/countenance-liveness-renders" "$renderer" "$images" "$folder" "$people" "$from" "$rounds"
nice "$programs/countenance" evaluate-liveness "$folder/manifest.json" --threads "$(nproc)" --json > "$folder.json"
nice "$programs/countenance" --version
echo "$folder.json"
