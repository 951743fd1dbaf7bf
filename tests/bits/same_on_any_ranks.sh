#!/bin/bash
# The promise: the same parameters, to the bit, on 1, 2, 3, 5 and 8 ranks.
#
#   same_on_any_ranks.sh <nntrain> <mpiexec>
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
# shellcheck source=tests/support/program.sh
. "$(dirname "$0")/../support/program.sh"

cat >dropout.json <<'END'
{"class_name": "Sequential", "config": {"name": "sequential", "layers": [
 {"class_name": "InputLayer", "config": {"batch_shape": [null, 28, 28]}},
 {"class_name": "Flatten", "config": {"name": "flatten"}},
 {"class_name": "Dense", "config": {"name": "dense", "units": 40, "activation": "gelu"}},
 {"class_name": "Dropout", "config": {"name": "dropout", "rate": 0.3}},
 {"class_name": "Dense", "config": {"name": "out", "units": 10, "activation": "softmax"}}]}}
END

# compare <name> <argument>...: 1,000 samples in batches that leave a short last one.
compare() {
  local name=$1 ranks expected='' seen
  shift
  for ranks in 1 2 3 5 8; do
    if ! run "$ranks" --quiet --train-samples 1000 --test-samples 600 --output "$name-$ranks" "$@" \
      >"$name-$ranks.out" 2>"$name-$ranks.err"; then
      fail "$name on $ranks ranks:" && cat "$name-$ranks.err"
      continue
    fi
    seen=$(hash_of "$name-$ranks.out")
    echo "$name on $ranks ranks: ${seen:-no hash}"
    [ -n "$seen" ] || fail "$name on $ranks ranks printed no hash"
    [ -n "$expected" ] || expected=$seen
    [ "$seen" = "$expected" ] || fail "$name: $ranks ranks differ from 1"
    # The figures of evaluation must agree as well, not only the parameters.
    diff <(grep ^Test "$name-1.out") <(grep ^Test "$name-$ranks.out") || fail "$name: evaluation"
  done
}

compare keras --epochs 2
compare tensorflow --recipe tensorflow --steps 25
compare adam --optimizer adam --hidden 50,30 --activation relu --batch-size 100 --epochs 2
compare nesterov --optimizer sgd --learning-rate 0.1 --momentum 0.9 --nesterov --weight-decay 0.01 \
  --l2 0.001 --clip-norm 0.5 --label-smoothing 0.1 --batch-size 70 --epochs 2 --hidden 60
compare dropout --model dropout.json --optimizer adamw --learning-rate 0.01 --epochs 2
compare batch_of_5 --hidden 20 --batch-size 5 --steps 40
compare microbatches_11 --hidden 20 --microbatches 11 --steps 20

[ "$(hash_of keras-1.out)" != "$(hash_of tensorflow-1.out)" ] ||
  fail "two different runs have the same hash: the hash says nothing"
finish
