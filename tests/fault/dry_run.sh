#!/bin/bash
# A dry run tells what a run will need, and leaves nothing behind: no folder where there was none, and
# every byte of a folder that holds a run.
#
#   dry_run.sh <nntrain> <mpiexec>
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
# shellcheck source=tests/support/program.sh
. "$(dirname "$0")/../support/program.sh"

training=(--quiet --hidden 300 --train-samples 2000 --test-samples 500 --epochs 4 --batch-size 50)
value() { sed -n "s/^$1: //p" out; }
state_of() { find "$1" -printf '%p %s %T@\n' | sort && find "$1" -type f -exec sha256sum {} + | sort; }
is_about() { # <what> <value> <expected> <percent>
  awk -v a="$2" -v b="$3" -v p="$4" 'BEGIN { exit !(a >= b * (1 - p / 100) && a <= b * (1 + p / 100)) }' ||
    fail "$1: $2 instead of $3, within $4 %"
}
dry() { # <ranks> <argument>...
  local ranks=$1
  shift
  run "$ranks" "${training[@]}" --dry-run "$@" >out 2>err || { fail "dry run on $ranks: $*" && cat err; }
  ! grep -v '^[a-z_]*: [0-9a-z.+-]*$' out || fail "not 'key: value'"
}

echo "== a new run"
for ranks in 1 3; do
  for exchange in shared tree allreduce; do
    dry "$ranks" --exchange "$exchange" --output "new" --trace trace.json
    [ -z "$(find . -name new -o -name trace.json)" ] || fail "a dry run has written: $(ls)"
    [ "$(value start) $(value exchange) $(value ranks)" = "new $exchange $ranks" ] || fail "$(cat out)"
    [ "$(value steps) $(value steps_left) $(value steps_per_epoch)" = "160 160 40" ] || fail "$(cat out)"
    [ "$(value parameters)" -eq $((784 * 300 + 300 + 300 * 10 + 10)) ] || fail "$(cat out)"
    [ "$(value memory_per_rank_bytes)" -gt $((4 * 238510)) ] || fail "$(cat out)"
    [ "$(value memory_per_node_bytes)" -ge "$(value memory_per_rank_bytes)" ] || fail "$(cat out)"
    is_about "an epoch" "$(value epoch_seconds)" \
      "$(awk "BEGIN { print 40 * $(value step_seconds) + $(value evaluation_seconds) }")" 1
  done
done

echo "== what it says is what the run needs"
for optimizer in sgd adam; do
  dry 2 --optimizer "$optimizer" --output "real-$optimizer" --keep 1
  checkpoint=$(value checkpoint_bytes)
  [ "$(value checkpoints_bytes)" -eq $((2 * checkpoint)) ] || fail "--keep 1: $(cat out)"
  memory=$(value memory_per_rank_bytes)
  run 2 "${training[@]}" --optimizer "$optimizer" --output "real-$optimizer" --keep 1 >out 2>err || fail "run"
  is_about "a checkpoint of $optimizer" "$checkpoint" "$(stat -c %s "real-$optimizer"/checkpoint-*)" 3
  peak=$(h5dump -a /peak_memory_bytes_max "real-$optimizer/results.h5" 2>/dev/null |
    sed -n 's/.*(0): \([0-9]*\)$/\1/p')
  # The sanitizer keeps what is freed for a while.
  [ -z "$peak" ] || is_sanitized || is_about "memory of a rank with $optimizer" "$memory" "$peak" 30
done

echo "== a run that can go on, and one that is complete"
run 2 "${training[@]}" --output resumable --epochs 2 >out 2>err || fail "the run to go on with"
before=$(state_of resumable)
dry 2 --output resumable
[ "$(value start) $(value steps_left)" = "resume 80" ] || fail "$(cat out)"
dry 2 --output resumable --epochs 2
[ "$(value start) $(value steps_left)" = "complete 0" ] || fail "$(cat out)"
dry 3 --output resumable --fresh
[ "$(value start) $(value steps_left)" = "new 160" ] || fail "$(cat out)"
[ "$(state_of resumable)" = "$before" ] || fail "a dry run has changed the folder"
[ "$(find . -maxdepth 1 -name 'resumable*' | wc -l)" -eq 1 ] || fail "a dry run has moved the folder: $(ls)"

echo "== what the run would refuse"
run 2 "${training[@]}" --dry-run --output resumable --hidden 20 >out 2>err
code=$?
[ "$code" -eq 64 ] || fail "another configuration: code $code"
finish
