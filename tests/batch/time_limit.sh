#!/bin/bash
# A time limit, of the user's or of the batch job, ends a run in time with a checkpoint, on all ranks after
# the same step; started again and again, it has the parameters of the run without a limit.
#
#   time_limit.sh <nntrain> <mpiexec>
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
# shellcheck source=tests/support/program.sh
. "$(dirname "$0")/../support/program.sh"

arguments=(--progress none --hidden 80 --train-samples 1500 --test-samples 300 --batch-size 50
  --optimizer adam)

# limited <ranks> <seconds> <pattern of the source> <argument>...: a run without end
# stops within the limit, with its launcher, and tells why.
limited() {
  local ranks=$1 seconds=$2 source=$3 began code
  shift 3
  began=$(date +%s%N)
  run "$ranks" "${arguments[@]}" --epochs 1000000 --output limited "$@" >limited.out 2>limited.err
  code=$?
  echo "$source: exit code $code after $((($(date +%s%N) - began) / 1000000)) ms: $(grep '^time limit' limited.out)"
  [ "$code" -eq 75 ] || { fail "exit code $code" && cat limited.err; }
  [ $((($(date +%s%N) - began) / 1000000)) -le $((seconds * 1000)) ] || fail "too late"
  grep -q "^time limit: 0:00:0[0-9] left ($source): saves and ends before that with code 75$" limited.out ||
    { fail "the line of the limit" && cat limited.out; }
  grep -q "^nntrain: stopped with a valid checkpoint: after step .*, in time for $source, saved in limited;" \
    limited.err || { fail "the message" && cat limited.err; }
}

limited 3 9 --time-limit --time-limit 8s
SLURM_JOB_END_TIME=$(($(date +%s) + 8)) limited 2 8 SLURM_JOB_END_TIME
NNTRAIN_END_TIME=$(($(date +%s) + 8)) SLURM_JOB_END_TIME=$(($(date +%s) + 900)) limited 1 8 NNTRAIN_END_TIME \
  --time-limit 2h

# A time that has passed is warned of, and no limit; "none" does not look at it.
steps=$("$NNTRAIN" status --output limited 2>/dev/null | sed -n 's/^Step: //p')
steps=$((steps + 10))
SLURM_JOB_END_TIME=1700000000 run 1 "${arguments[@]}" --steps "$steps" --output limited >last.out 2>last.err ||
  { fail "the last start" && cat last.err; }
grep -qx 'nntrain: warning: the time in SLURM_JOB_END_TIME has passed, so it is not heeded as a limit' last.err ||
  { fail "no warning of a time that has passed" && cat last.err; }
run 2 "${arguments[@]}" --steps "$steps" --output undisturbed >undisturbed.out 2>undisturbed.err ||
  { fail "the undisturbed run" && cat undisturbed.err; }
! grep -q '^time limit:' undisturbed.out || fail "a time limit that nobody has set"
expected=$(hash_of undisturbed.out)
seen=$(hash_of last.out)
echo "$steps steps: undisturbed $expected, stopped three times ${seen:-no hash}"
[ -n "$seen" ] || fail "no hash was printed"
[ "$seen" = "$expected" ] || fail "the parameters differ"
SLURM_JOB_END_TIME=$(($(date +%s) + 60)) run 1 "${arguments[@]}" --epochs 2 --time-limit none --output none \
  >none.out 2>none.err || { fail "without limit" && cat none.err; }
! grep -q '^time limit:' none.out || fail "a time limit in spite of none"
finish
