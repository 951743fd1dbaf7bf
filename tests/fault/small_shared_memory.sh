#!/bin/bash
# Where the ranks of a node find too little shared memory, all end with a message that says so, and
# none waits for ever.
#
#   small_shared_memory.sh <nntrain> <mpiexec>
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
# shellcheck source=tests/support/program.sh
. "$(dirname "$0")/../support/program.sh"

if ! unshare -m true 2>/dev/null; then
  echo "skipped: /dev/shm cannot be replaced here"
  exit 77
fi

# In a mount namespace of its own, /dev/shm has room for what MPI itself wants, not for 40,000 images.
# shellcheck disable=SC2016 # for the inner shell
unshare -m bash -c '
  mount -t tmpfs -o size=16m tmpfs /dev/shm || exit 77
  timeout -k 10 60 $MPIRUN -n 3 bash rank.sh --train-samples 40000 --epochs 1' >out 2>err
code=$?
[ "$code" -eq 77 ] && exit 77
grep -q '^nntrain: out of memory: cannot share .* is /dev/shm large enough? (rank 0)$' err ||
  fail "the message: $(cat err)"
[ "$(grep -c '^exit code 70$' out)" -eq 3 ] || fail "the exit codes: $(cat out)"
finish
