#!/bin/bash
# A signal to any one rank stops all of them at the same step, with a checkpoint and exit code 75; the
# same command, on another number of ranks, then ends with the parameters of the undisturbed run.
#
#   same_after_stop.sh <nntrain> <mpiexec>
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
# shellcheck source=tests/support/program.sh
. "$(dirname "$0")/../support/program.sh"

arguments=(--quiet --hidden 100 --train-samples 2000 --test-samples 300 --batch-size 50 --epochs 150
  --momentum 0.9 --learning-rate 0.05 --checkpoint-every 1epochs)
run 2 "${arguments[@]}" --output undisturbed >undisturbed.out || fail "the undisturbed run"
expected=$(hash_of undisturbed.out)

# Waits until this start has written a checkpoint, so that signals meet a training run.
wait_for_training() {
  for _ in $(seq 200); do
    [ -z "$(find disturbed -name 'checkpoint-*' -newer started 2>/dev/null)" ] || return
    sleep 0.05
  done
  fail "no checkpoint within 10 s"
}

stop_by() { # <signal> <ranks> <which rank>
  touch started
  run "$2" "${arguments[@]}" --output disturbed >stop.out 2>stop.err &
  local launcher=$! code victim
  wait_for_training
  victim=$(pgrep -f "^$NNTRAIN.*--output disturbed" | sort -n | sed -n "$3p")
  kill "-$1" "$victim"
  wait "$launcher"
  code=$?
  echo "$1 to rank $3 of $2: exit code $code: $(cat stop.err)"
  [ "$code" -eq 75 ] || fail "$1: exit code $code instead of 75"
  [ "$(grep -c '^nntrain: stopped with a valid checkpoint: after step' stop.err)" -eq 1 ] ||
    fail "$1: the message"
}

# In batch jobs a signal may come while data are still read: it is remembered until the first step.
listens_for_usr1() { # <process>
  local caught
  caught=$(sed -n 's/^SigCgt:\s*//p' "/proc/$1/status" 2>/dev/null)
  [ -n "$caught" ] && [ $((0x$caught >> 9 & 1)) -eq 1 ]
}
stop_during_set_up() {
  local process code
  "$NNTRAIN" "${arguments[@]}" --train-samples 60000 --output early >early.out 2>early.err &
  process=$!
  for _ in $(seq 1000); do
    listens_for_usr1 "$process" && break
    sleep 0.01
  done
  [ ! -s early.err ] || fail "no signal is caught before the data are there: $(cat early.err)"
  kill -USR1 "$process"
  wait "$process"
  code=$?
  echo "USR1 during set-up: exit code $code: $(tail -n 1 early.err)"
  [ "$code" -eq 75 ] || fail "a signal during set-up: exit code $code instead of 75"
  grep -q '^nntrain: stopped with a valid checkpoint: after step 1 of ' early.err ||
    fail "a signal during set-up: $(cat early.err)"
}
stop_during_set_up

stop_by USR1 3 3
stop_by TERM 2 1
stop_by INT 1 1
stop_by USR2 5 2
run 3 "${arguments[@]}" --output disturbed >last.out 2>last.err || fail "going on to the end"
seen=$(hash_of last.out)
echo "undisturbed $expected, stopped four times ${seen:-no hash}"
[ -n "$seen" ] || fail "no hash was printed"
[ "$seen" = "$expected" ] || fail "the parameters differ"
finish
