#!/bin/bash
# OpenBLAS takes the CPU for an old one: the program starts itself again, once, and nobody notices but by
# the speed. With the fault blas_core, what OPENBLAS_CORETYPE says passes for OpenBLAS's own choice.
#
#   poor_kernels.sh <nntrain> <mpiexec>
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
# shellcheck source=tests/support/program.sh
. "$(dirname "$0")/../support/program.sh"
unset OPENBLAS_CORETYPE
export LC_ALL=C

if ! grep -qw avx2 /proc/cpuinfo; then
  echo "skipped: fault.poor_kernels: no kernels are poor on a CPU without AVX2"
  exit 0
fi
poor=(OPENBLAS_CORETYPE=Prescott NNT_FAULT=blas_core:0)
train=(train --hidden 10 --train-samples 300 --test-samples 100 --epochs 1)

# starts [VARIABLE=VALUE]... <command>...: how often the program is loaded. The dynamic loader tells it by
# process, and the one with the most is the program's own.
starts() {
  rm -f loader.*
  env LD_DEBUG=statistics LD_DEBUG_OUTPUT="$scratch/loader" "$@" >/dev/null 2>&1
  grep -c 'total startup time' loader.* | sed 's/.*://' | sort -n | tail -1
}
expect() { # <what> <expected> <seen>
  [ "$2" = "$3" ] || fail "$1: '$3' instead of '$2'"
}
core_of() { sed -n 's/^nntrain [0-9.]*: OpenBLAS for //p' "$1"; }
kernels_of() { env "$@" --version 2>&1 | sed -n 's/^kernels for //p'; }
warnings_of() { grep '^nntrain: warning: ' "$1" | grep -v 'no data found' | grep OpenBLAS; }

echo "== one process"
best=$(env "${poor[@]}" "$NNTRAIN" --version | sed -n 's/^kernels for \(.*\) (corrected from Prescott)$/\1/p')
case $best in
  Haswell | SkylakeX | Cooperlake) ;;
  *) fail "not corrected: '$best'" ;;
esac
expect "one start too many or too few" 2 "$(starts "${poor[@]}" "$NNTRAIN" --version)"
expect "--blas-core keep" "Prescott (this CPU could do $best)" \
  "$(kernels_of "${poor[@]}" "$NNTRAIN" --blas-core keep)"
expect "starts with keep" 1 "$(starts "${poor[@]}" "$NNTRAIN" --blas-core=keep --version)"
echo "blas-core = keep" >keep.ini
env "${poor[@]}" "$NNTRAIN" "${train[@]}" --config keep.ini --output keep >out 2>err || fail "keep"
expect "keep in a file" "Prescott (this CPU could do $best)" "$(core_of out)"
expect "warning of what was asked for" "" "$(warnings_of err)"

echo "== a good choice is left alone"
own=$(kernels_of "$NNTRAIN")
case $own in
  *corrected*) expected=2 ;;
  *) expected=1 ;;
esac
expect "starts on this CPU ($own)" "$expected" "$(starts "$NNTRAIN" --version)"
expect "starts with the best" 1 "$(starts OPENBLAS_CORETYPE="$best" "$NNTRAIN" --version)"

echo "== so is the user's"
expect "the user's choice" "Prescott (by OPENBLAS_CORETYPE; this CPU could do $best)" \
  "$(kernels_of OPENBLAS_CORETYPE=Prescott "$NNTRAIN")"
expect "starts with it" 1 "$(starts OPENBLAS_CORETYPE=Prescott "$NNTRAIN" --version)"
OPENBLAS_CORETYPE=Prescott run 1 "${train[@]}" --output user >out 2>err || fail "the user's choice"
expect "warning of the user's choice" "nntrain: warning: OpenBLAS uses kernels for Prescott, though this \
CPU could do $best: unset OPENBLAS_CORETYPE, unless it is meant" "$(warnings_of err)"

echo "== never twice"
again=(OPENBLAS_CORETYPE=Prescott NNTRAIN_BLAS_CORE_WAS=Prescott "$NNTRAIN")
expect "starts after a start that did not help" 1 "$(starts "${again[@]}" --version)"
env "${again[@]}" "${train[@]}" --output again >out 2>err || fail "a start that did not help"
expect "warning of it" "nntrain: warning: OpenBLAS uses kernels for Prescott, though this CPU could do \
$best: OPENBLAS_CORETYPE=$best has not helped" "$(warnings_of err)"

echo "== a configuration from a pipe can be read once only"
echo "seed = 7" | env "${poor[@]}" "$NNTRAIN" "${train[@]}" --config /dev/stdin --output pipe >out 2>err ||
  fail "a configuration from a pipe"
grep -q 'seed 7;' out || fail "the configuration was lost"
expect "warning of a pipe" "nntrain: warning: OpenBLAS uses kernels for Prescott, though this CPU could \
do $best: export OPENBLAS_CORETYPE=$best" "$(warnings_of err)"

# shellcheck disable=SC2016 # for the shell of each rank
echo '"$NNTRAIN" "$@"; code=$?; [ "${OMPI_COMM_WORLD_RANK:-0}" -ne 0 ] || cat; echo "exit code $code"' >rank.sh
OPENBLAS_CORETYPE=$best run 1 "${train[@]}" --seed 7 --output expected >out 2>err || fail "the reference"
expected=$(hash_of out)
for ranks in 1 3; do
  echo "== $ranks under mpirun"
  # shellcheck disable=SC2086 # MPIRUN is a command with options
  seq 3 | env "${poor[@]}" timeout -k 10 120 $MPIRUN -n "$ranks" \
    bash rank.sh "${train[@]}" --seed 7 --output "a folder of $ranks" >out 2>err
  expect "code of the launcher" 0 $?
  expect "ranks that ended well" "$ranks" "$(grep -c '^exit code 0$' out)"
  expect "kernels" "$best (corrected from Prescott)" "$(core_of out)"
  expect "warnings" "" "$(warnings_of err)"
  expect "hash" "$expected" "$(hash_of out)"
  expect "standard input of rank 0" "1 2 3" "$(grep -x '[0-9]' out | tr '\n' ' ' | sed 's/ $//')"
  [ -e "a folder of $ranks/results.h5" ] || fail "the argument with blanks was lost"
  # shellcheck disable=SC2086 # MPIRUN is a command with options
  env "${poor[@]}" timeout -k 10 120 $MPIRUN -n "$ranks" \
    bash rank.sh "${train[@]}" --output /dev/null/none </dev/null >out 2>err
  expect "ranks with the exit code of the failure" "$ranks" "$(grep -c '^exit code 74$' out)"
done

echo "== ranks with other kernels than rank 0"
# shellcheck disable=SC2086 # MPIRUN is a command with options
timeout -k 10 120 $MPIRUN -n 1 env OPENBLAS_CORETYPE="$best" "$NNTRAIN" "${train[@]}" --output mixed : \
  -n 2 env OPENBLAS_CORETYPE=Prescott "$NNTRAIN" "${train[@]}" --output mixed >out 2>err
expect "warning of other kernels" "nntrain: warning: on 2 of 3 ranks OpenBLAS has other kernels than on \
rank 0 ($best), so the bits depend on the number of ranks: export the same OPENBLAS_CORETYPE for all" \
  "$(warnings_of err)"
finish
