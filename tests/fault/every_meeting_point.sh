#!/bin/bash
# Every point where ranks agree is made to fail on one rank: all ranks end, in time, with one message
# and the same code.
#
#   every_meeting_point.sh <nntrain> <mpiexec>
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
# shellcheck source=tests/support/program.sh
. "$(dirname "$0")/../support/program.sh"

arguments=(--quiet --hidden 10 --train-samples 300 --test-samples 100 --epochs 1 --trace trace.json)

inject() { # <site> <ranks> <rank that fails> <argument>...
  local code began=$SECONDS named=''
  [ "$2" -eq 1 ] || named=" (rank $3)"
  NNT_FAULT=$1:$3 run_each "$2" "${arguments[@]}" --output "run-$1-$2" "${@:4}" >out 2>err
  code=$?
  [ "$code" -eq 0 ] || fail "$1 on $2 ranks: the launcher ended with $code"
  [ "$((SECONDS - began))" -le 20 ] || fail "$1 on $2 ranks: takes $((SECONDS - began)) s"
  [ "$(grep -c '^exit code 70$' out)" -eq "$2" ] || { fail "$1 on $2 ranks: codes:" && cat out; }
  [ "$(grep -v '^nntrain: warning: ' err)" = "nntrain: internal error: injected fault '$1'$named" ] ||
    { fail "$1 on $2 ranks: message:" && cat err; }
  echo "$1, rank $3 of $2: $((SECONDS - began)) s"
}

for site in watchdog share room load model start trainer evaluator trace step score predict; do
  inject "$site" 1 0
  inject "$site" 3 2
done
for site in exchange trainer step; do
  inject "$site" 1 0 --exchange tree --fresh
  inject "$site" 3 2 --exchange tree --fresh
done
# The memory of the data, after that of the watchdog, which comes first.
inject share 3 2 --stall-timeout 0 --fresh
# Work of a node's first rank alone.
inject data 3 0

# What rank 0 does for all, it tells for all, so no rank is named.
for site in save peak_memory phases results trace-ranks trace-events trace-file; do
  NNT_FAULT=$site:0 run 3 "${arguments[@]}" --output "run-$site" >out 2>err
  code=$?
  [ "$code" -eq 70 ] || fail "$site: exit code $code"
  [ "$(grep -v '^nntrain: warning: ' err)" = "nntrain: internal error: injected fault '$site'" ] ||
    { fail "$site:" && cat err; }
done

# Without injection the same run passes: the faults above were injected, not real.
run 3 "${arguments[@]}" --output good >out || fail "the run without a fault"
finish
