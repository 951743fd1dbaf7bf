#!/bin/bash
# Checkpoints are written beside training, which pays for a copy only. One that cannot be written, or that
# a bad disk has changed, is a warning; training goes on, the old one stays, and the next is tried;
# --strict-io makes it the end of the run. What is written at the end must be written.
#
#   failing_saves.sh <nntrain> <mpiexec> <shim>
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
shim=$3
here=$(cd "$(dirname "$0")/../support" && pwd)
# shellcheck source=tests/support/program.sh
. "$here/program.sh"
shift 3
# shellcheck source=tests/support/campaign.sh
. "$here/campaign.sh"

tiny+=(--checkpoint-every 2steps --keep 9 --optimizer adam)
folder=$scratch/run
undisturbed "${tiny[@]}" --steps 8

# disturb <ranks> <how> <call> [<argument>...]: eight steps, so files after 2, 4, 6 and 8; sets `code`. Only
# calls on checkpoints have numbers: those on the lock come whenever its thread has its turn.
disturb() {
  local ranks=$1 how=$2 call=$3
  shift 3
  rm -rf "$folder" calls
  run_shimmed "$ranks" FAULT_FOLDER="$folder" FAULT_FILE=checkpoint- FAULT_LOG="$scratch/calls" \
    FAULT_HOW="$how" FAULT_CALL="$call" -- "${tiny[@]}" --steps 8 "$@" --output "$folder" >out 2>err
  code=$?
  echo "$how at call $call, $ranks ranks${*:+, $*}: code $code"
}
steps() { find "$folder" -name 'checkpoint-*.weights.h5' | sed 's/.*checkpoint-\([0-9]*\).*/\1/' | sort -n | paste -sd' '; }
# expect <code> <steps of the files> <warnings> <what the message says>
expect() {
  [ "$code" -eq "$1" ] || { fail "code $code, not $1" && cat err; }
  [ "$(steps)" = "$2" ] || fail "there are files of the steps $(steps), not $2"
  [ "$(grep -c '^nntrain: warning: cannot write .*; training goes on, ' err)" -eq "$3" ] ||
    { fail "not $3 warnings:" && cat err; }
  [ -z "$4" ] || grep -q "cannot write $folder/checkpoint-[0-9]*.weights.h5: $4" err ||
    { fail "no message '$4':" && cat err; }
  [ "$1" -ne 0 ] || [ "$(hash_of out)" = "$expected" ] || fail "other bits"
  whole_and_right "the run that goes on" "$folder" "${tiny[@]}" --steps 8
}
# The number of the first call of a kind on a file's temporary, in an undisturbed run.
disturb 1 none 0
expect 0 "2 4 6 8" 0 ''
call_on() { sed -n "s/^\([0-9]*\) $1 .*checkpoint-$2.*/\1/p" undisturbed.calls | head -n 1; }
cp calls undisturbed.calls

for ranks in 1 3; do
  for what in open write fsync; do
    disturb "$ranks" ENOSPC "$(call_on "$what" 4)"
    expect 0 "2 6 8" 1 "No space left on device"
  done
  disturb "$ranks" EIO "$(call_on rename 4)"
  expect 0 "2 6 8" 1 "Input/output error"
  disturb "$ranks" ENOSPC "$(call_on write 4)" --strict-io
  expect 74 "2" 0 "No space left on device (--strict-io)"
  # Full for good: the last one is not to be given up.
  disturb "$ranks" full "$(call_on open 4)"
  expect 74 "2" 2 "No space left on device"
  # The first piece of a file: what comes back is not what was written.
  disturb "$ranks" garbled "$(call_on write 4)" --verify
  expect 0 "2 6 8" 1 "read back, it is not what was written"
done

# Without --verify nobody notices, until it is read: the start goes on from the one before.
disturb 1 garbled "$(call_on write 8)"
rm -f "$folder/results.h5"
run 1 "${tiny[@]}" --steps 8 --output "$folder" >out 2>err || { fail "passing over a damaged file" && cat err; }
grep -q 'passed over a damaged checkpoint: .*checkpoint-8' err || fail "the damage is not told"
[ "$(resumed_at out)" -eq 6 ] || fail "goes on after step $(resumed_at out), not 6"
[ "$(hash_of out)" = "$expected" ] || fail "other bits after a damaged file"

# A disk on which a file takes 1.2 s: steps go on meanwhile. Waited for, the files would take their whole
# time from training; only the last one and the one before it may.
slow=(--quiet --hidden 64 --epochs 100000 --checkpoint-every 1s --optimizer adam
  --train-samples 2000 --test-samples 16 --validation none --keep 2)
rm -rf "$folder" calls
run_shimmed 2 FAULT_FOLDER="$folder" FAULT_LOG="$scratch/calls" FAULT_HOW=slow FAULT_CALL=1 -- \
  "${slow[@]}" --time-limit 16s --output "$folder" >out 2>err
code=$?
files=$(grep -c ' rename .*checkpoint' calls)
h5dump -d /phases/median -y -o medians "$folder/results.h5" >/dev/null
checkpoint=$(tr -d ' \n' <medians | cut -d, -f8)
echo "slow disk: code $code, $files files, training stood still for $checkpoint s"
[ "$code" -eq 75 ] || { fail "slow disk: code $code" && cat err; }
[ "$files" -ge 4 ] || fail "slow disk: only $files files"
awk -v waited="$checkpoint" -v files="$files" 'BEGIN { exit !(waited < 0.5 * files) }' ||
  fail "training waits for files: $checkpoint s"

# A disk that does not answer for six seconds is told of, once; training goes on, and so do files.
rm -rf "$folder" calls
run_shimmed 2 FAULT_FOLDER="$folder" FAULT_FILE=checkpoint- FAULT_LOG="$scratch/calls" FAULT_HOW=stuck \
  FAULT_CALL="$(call_on fsync 4)" -- "${slow[@]}" --stall-timeout 4 --time-limit 16s --output "$folder" >out 2>err
code=$?
files=$(grep -c ' rename .*checkpoint' calls)
echo "stuck disk: code $code, $files files: $(grep 'disk stuck' err | sed "s,$scratch/,,")"
[ "$code" -eq 75 ] || { fail "stuck disk: code $code" && cat err; }
[ "$(grep -c "warning: a file has not got to $folder for [45] s: is the disk stuck" err)" -eq 1 ] ||
  { fail "stuck disk:" && cat err; }
[ "$files" -ge 2 ] || fail "stuck disk: only $files files"
finish
