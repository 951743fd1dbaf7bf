#!/bin/bash
# Damaged checkpoints, weights, models and results of this program and of Keras: refused or right, never a
# crash; and damaged, exchanged and foreign files in the output folder: the run goes on from the newest
# that is whole, or says why not.
#
#   mutations.sh <nntrain> <mpiexec> <test_mutations> [--long] [<mutations>] [--seed=N]
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
mutations=$3
here=$(cd "$(dirname "$0")/../support" && pwd)
# shellcheck source=tests/support/program.sh
. "$here/program.sh"
shift 3
# shellcheck source=tests/support/campaign.sh
. "$here/campaign.sh"
count=${amount:-$((long ? 20000 : 300))}
kept=${TMPDIR:-/tmp}/nntrain-failing-$$

mutate() { # <reader> <count> <file> <other file> [<model>]
  timeout -k 10 3600 "$mutations" "$1" "$2" "$seed" "${@:3}" || fail "$1: $3"
  if [ -e failing ]; then
    mv failing "$kept"
    echo "the files are kept in $kept"
  fi
}

echo "== byte by byte"
tiny+=(--optimizer adam --keep 9 --checkpoint-every 2steps)
undisturbed "${tiny[@]}" --steps 6
run 1 "${tiny[@]}" --steps 6 --seed 2 --output other >out 2>err || fail "another run"
first=undisturbed/checkpoint-4.weights.h5
mutate checkpoint "$count" "$first" undisturbed/checkpoint-6.weights.h5
mutate checkpoint "$count" "$first" other/checkpoint-4.weights.h5
mutate resealed "$count" "$first" other/checkpoint-4.weights.h5
mutate weights "$count" "$first" other/checkpoint-6.weights.h5
mutate model "$count" "$first" other/checkpoint-6.weights.h5
mutate results "$count" undisturbed/results.h5 other/results.h5 "$first"
# The same in the older format of HDF5, which Keras's files have: it has no checksums.
if h5repack "$first" old.weights.h5 2>err && h5repack other/checkpoint-6.weights.h5 other.weights.h5 2>err; then
  mutate weights "$count" old.weights.h5 other.weights.h5
  mutate model "$count" old.weights.h5 other.weights.h5
else
  echo "skipped: the older format of HDF5: no h5repack"
fi
# What real Keras has written: weights of a single layer, and whole models, whose texts have variable length.
shared=${NNT_SHARED:-/nonexistent}
keras=$shared/oracles/no_hidden
if [ -e "$keras/model.json" ]; then
  mutate weights "$count" "$keras/init.weights.h5" "$keras/final.weights.h5" "$keras/model.json"
else
  echo "skipped: weights of Keras: no oracles here"
fi
for version in "$shared"/keras-fixtures/k3.*; do
  if [ ! -e "$version/adam.h5" ]; then
    echo "skipped: models of Keras: none here"
    continue
  fi
  echo "models of Keras ${version##*/k}, with layers that are not supported"
  mutate foreign "$count" "$version/adam.h5" "$version/mom.h5" "$first"
done

echo "== in the output folder"
# try <what> <code> <part of the message>: six steps on the folder `tried`
try() {
  run 1 "${tiny[@]}" --steps 6 --output tried >out 2>err
  code=$?
  [[ $code =~ ^($2)$ ]] || { fail "$1: code $code instead of $2" && cat err; }
  grep -qF -- "$3" err || { fail "$1: no '$3' in the message" && cat err; }
  [ "$code" -ne 0 ] || [ "$(hash_of out)" = "$expected" ] || fail "$1: $(hash_of out)"
  echo "$1: code $code: $(grep -v "$network_warning" err | head -n 1)"
}
unfinished() { # a run that has saved after 2 and 4 steps
  rm -rf tried && mkdir tried && cp undisturbed/checkpoint-[24].weights.h5 tried
}
unfinished && mv tried/checkpoint-4.weights.h5 t && mv tried/checkpoint-2.weights.h5 tried/checkpoint-4.weights.h5 &&
  mv t tried/checkpoint-2.weights.h5
try "exchanged names" 65 "holds step 4, which is not what its name says"
unfinished && cp tried/checkpoint-2.weights.h5 tried/checkpoint-4.weights.h5
try "an old one under a new name" 0 "passed over a damaged checkpoint"
unfinished && cp other/checkpoint-4.weights.h5 tried
try "one of another seed" 64 "seed"
unfinished && truncate -s -1 tried/checkpoint-4.weights.h5
try "the newest cut short" 0 "passed over a damaged checkpoint"
unfinished && : >tried/checkpoint-4.weights.h5
try "the newest empty" 0 "passed over a damaged checkpoint"
unfinished && ln -sf /dev/zero tried/checkpoint-4.weights.h5
try "the newest a device" "0|74" "it is not a regular file"
unfinished && rm tried/checkpoint-4.weights.h5 && mkfifo tried/checkpoint-4.weights.h5
try "the newest a pipe" "0|74" "it is not a regular file"
[ -p tried/checkpoint-4.weights.h5 ] || fail "the pipe is gone"
unfinished && for file in tried/*.h5; do printf X | dd of="$file" bs=1 seek=900 conv=notrunc status=none; done
try "none whole" 65 "none of the 2 checkpoints in tried is valid"
unfinished && touch -d 2040-01-01 tried/checkpoint-2.weights.h5 && touch -d 1980-01-01 tried/checkpoint-4.weights.h5
run 1 "${tiny[@]}" --steps 6 --output tried >out 2>err || fail "times of files"
[ "$(resumed_at out)" -eq 4 ] || fail "a file's time decides what is the newest"
finish
