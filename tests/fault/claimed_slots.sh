#!/bin/bash
# Eight ranks on fewer cores, where the launcher has been told that each has a slot of its own: Open MPI
# then lets waiting ranks poll, which starves those that have work. Here they sleep or yield as they do
# where the launcher knows better: the same bits, and no more processor time.
#
#   claimed_slots.sh <nntrain> <mpiexec>
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
# shellcheck source=tests/support/program.sh
. "$(dirname "$0")/../support/program.sh"
unset OMPI_MCA_rmaps_base_oversubscribe

if [ "$(nproc)" -ge 8 ]; then
  echo "skipped: eight ranks have cores of their own here"
  exit 77
fi
arguments=(--quiet --hidden 100 --train-samples 4000 --test-samples 200 --batch-size 64
  --validation none --epochs 10)

# processor_time <how it is started> <exchange> <option of mpirun>...: sets `used`, in milliseconds, and
# `hash`. Processor time does not depend on what else the machine does.
processor_time() {
  local TIMEFORMAT='%U %S' how=$1 exchange=$2
  shift 2
  # shellcheck disable=SC2086 # MPIRUN is a command with options
  { time timeout -k 10 120 $MPIRUN "$@" -n 8 "$NNTRAIN" "${arguments[@]}" --exchange "$exchange" \
    --output "$how-$exchange" >out 2>err; } 2>spent || { fail "$how, $exchange" && cat err; }
  used=$(awk '{ printf "%d", 1000 * ($1 + $2) }' spent)
  hash=$(hash_of out)
  echo "$exchange, $how: $used ms of processor time"
}

for exchange in shared tree; do
  processor_time oversubscribed "$exchange" --oversubscribe
  expected=$hash known=$used
  processor_time claimed "$exchange" --host localhost:8
  [ "$hash" = "$expected" ] || fail "$exchange: other bits"
  [ "$used" -le $((2 * known + 500)) ] || fail "$exchange: waiting ranks take $used ms, not $known"
done
finish
