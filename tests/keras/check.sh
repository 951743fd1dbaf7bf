#!/bin/bash
# Real Keras loads our checkpoints, predicts the same, and goes on training from their state.
#
#   check.sh <program test_keras_files>
#
# Needs a Python with Keras and h5py: NNT_PYTHON, else python3.
set -eu -o pipefail
name=keras.load
python=${NNT_PYTHON:-python3}
script=${NNT_SHARED:-/nonexistent}/keras-fixtures/check_keras.py
here=$(dirname "$0")
skip() {
  echo "skipped: $name: $1"
  exit 0
}
[ -e "$script" ] || skip "no keras-fixtures/check_keras.py in NNT_SHARED"
"$python" -c 'import h5py, keras' 2>/dev/null || skip "no Keras for $python; set NNT_PYTHON"

files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
NNT_KERAS_FILES=$files "$1" >"$files/log" || {
  cat "$files/log"
  exit 1
}
for run in sgd momentum adam adamw; do
  echo "== $run"
  "$python" "$script" "$files/$run"/checkpoint-*.weights.h5 --data "$files/$run/expected.json" \
    --results "$files/$run/results.h5"
  "$python" "$here/check_results.py" "$files/$run/results.h5"
done
