#!/bin/bash
# A rank that is stopped makes all others wait: the watchdogs end the job, and say which rank stands
# where. A job that is stopped as a whole goes on when it is continued.
#
#   stuck_rank.sh <nntrain> <mpiexec>
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
# shellcheck source=tests/support/program.sh
. "$(dirname "$0")/../support/program.sh"

# Epochs are long, so that no file is written while ranks are stopped: on a busy disk a save alone may take
# longer than all else here.
training=(--quiet --hidden 1000 --train-samples 20000 --test-samples 200 --validation none --batch-size 1
  --epochs 1000 --checkpoint-every 1000epochs)

# Each rank notes its own exit code, although the launcher ends them all as soon as it sees the first.
# shellcheck disable=SC2016 # for the shell of each rank
echo 'trap : TERM; "$NNTRAIN" "$@"; code=$?; echo "$code" >"code.$OMPI_COMM_WORLD_RANK"; exit "$code"' >noting.sh

# begin <ranks> <argument>... --output <folder>: starts a job, and waits until it trains.
begin() {
  local ranks=$1 folder=${*: -1} waited=0
  shift
  rm -f code.*
  # shellcheck disable=SC2086 # MPIRUN is a command with options
  timeout -k 10 120 $MPIRUN -n "$ranks" bash noting.sh "${training[@]}" "$@" >out 2>err &
  launcher=$!
  until [ -e "$folder/results.h5" ] || [ "$waited" -gt 300 ]; do
    sleep 0.1
    waited=$((waited + 1))
  done
  sleep 1
}

stop() { # <exchange> <ranks> <rank that is stopped>
  local victim code began=$SECONDS
  begin "$2" --exchange "$1" --stall-timeout 2 --output "stopped-$1-$3"
  victim=$(process_of "$3" "stopped-$1-$3")
  if [ -z "$victim" ] || ! kill -STOP "$victim"; then
    fail "$1: rank $3 of $2 cannot be stopped: $(cat err)"
    return
  fi
  began=$SECONDS
  wait "$launcher"
  code=$?
  [ "$code" -eq 70 ] || fail "$1, rank $3 of $2: the launcher ended with $code"
  [ "$((SECONDS - began))" -le 20 ] || fail "$1, rank $3 of $2: takes $((SECONDS - began)) s"
  [ "$(cat code.* | sort | uniq -c | tr -s ' ')" = " $2 70" ] ||
    fail "$1, rank $3 of $2: codes: $(grep . code.*)"
  grep -qE "^nntrain: stuck: no progress for [0-9]+ s \(--stall-timeout 2\); on .*:$" err ||
    fail "$1, rank $3 of $2: no message: $(cat err)"
  grep -qE "^nntrain:   rank $3: step [0-9]+, [a-z ]+; stopped, no sign of life for [0-9]+ s$" err ||
    fail "$1: rank $3 of $2 is not named: $(cat err)"
  grep -E '^nntrain:   rank' err
  [ -z "$(process_of "$3" "stopped-$1-$3")" ] || fail "$1: rank $3 of $2 is still there"
}

stop shared 3 1
stop shared 2 0
stop tree 3 2
stop tree 2 0
stop allreduce 2 1

echo "== the whole job is stopped for longer than the time-out, and goes on"
begin 2 --stall-timeout 2 --output suspended
victims="$(process_of 0 suspended) $(process_of 1 suspended)"
# shellcheck disable=SC2086 # two numbers
kill -STOP $victims
sleep 4
# shellcheck disable=SC2086
kill -CONT $victims
sleep 1
# shellcheck disable=SC2086
kill -USR1 ${victims% *}
wait "$launcher"
code=$?
[ "$code" -eq 75 ] || fail "a suspended job ends with $code: $(cat err)"
! grep -q 'stuck' err || fail "a suspended job counts as stuck: $(cat err)"

echo "== 0 switches it off"
begin 2 --stall-timeout 0 --output unwatched
victim=$(process_of 1 unwatched)
kill -STOP "$victim"
sleep 4
kill -CONT "$victim"
kill -USR1 "$victim"
wait "$launcher"
code=$?
[ "$code" -eq 75 ] || fail "an unwatched job ends with $code: $(cat err)"
finish
