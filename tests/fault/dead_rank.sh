#!/bin/bash
# The first rank and another are killed, with each exchange: the job ends within 5 s (10 s here, where
# other tests may run beside this one), with an exit code that is not 0, and the same command ends with
# the bits of the undisturbed run.
#
#   dead_rank.sh <nntrain> <mpiexec>
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
# shellcheck source=tests/support/program.sh
. "$(dirname "$0")/../support/program.sh"

training=(--quiet --hidden 100 --train-samples 1500 --test-samples 200 --validation none --batch-size 50
  --epochs 60 --checkpoint-every 50steps)
now() { date +%s%N; }

run 2 "${training[@]}" --output undisturbed >out 2>err || { fail "the undisturbed run" && cat err; }
expected=$(hash_of out)
[ -n "$expected" ] || fail "the undisturbed run printed no hash"

kill_rank() { # <exchange> <ranks> <rank>
  local folder="killed-$1-$2-$3" victim waited=0 ended code
  run "$2" "${training[@]}" --exchange "$1" --output "$folder" >out 2>err &
  launcher=$!
  until ls "$folder"/checkpoint-*.weights.h5 >/dev/null 2>&1 || [ "$waited" -gt 300 ]; do
    sleep 0.1
    waited=$((waited + 1))
  done
  victim=$(process_of "$3" "$folder")
  if [ -z "$victim" ] || ! kill -KILL "$victim"; then
    fail "$1: rank $3 of $2 cannot be killed: $(cat err)"
    return
  fi
  ended=$(now)
  wait "$launcher"
  code=$?
  ended=$((($(now) - ended) / 1000000))
  [ "$code" -ne 0 ] || fail "$1: a job that lost rank $3 of $2 ends with 0"
  [ "$ended" -le 10000 ] || fail "$1: a job that lost rank $3 of $2 ends after $ended ms"
  [ -z "$(pgrep -f "^$NNTRAIN .*--output $folder\$")" ] || fail "$1: ranks are left"
  run "$2" "${training[@]}" --exchange "$1" --output "$folder" >out 2>err ||
    { fail "$1: going on after the loss of rank $3 of $2" && cat err; }
  [ "$(hash_of out)" = "$expected" ] || fail "$1: other bits after the loss of rank $3 of $2"
  echo "$1: rank $3 of $2: code $code after $ended ms"
}

for exchange in shared tree; do
  for rank in 0 2; do
    kill_rank "$exchange" 3 "$rank"
  done
done
finish
