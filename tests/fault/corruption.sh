#!/bin/bash
# A bit flips in the parameters, the optimizer's state or a gradient of one rank: it is found, the rank
# or tensor is named, nothing of it is saved, and the same command ends with the right bits.
#
#   corruption.sh <nntrain> <mpiexec>
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
# shellcheck source=tests/support/program.sh
. "$(dirname "$0")/../support/program.sh"

# 60 steps, a checkpoint after 20, 40 and 60.
training=(--quiet --hidden 50 --train-samples 1000 --test-samples 200 --batch-size 50 --epochs 3
  --checkpoint-every 20steps --keep 9 --optimizer adam)

undisturbed() { # <exchange> <ranks>
  run "$2" "${training[@]}" --exchange "$1" --output "undisturbed-$1-$2" >out 2>err ||
    { fail "the undisturbed run with $1" && cat err; }
  hash_of out
}

# inject <fault> <exchange> <ranks> <part of the message> <checkpoints that stay> <argument>...
inject() {
  local fault=$1 exchange=$2 ranks=$3 part=$4 kept=$5 folder code expected
  shift 5
  folder="run-${fault//:/-}-$exchange-$ranks-$kept"
  NNT_FAULT=$fault run_each "$ranks" "${training[@]}" --exchange "$exchange" --output "$folder" "$@" \
    >out 2>err
  [ "$(grep -c '^exit code 70$' out)" -eq "$ranks" ] || fail "$fault, $exchange: codes: $(cat out)"
  if [ "$(grep -vc '^nntrain: warning: ' err)" -ne 1 ] || ! grep -qE "$part" err; then
    fail "$fault, $exchange: not one line with '$part': $(cat err)"
  fi
  echo "$exchange: $(grep -v '^nntrain: warning: ' err)"
  code=$(cd "$folder" && echo checkpoint-*)
  [ "$code" = "$kept" ] || fail "$fault, $exchange: checkpoints: $code"
  run "$ranks" "${training[@]}" --exchange "$exchange" --output "$folder" >out 2>err ||
    { fail "$fault, $exchange: going on" && cat err; }
  expected=expected_${exchange}_$ranks
  [ "$(hash_of out)" = "${!expected}" ] || fail "$fault, $exchange: other bits after going on"
}

expected_shared_3=$(undisturbed shared 3)
expected_shared_1=$expected_shared_3
expected_tree_3=$expected_shared_3
expected_tree_2=$expected_shared_3
expected_allreduce_3=$(undisturbed allreduce 3)
expected_allreduce_2=$(undisturbed allreduce 2)
export expected_shared_1 expected_tree_3 expected_tree_2 expected_allreduce_3 expected_allreduce_2
[ -n "$expected_shared_3" ] || fail "no hash"

one=checkpoint-20.weights.h5
changed='^nntrain: corrupted memory: dense.*/(kernel|bias), or the optimizer.s state with it, has changed in memory since its update in step 30; '
echo "== at rest"
for fault in flip-parameter flip-slot; do
  inject "$fault:0:31" shared 1 "$changed" "$one"
  inject "$fault:0:31" shared 3 "$changed" "$one"
  inject "$fault:1:31" tree 3 "$changed.*\(rank 1\)$" "$one"
  inject "$fault:2:31" allreduce 3 "$changed.*\(rank 2\)$" "$one"
done

# After the update, and before it would be saved.
saved='has changed in memory since its update in step 40; '
inject flip-saved:0:40 shared 3 "$saved" "$one"
inject flip-saved:2:40 tree 3 "$saved" "$one"
inject flip-saved:1:40 allreduce 2 "$saved" "$one"
# With clipping, updates are a phase of their own.
unclipped=$expected_shared_3
training+=(--clip-norm 1)
run 1 "${training[@]}" --output undisturbed-clipped >out 2>err || fail "the clipped run"
expected_shared_3=$(hash_of out)
inject flip-parameter:0:31 shared 3 "$changed" "$one" --fresh
inject bad-gradient:0:31 shared 3 "is not finite at step 31 " "$one"
unset 'training[-1]' 'training[-1]'
expected_shared_3=$unclipped

echo "== of one replica"
differs='after step 30 the parameters of rank 1 \([0-9a-f]{16}\) differ from those of the other 2 ranks \([0-9a-f]{16}\); '
both='after step 3[01] the parameters of the ranks differ, by their hashes: rank 0 \([0-9a-f]{16}\), rank 1 \([0-9a-f]{16}\); '
inject flip-copy:1:31 tree 3 "$differs" "$one" --check-replicas 1
inject flip-copy:1:31 tree 2 "$both" "$one" --check-replicas 1
inject flip-gradient:1:30 allreduce 3 "$differs" "$one" --check-replicas 10
inject flip-gradient:1:31 allreduce 2 "$both" "$one" --check-replicas 1
# Not looked for in between, and found before it would be saved.
inject flip-gradient:1:30 allreduce 3 "after step 40 the parameters of rank 1 " "$one" --check-replicas 0 --fresh

echo "== a gradient that is not finite"
bad='^nntrain: training diverged: the gradient of dense.*/(kernel|bias) is not finite at step 31 \(epoch 2, batch 11\); '
inject bad-gradient:0:31 shared 1 "$bad" "$one"
inject bad-gradient:0:31 shared 3 "$bad" "$one" --fresh
inject bad-gradient:2:31 tree 3 "$bad.*\(rank 2\)$" "$one"
inject bad-gradient:1:31 allreduce 3 "$bad" "$one"
# In the very step after which a checkpoint is due.
inject bad-gradient:1:40 tree 3 "is not finite at step 40 " "$one"
inject flip-parameter:0:41 shared 3 "since its update in step 40" "$one checkpoint-40.weights.h5"
finish
