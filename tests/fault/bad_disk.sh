#!/bin/bash
# In the middle of training the disk fills up, becomes read-only, or files may not grow any more; later it
# is well again. The program says so in clear words, by the name of the file; the last checkpoint stays; and
# the run ends with the bits of the undisturbed one, be it at once or after the same command again.
#
#   bad_disk.sh <nntrain> <mpiexec> [--long] [<times>] [--seed=N]
set -u
if [ -z "${NNT_OWN_MOUNTS:-}" ]; then
  if ! unshare -m true 2>/dev/null; then
    echo "skipped: fault.bad_disk: wants root, to mount a small disk"
    exit 77
  fi
  exec env NNT_OWN_MOUNTS=1 unshare -m bash "$0" "$@"
fi
export NNTRAIN=$1 MPIRUN="$2 --quiet"
here=$(cd "$(dirname "$0")/../support" && pwd)
# shellcheck source=tests/support/program.sh
. "$here/program.sh"
shift 2
# shellcheck source=tests/support/campaign.sh
. "$here/campaign.sh"
times=${amount:-$((long ? 5 : 1))}

tiny+=(--epochs 300 --checkpoint-every 1steps --optimizer adam)
undisturbed "${tiny[@]}"
disk=$scratch/disk
mkdir "$disk"

fill() { dd if=/dev/zero of="$disk/filler" bs=1k >/dev/null 2>&1 || true; }
empty() { rm -f "$disk/filler"; }
# A disk cannot become read-only while a file on it is written: try until it is not.
read_only() { until mount -o remount,ro "$disk" 2>/dev/null || [ -z "$(ranks_on "$disk/run")" ]; do :; done; }
writable() { mount -o remount,rw "$disk"; }
limit() { ranks_on "$disk/run" | xargs -rn 1 prlimit "--fsize=$1:" --pid 2>/dev/null || true; }
small_files() { limit 4096; }
large_files() { limit unlimited; }

# disturb <ranks> <what> <to make it bad> <to make it well> <what the system calls it>
disturb() {
  local launcher code
  rm -rf "$disk/run"
  : >out
  run "$1" "${tiny[@]}" --output "$disk/run" >out 2>err &
  launcher=$!
  for _ in $(seq 200); do
    grep -q '^Epoch 3/' out && break
    sleep 0.02
  done
  sleep "0.0$((RANDOM % 10))"
  "$3"
  sleep 0.3
  "$4"
  wait "$launcher"
  code=$?
  case $code in
    0) [ "$(hash_of out)" = "$expected" ] || fail "$2 on $1 ranks: other bits" ;;
    74) ;;
    *) fail "$2 on $1 ranks: code $code" && cat err ;;
  esac
  grep -q "^nntrain: .*$disk/run.*: $5" err || { fail "$2 on $1 ranks: no message '$5':" && cat err; }
  whole_and_right "$2 on $1 ranks" "$disk/run" "${tiny[@]}"
  echo "$2 on $1 ranks: code $code: $(grep -m 1 -F "$5" err)" | sed "s,$scratch/,,"
}

# all_faults <where>
all_faults() {
  for ((n = 0; n < times; n++)); do
    for ranks in 1 3; do
      disturb "$ranks" "$1 full" fill empty "No space left on device"
      disturb "$ranks" "$1 read-only" read_only writable "Read-only file system"
      disturb "$ranks" "$1, files limited" small_files large_files "File too large"
    done
  done
}

mount -t tmpfs -o size=2m tmpfs "$disk" || exit 77
all_faults "memory disk"
for ranks in 1 3; do
  mkdir -p "$disk/shut" && mount -o remount,ro "$disk"
  run "$ranks" "${tiny[@]}" --output "$disk/shut" >out 2>err
  code=$?
  [ "$code" -eq 74 ] || fail "a read-only folder on $ranks ranks: code $code"
  grep -q "^nntrain: input/output error: .*$disk/shut.*: Read-only file system" err || { fail "its message:" && cat err; }
  mount -o remount,rw "$disk"
done
umount "$disk"

# Ext4 gives room away late: it may turn out to be missing only when the file is synced.
if [ "$long" -eq 1 ] && [ -e /dev/loop-control ] && [ -n "$(command -v mkfs.ext4)" ]; then
  truncate -s 4M image
  { mkfs.ext4 -q image && mount -o loop image "$disk"; } || fail "no ext4"
  all_faults ext4
  umount "$disk"
fi
finish
