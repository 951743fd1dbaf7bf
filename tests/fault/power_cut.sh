#!/bin/bash
# The power is cut while checkpoints are written, or as soon as a stopped run has ended. Afterwards every
# checkpoint is whole, none is lost whose save had returned, and the run that goes on ends with the bits of
# the undisturbed one. On file systems in a file of this test, in mounts that only it sees.
#
#   power_cut.sh <nntrain> <mpiexec> <shim> <test_power_cut> [--long] [<cuts>] [--seed=N]
set -u
if [ -z "${NNT_OWN_MOUNTS:-}" ]; then
  if ! unshare -m true 2>/dev/null || [ ! -e /dev/loop-control ] || [ -z "$(command -v mkfs.ext4)" ]; then
    echo "skipped: fault.power_cut: wants root, loop devices and mkfs.ext4"
    exit 77
  fi
  exec env NNT_OWN_MOUNTS=1 unshare -m bash "$0" "$@"
fi
export NNTRAIN=$1 MPIRUN="$2 --quiet"
shim=$3
cutter=$4
here=$(cd "$(dirname "$0")/../support" && pwd)
# shellcheck source=tests/support/program.sh
. "$here/program.sh"
shift 4
# shellcheck source=tests/support/campaign.sh
. "$here/campaign.sh"
cuts=${amount:-$((long ? 40 : 4))}

tiny+=(--epochs 200 --checkpoint-every 1steps --optimizer adam)
undisturbed "${tiny[@]}"
disk=$scratch/disk
mkdir "$disk"

# The newest checkpoint whose name is in place and whose folder is synced, by the calls that returned.
durable_step() {
  awk -v folder="$1" '
    $2 == "rename" && $NF == "0" && match($3, /checkpoint-[0-9]+/) { named = substr($3, RSTART + 11, RLENGTH - 11) }
    $2 == "fsync" && $3 == folder && $NF == "0" { durable = named }
    END { print durable + 0 }' calls-at-cut
}

# look_back <what>: does this start go on after the newest that is durable?
look_back() {
  local at
  grep -q damaged err && fail "$1: a damaged checkpoint: $(cat err)"
  grep -q '^training: ' out || return
  at=$(resumed_at out)
  [ "$at" -ge "$durable" ] || fail "$1: goes on after step $at, though step $durable was saved"
  [ "$at" -le "$durable" ] || newer=$((newer + 1))
}

# cut_once <number>: a start on the disk, and the cut.
cut_once() {
  local stop=$(($1 % 2)) program code
  rm -f calls
  run_shimmed 1 FAULT_FOLDER="$disk/run" FAULT_LOG="$scratch/calls" -- "${tiny[@]}" --output "$disk/run" >out 2>err &
  program=$!
  sleep "0.$((RANDOM % 6 + 3))$((RANDOM % 10))"
  if [ "$stop" -eq 1 ]; then
    ranks_on "$disk/run" | xargs -r kill -USR1 2>/dev/null
    wait "$program"
  fi
  # Whatever another program syncs may bring a part of ours to the disk.
  echo "$1" >"$disk/other" && sync -d "$disk/other"
  cp calls calls-at-cut 2>/dev/null || : >calls-at-cut
  "$cutter" "$disk" || fail "no power cut"
  if [ "$stop" -eq 0 ]; then
    [ "$((RANDOM % 2))" -eq 0 ] || ranks_on "$disk/run" | xargs -r kill -KILL 2>/dev/null
    wait "$program"
  fi
  code=$?
  is_crash "$code" && fail "cut $1: a crash, code $code: $(cat err)"
  look_back "cut $1"
  at=$(durable_step "$disk/run")
  [ "$at" -le "$durable" ] || durable=$at
  if [ "$stop" -eq 1 ] && grep -q 'stopped with a valid checkpoint: after step' err; then
    at=$(sed -n 's/.*after step \([0-9]*\) of.*/\1/p' err)
    [ "$durable" -eq "$at" ] || fail "stopped after step $at, but step $durable is what is saved"
    stops=$((stops + 1))
  fi
  umount "$disk"
  mount -o "loop,$options" image "$disk" || fail "cut $1: cannot mount again"
}

# campaign <file system> [<mount option>]
campaign() {
  options=${2:-rw}
  durable=0 newer=0 stops=0
  if [ -z "$(command -v "mkfs.$1")" ]; then
    echo "skipped: fault.power_cut on $1: no mkfs.$1"
    return
  fi
  truncate -s 320M image
  if ! { "mkfs.$1" -q image && mount -o "loop,$options" image "$disk"; }; then
    fail "no file system $1"
    return
  fi
  for ((n = 1; n <= cuts; n++)); do
    cut_once "$n"
  done
  last=$durable
  whole_and_right "$1" "$disk/run" "${tiny[@]}"
  cp after.out out && cp after.err err && look_back "$1 at the end"
  echo "$1, $options: $cuts cuts, $stops of them right after a stop; the last save that returned was of" \
    "step $last; $newer times a newer one was there as well; then right"
  umount "$disk"
  rm -f image
}

campaign ext4
if [ "$long" -eq 1 ]; then
  campaign ext4 noauto_da_alloc
  campaign xfs
fi
finish
