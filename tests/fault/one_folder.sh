#!/bin/bash
# Two jobs, one folder: a start on a folder in which a run lives is refused, and so is moving that run
# aside; one that is dead is gone on with at once; of many starts at a time, one trains; and a run that has
# lost the folder to another changes nothing there when it wakes up.
#
#   one_folder.sh <nntrain> <mpiexec>
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
here=$(cd "$(dirname "$0")/../support" && pwd)
# shellcheck source=tests/support/program.sh
. "$here/program.sh"
shift 2
# shellcheck source=tests/support/campaign.sh
. "$here/campaign.sh"

# A run that lasts, with a save every two seconds, so that it is asleep in between when it is stopped.
endless=("${tiny[@]}" --epochs 1000000 --checkpoint-every 2s)
short=("${tiny[@]}" --epochs 4 --checkpoint-every 1steps)
state_of() { find "$1" -type f -exec sha256sum {} + | sort; }

# start <ranks> <folder> <argument>...: in the background, until the run trains; sets `launcher`. What a run
# before it has printed must not be taken for its words.
start() {
  local ranks=$1 folder=$2
  shift 2
  : >first.out
  run "$ranks" "$@" --output "$folder" >first.out 2>first.err &
  launcher=$!
  for _ in $(seq 200); do
    if [ "$(grep -c '^Epoch ' first.out)" -ge 2 ]; then return; fi
    sleep 0.05
  done
  fail "no run on $ranks ranks:" && cat first.err
}

# signal_all <signal> <folder>: to the ranks, and to the launcher first, which would pass on what befalls
# them; a stopped one would not.
signal_all() { ranks_on "$2" | xargs -r kill "-$1" && pkill "-$1" -P "$launcher" -x mpirun; }

stop() { # <folder>
  ranks_on "$1" | head -n 1 | xargs kill -USR1
  wait "$launcher"
  code=$?
  [ "$code" -eq 75 ] || { fail "a stop: code $code" && cat first.err; }
  [ ! -e "$1/run.lock" ] || fail "the lock stays after a stop"
}

# expect_refused <what> <process that holds it> <ranks> <argument>...: with the code on each rank, and a message
# that names the holder; no file of the folder is touched, but for those that the holder writes.
expect_refused() {
  local what=$1 holder=$2 ranks=$3
  shift 3
  run_each "$ranks" "$@" --output folder >out 2>err
  [ "$(grep -c '^exit code 70$' out)" -eq "$ranks" ] || { fail "$what: codes" && cat out err; }
  grep -q "^nntrain: output folder in use: another run writes to folder (pid $holder on $(hostname), .*--output" err ||
    { fail "$what: message" && cat err; }
  [ "$(grep -c '^nntrain: output' err)" -eq 1 ] || { fail "$what: more than one message" && cat err; }
  [ "$(grep '^pid: ' folder/run.lock)" = "pid: $holder" ] || fail "$what: the lock has changed"
  [ "$(find . -maxdepth 1 -name 'folder*' | wc -l)" -eq 1 ] || fail "$what: the folder was moved"
}

for ranks in 1 3; do
  echo "== $ranks ranks: refused while a run lives, also one that is stopped"
  start "$ranks" folder "${endless[@]}"
  if [ "$ranks" -eq 1 ]; then holder=$(ranks_on folder); else holder=$(process_of 0 folder); fi
  for other in 1 3; do
    expect_refused "a second start" "$holder" "$other" "${endless[@]}"
    expect_refused "--fresh" "$holder" "$other" "${endless[@]}" --fresh
  done
  expect_refused "another configuration" "$holder" 1 "${endless[@]}" --seed 2
  run 1 "${endless[@]}" --output folder --dry-run >out 2>err || { fail "a dry run beside it" && cat err; }
  signal_all STOP folder
  expect_refused "a start beside a stopped run" "$holder" 1 "${endless[@]}"
  signal_all CONT folder

  echo "== $ranks ranks: after a stop nothing is left, after a kill the same command goes on at once"
  stop folder
  start "$ranks" folder "${endless[@]}"
  grep -q '^going on after step' first.out || fail "the stopped run did not go on"
  ranks_on folder | xargs kill -KILL
  wait "$launcher"
  [ -e folder/run.lock ] || fail "a killed run cannot remove its lock"
  began=$SECONDS
  start "$ranks" folder "${endless[@]}"
  grep -q '^going on after step' first.out || fail "the killed run did not go on"
  [ $((SECONDS - began)) -le 20 ] || fail "going on after a kill takes $((SECONDS - began)) s"
  stop folder

  echo "== $ranks ranks: an orphan that wakes up"
  rm -rf folder
  start "$ranks" folder "${endless[@]}" --trace folder/trace.json
  orphan=$launcher
  signal_all STOP folder
  # As somebody would who takes the run for dead.
  rm folder/run.lock
  run 1 "${short[@]}" --fresh --output folder --trace folder/trace.json >out 2>err ||
    { fail "the new run" && cat err; }
  rm -rf folder.1
  before=$(state_of folder)
  signal_all CONT folder
  wait "$orphan"
  code=$?
  [ "$code" -eq 70 ] || { fail "the orphan: code $code" && cat first.err; }
  grep -q '^nntrain: output folder in use: .*folder.*nothing more is written' first.err ||
    { fail "the orphan's message:" && cat first.err; }
  [ "$(state_of folder)" = "$before" ] || fail "the orphan has changed the folder: $(ls folder)"
  rm -rf folder
done

echo "== many starts at a time"
for i in $(seq 20); do
  run 1 "${endless[@]}" --output folder >"many.$i.out" 2>"many.$i.err" &
done
for _ in $(seq 400); do
  [ "$(ranks_on folder | wc -l)" -ne 1 ] || ! grep -q '^Epoch 2/' many.*.out || break
  sleep 0.05
done
[ "$(ranks_on folder | wc -l)" -eq 1 ] || fail "$(ranks_on folder | wc -l) of 20 starts train"
[ "$(grep -l '^nntrain: output folder in use' many.*.err | wc -l)" -eq 19 ] || { fail "not 19 are refused" && cat many.*.err; }
ranks_on folder | xargs kill -USR1
wait
[ "$(find folder -name 'run.lock' | wc -l)" -eq 0 ] || fail "the lock stays"
finish
