#!/bin/bash
# Every call on the files of the output folder, in a run that saves twice, in turn: the program is killed
# there, the call fails, or a signal comes. Afterwards the old or the new checkpoint is whole, and the run
# that goes on ends with the bits of the undisturbed one.
#
#   every_call_of_a_save.sh <nntrain> <mpiexec> <shim> [--long] [--way=NAME] [--seed=N]
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
shim=$3
here=$(cd "$(dirname "$0")/../support" && pwd)
# shellcheck source=tests/support/program.sh
. "$here/program.sh"
shift 3
# shellcheck source=tests/support/campaign.sh
. "$here/campaign.sh"

tiny+=(--checkpoint-every 2steps --keep 1 --optimizer adam)
folder=$scratch/run
undisturbed "${tiny[@]}" --steps 6
run 1 "${tiny[@]}" --steps 2 --output "$scratch/base" >base.out 2>base.err || fail "the first two steps"

# disturb <ranks> [VARIABLE=VALUE]...: six steps from a copy of the base, with the shim; sets `code`.
disturb() {
  local ranks=$1
  shift
  rm -rf "$folder" calls && cp -r "$scratch/base" "$folder"
  run_shimmed "$ranks" FAULT_FOLDER="$folder" FAULT_LOG="$scratch/calls" "$@" -- \
    "${tiny[@]}" --steps 6 --output "$folder" >out 2>err
  code=$?
}

# A failure that the program has lived through: either it said so and ended with the code for it, or it
# warned and went on, and then all must be as it should.
survived() { # <what>
  case $code in
    0) [ "$(hash_of out)" = "$expected" ] || fail "$1: ends well with $(hash_of out)" ;;
    65 | 74) [ "$(grep -c '^nntrain: ' err)" -gt 1 ] || fail "$1: code $code without a message" ;;
    *) fail "$1: code $code" && cat err ;;
  esac
}

inject() { # <how> <number of the call> [<ranks>]
  local call what
  disturb "${3:-1}" FAULT_HOW="$1" FAULT_CALL="$2"
  call=$(sed -n "s/^$2 \([a-z]*\) .*/\1/p" calls | head -n 1)
  what="$1 at call $2 (${call:-none})"
  is_crash "$code" && { fail "$what: a crash, code $code" && cat err; }
  case $1 in
    # A call that is not reached in this run is no fault, and then the run must be right.
    kill) [ "$code" -eq 137 ] || [ -z "$call" ] || fail "$what: code $code" ;;
    USR1 | TERM) [ "$code" -eq 75 ] || survived "$what" ;;
    short | EINTR) [ "$code" -eq 0 ] || { fail "$what: code $code" && cat err; } ;;
    *) survived "$what" ;;
  esac
  whole_and_right "$what" "$folder" "${tiny[@]}" --steps 6
  echo "$1 at ${call:-none}: code $code, then right" >>outcomes
}

disturb 1
total=$(wc -l <calls)
{ [ "$code" -eq 0 ] && [ "$(hash_of out)" = "$expected" ]; } || { fail "the shim alone: code $code" && cat err; }
[ "$total" -ge 30 ] || fail "only $total calls were seen"
echo "$total calls: $(cut -d' ' -f2 calls | sort | uniq -c | sed 's/^ *//' | paste -sd, | sed 's/,/, /g')"

# The way "ranks" is kill and ENOSPC with other ranks beside, which the launcher ends.
ways=(kill ENOSPC EIO full short EINTR USR1 TERM ranks)
for argument in "$@"; do
  [ "${argument#--way=}" = "$argument" ] || ways=("${argument#--way=}")
done
cases=0
if [ "$long" -eq 1 ]; then
  for how in "${ways[@]}"; do
    for ((call = 1; call <= total; call++)); do
      if [ "$how" = ranks ]; then
        both=(kill ENOSPC)
        inject "${both[call % 2]}" "$call" 3
      else
        inject "$how" "$call"
      fi
      cases=$((cases + 1))
    done
  done
else
  # The calls on checkpoints are what matters; of the others, and of the ways, any.
  mapfile -t matter < <(sed -n 's/^\([0-9]*\) .*checkpoint-4.*/\1/p' calls)
  for call in "${matter[@]}" $((RANDOM % total + 1)) $((RANDOM % total + 1)); do
    inject kill "$call"
    inject "${ways[RANDOM % 7 + 1]}" "$call"
    cases=$((cases + 2))
  done
fi
sort outcomes | uniq -c
echo "$cases cases"
finish
