#!/bin/bash
# Ranks that are stopped for a while, that leave in the middle of training, that fail inside a collective;
# storms of signals; a wall clock that jumps by years. The run goes on, or ends in time and goes on by the
# same command: with the bits of the undisturbed one.
#
#   signals.sh <nntrain> <mpiexec> <shim> [--long] [<times>] [--seed=N]
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
shim=$3
here=$(cd "$(dirname "$0")/../support" && pwd)
# shellcheck source=tests/support/program.sh
. "$here/program.sh"
shift 3
# shellcheck source=tests/support/campaign.sh
. "$here/campaign.sh"
times=${amount:-$((long ? 5 : 1))}

tiny+=(--epochs 300 --checkpoint-every 5steps --optimizer adam)
undisturbed "${tiny[@]}"
folder=$scratch/run
exchanges=(shared tree)

# begin <ranks> [<argument>...]: starts, and returns once it trains; `launcher` is the process.
begin() {
  rm -rf "$folder" out
  run "$1" "${tiny[@]}" --output "$folder" "${@:2}" >out 2>err &
  launcher=$!
  for _ in $(seq 500); do
    grep -qs '^Epoch 2/' out && return
    sleep 0.02
  done
  fail "no training within 10 s" && cat err
}

# signal_ranks <signal> [<rank>]
signal_ranks() {
  local alive
  mapfile -t alive < <(ranks_on "$folder")
  [ "${#alive[@]}" -gt 0 ] || return
  if [ $# -gt 1 ]; then alive=("${alive[$2 % ${#alive[@]}]}"); fi
  kill "-$1" "${alive[@]}" 2>/dev/null
}

signal_launcher() { kill "-$1" "$(launched_by "$launcher")" 2>/dev/null; }

undisturbed_bits() { # <what>: this start has ended well
  wait "$launcher"
  local code=$?
  [ "$code" -eq 0 ] || { fail "$1: code $code" && cat err; }
  [ "$(hash_of out)" = "$expected" ] || fail "$1: $(hash_of out)"
  echo "$1: code 0, right"
}

ended() { # <what> <most seconds>: this start has ended, somehow; the next one goes on
  local began=$SECONDS code
  wait "$launcher"
  code=$?
  [ "$((SECONDS - began))" -le "$2" ] || fail "$1: takes $((SECONDS - began)) s"
  is_crash "$code" && fail "$1: a crash, code $code: $(cat err)"
  for _ in $(seq 100); do
    [ -n "$(ranks_on "$folder")" ] || break
    sleep 0.1
  done
  [ -z "$(ranks_on "$folder")" ] || { fail "$1: ranks live on" && signal_ranks KILL; }
  resume_on=$((RANDOM % 3 + 1)) whole_and_right "$1" "$folder" "${tiny[@]}"
  echo "$1: code $code, then right"
}

stopped_ranks() {
  local exchange rank
  for exchange in "${exchanges[@]}"; do
    for rank in 0 2; do
      begin 3 --exchange "$exchange"
      signal_ranks STOP "$rank"
      sleep 0.7
      signal_ranks CONT "$rank"
      undisturbed_bits "rank $rank of 3 stopped for a while, $exchange"
    done
  done
  begin 3
  signal_launcher STOP
  signal_ranks STOP
  sleep 0.5
  signal_ranks CONT
  signal_launcher CONT
  undisturbed_bits "all stopped for a while"
}

# Where in a step the clock is read for the last time is left to chance.
ranks_that_leave() {
  local exchange rank
  for exchange in "${exchanges[@]}"; do
    rank=$((RANDOM % 3))
    rm -rf "$folder"
    run_shimmed 3 FAULT_RANK="$rank" FAULT_LEAVE="$((RANDOM % 2000 + 1000))" -- "${tiny[@]}" \
      --exchange "$exchange" --output "$folder" >out 2>err &
    launcher=$!
    ended "rank $rank of 3 leaves by _exit(0), $exchange" 30
  done
}

faults_in_collectives() {
  local site
  cp -r "$scratch/undisturbed" "$folder-0"
  for site in exchange step trainer score; do
    begin 3 --exchange tree
    signal_ranks USR1 0
    wait "$launcher"
    NNT_FAULT=$site:2 run 3 "${tiny[@]}" --output "$folder" --exchange tree >out 2>err &
    launcher=$!
    ended "rank 2 of 3 fails in '$site'" 20
    [ "$site" != exchange ] || grep -q "injected fault 'exchange'" err ||
      { echo "skipped: faults in collectives: not in this build" && return; }
    grep -q "injected fault '$site'" err || fail "'$site' did not fail"
  done
}

storms() {
  local n signals=(USR1 USR2 TERM INT XCPU CONT)
  begin 3
  signal_launcher TERM
  sleep 0.1
  signal_launcher TERM
  ended "TERM to the launcher, twice" 20
  begin 3
  signal_ranks TERM
  signal_ranks TERM
  ended "TERM to all ranks, twice" 20
  begin 3
  for n in $(seq 20); do signal_launcher USR1; done
  ended "USR1 to the launcher, 20 times" 20
  begin 1
  for n in $(seq 20); do signal_ranks USR1; done
  ended "USR1 to a single process, 20 times" 20
  begin 3
  for n in $(seq 10); do
    signal_ranks "${signals[RANDOM % 6]}" "$n"
    sleep "0.0$((RANDOM % 5))"
  done
  ended "ten signals of six kinds to three ranks" 20
}

# Ten years ahead, right, ten years behind, at each reading.
clock_jumps() {
  local ranks
  for ranks in 1 3; do
    rm -rf "$folder"
    run_shimmed "$ranks" FAULT_CLOCK=315360000 -- "${tiny[@]}" --checkpoint-every 1s --output "$folder" >out 2>err &
    launcher=$!
    undisturbed_bits "a wall clock that jumps by ten years, $ranks ranks"
    [ "$(find "$folder" -name 'checkpoint-*' | wc -l)" -le 2 ] || fail "the clock made checkpoints"
  done
}

for ((time = 0; time < times; time++)); do
  stopped_ranks
  ranks_that_leave
  storms
  clock_jumps
done
faults_in_collectives
finish
