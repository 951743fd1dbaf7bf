#!/bin/bash
# launch/slurm.sh, pbs.sh and lsf.sh among stand-ins: what they start, that signals reach it and its exit
# code comes back, and what they tell the batch system.
#
#   scripts.sh <project root>
set -u
root=$1
scratch=$(mktemp -d) || exit 1
trap 'rm -r "$scratch"' EXIT
cd "$scratch" || exit 1
mkdir tools
PATH=$PWD/tools:$PATH
failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# Tells its arguments; without a signal it ends with $CODE, else with 75.
cat >nntrain-run <<'END'
trap 'echo "USR1" >>told; end=75' USR1
trap 'echo "TERM" >>told; end=1' TERM
echo "$*" >>told
touch ready
for _ in $(seq 100); do
  [ -z "${CODE:-}" ] || exit "$CODE"
  [ -z "${end:-}" ] || { sleep 0.3; exit "$end"; }
  sleep 0.05
done
END
for tool in scontrol qsub; do
  # shellcheck disable=SC2016 # for the stand-in
  printf '#!%s\necho "${0##*/} $*; ${ARGUMENTS:-}" >>told\n' "$BASH" >"tools/$tool"
  chmod +x "tools/$tool"
done
printf 'a\na\nb\n' >nodes
export NNTRAIN=prog NNTRAIN_RUN=$scratch/nntrain-run PBS_O_WORKDIR=$scratch PBS_NODEFILE=nodes \
  LSB_DJOB_HOSTFILE=nodes SLURM_JOB_ID=17 SCRIPT=my.sh

# try <script> <signal, or none> <code of nntrain-run> <expected code> <line that it must tell>...
try() {
  local script=$1 signal=$2 given=$3 expected=$4 job code
  shift 4
  rm -f told ready
  CODE=$given ARGUMENTS='--epochs 3 --hidden 300,100' bash "$root/launch/$script" --from arguments >out 2>&1 &
  job=$!
  if [ "$signal" != none ]; then
    until [ -e ready ]; do sleep 0.02; done
    kill "-$signal" "$job"
  fi
  wait "$job"
  code=$?
  [ "$code" -eq "$expected" ] || fail "$script, $signal: exit code $code instead of $expected: $(cat out)"
  printf '%s\n' "$@" | cmp -s - told || fail "$script, $signal: $(diff <(printf '%s\n' "$@") told)"
}

slurm='prog --from arguments'
hosts='-n 3 --hostfile nodes prog --epochs 3 --hidden 300,100'
again='; --epochs 3 --hidden 300,100'
for signal in USR1 TERM; do
  try slurm.sh $signal '' 75 "$slurm" USR1 "scontrol requeue 17$again"
  try pbs.sh $signal '' 75 "$hosts" USR1 "qsub -V my.sh$again"
done
for signal in USR1 USR2 TERM; do
  try lsf.sh $signal '' 75 "$hosts" USR1
done
for code in 0 65 137; do
  try slurm.sh none $code $code "$slurm"
  try pbs.sh none $code $code "$hosts"
  try lsf.sh none $code $code "$hosts"
done
LIMIT=4h try pbs.sh none 0 0 "--timeout 4h $hosts"
[ "$failures" -eq 0 ] || exit 1
echo "passed"
