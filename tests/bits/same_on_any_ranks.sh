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

# compare <name> <argument>...: 1,000 samples in batches that leave a short last one; the same on any
# number of ranks.
compare() { same_as "$1" "$@"; }

# same_as <other name> <name> <argument>...: and the same as what another name has given.
numbers_of_ranks=(1 2 3 5 8)
same_as() {
  local other=$1 name=$2 ranks expected='' seen
  shift 2
  [ "$other" = "$name" ] || expected=$(hash_of "$other-1.out")
  for ranks in "${numbers_of_ranks[@]}"; do
    if ! run "$ranks" --quiet --train-samples 1000 --test-samples 600 --output "$name-$ranks" "$@" \
      >"$name-$ranks.out" 2>"$name-$ranks.err"; then
      fail "$name on $ranks ranks:" && cat "$name-$ranks.err"
      continue
    fi
    seen=$(hash_of "$name-$ranks.out")
    echo "$name on $ranks ranks: ${seen:-no hash}"
    [ -n "$seen" ] || fail "$name on $ranks ranks printed no hash"
    [ -n "$expected" ] || expected=$seen
    [ "$seen" = "$expected" ] || fail "$name: $ranks ranks differ from $other on 1"
    # The figures of evaluation must agree as well, not only the parameters.
    diff <(grep ^Test "$other-1.out") <(grep ^Test "$name-$ranks.out") || fail "$name: evaluation"
  done
}

differ() { # <name> <name>: the hash says nothing if two different runs have the same
  [ "$(hash_of "$1-1.out")" != "$(hash_of "$2-1.out")" ] ||
    fail "$1 and $2 have the same hash, although they are different"
}

compare keras --epochs 2
compare tensorflow --recipe tensorflow --steps 25
compare adam --optimizer adam --hidden 50,30 --activation relu --batch-size 100 --epochs 2
compare nesterov --optimizer sgd --learning-rate 0.1 --momentum 0.9 --nesterov --weight-decay 0.01 \
  --l2 0.001 --clip-norm 0.5 --label-smoothing 0.1 --batch-size 70 --epochs 2 --hidden 60
compare dropout --model dropout.json --optimizer adamw --learning-rate 0.01 --epochs 2
compare batch_of_5 --hidden 20 --batch-size 5 --steps 40
compare microbatches_11 --hidden 20 --microbatches 11 --steps 20

differ keras tensorflow

# How a run is computed, but for the form of the first layer, changes no bit. Penalty and clipping
# see the padding of layers as well, which must stay zero.
numbers_of_ranks=(1 3 8)
means=(--hidden "50,30,20" --optimizer adam --l2 0.001 --batch-size 70 --steps 25)
compare shared --exchange shared --threads 1 --checkpoint-every 10steps --keep 9 "${means[@]}"
same_as shared tree --exchange tree --threads 1 "${means[@]}"
same_as shared threads_2 --threads 2 "${means[@]}"
same_as shared threads_3 --threads 3 "${means[@]}"
compare clipped --exchange shared --clip-norm 0.1 "${means[@]}"
same_as clipped clipped_tree --exchange tree --clip-norm 0.1 "${means[@]}"
compare dense --first-layer dense "${means[@]}"
differ shared clipped
differ shared dense

# avx2 and avx512 give the same bits; either is the best that some processor has.
compare_instructions() { # <instruction set>
  run 1 --quiet --instructions "$1" --steps 1 --train-samples 200 --output "probe-$1" >/dev/null 2>probe.err
  if grep -q 'this processor does not run them' probe.err; then
    echo "skipped: $1: this processor does not run it"
    return
  fi
  same_as "${compared:-$1}" "$1" --instructions "$1" "${means[@]}"
  compared=$1
}
compared=''
compare_instructions avx2
compare_instructions avx512

# A run that began with one exchange goes on with the other.
for ranks in 1 3; do
  run "$ranks" --quiet --train-samples 1000 --test-samples 600 --exchange tree --threads 2 \
    --resume shared-3/checkpoint-10.weights.h5 --output "resumed-$ranks" "${means[@]}" \
    >"resumed-$ranks.out" 2>"resumed-$ranks.err" || cat "resumed-$ranks.err"
  seen=$(hash_of "resumed-$ranks.out")
  echo "shared, then tree on $ranks ranks: ${seen:-no hash}"
  [ "$seen" = "$(hash_of shared-1.out)" ] || fail "a run that changed its exchange differs"
done
finish
