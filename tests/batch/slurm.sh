#!/bin/bash
# A real Slurm on this machine runs launch/slurm.sh: its time limit, requeueing, preemption, and the end.
# The parameters are those of the undisturbed run. Daemons, keys and state are private to the test.
#
#   slurm.sh <nntrain> <mpiexec>
set -u
# Ended from outside, it would leave its daemons behind.
[ -n "${bounded:-}" ] || bounded=1 exec timeout -k 30 240 bash "$0" "$@"
export NNTRAIN=$1 MPIRUN="$2 --quiet"
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/support/program.sh
. "$root/tests/support/program.sh"

if [ "$(id -u)" -ne 0 ]; then
  echo "skipped: Slurm's daemons need root"
  exit 77
fi
for tool in munged slurmctld slurmd sbatch; do
  command -v "$tool" >/dev/null || { echo "skipped: no $tool" && exit 77; }
done

export SLURM_CONF=$scratch/slurm.conf NNTRAIN_RUN=$root/launch/nntrain-run
end_daemons() {
  local daemon process
  timeout 5 scancel --user root 2>/dev/null
  for _ in $(seq 50); do
    [ -n "$(timeout 5 squeue -h 2>/dev/null)" ] || break
    sleep 0.2
  done
  for daemon in slurmctld slurmd munged; do
    process=$(cat "$scratch/$daemon.pid" 2>/dev/null) || continue
    kill "$process" 2>/dev/null
    for _ in $(seq 50); do
      kill -0 "$process" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL "$process" 2>/dev/null
  done
  rm -rf "$scratch"
}
trap end_daemons EXIT

start_daemons() {
  local port=$((20000 + $$ % 10000 * 2))
  mkdir slurmctld slurmd
  dd if=/dev/urandom of=munge.key bs=128 count=1 status=none
  chmod 400 munge.key
  munged --force --key-file="$scratch/munge.key" --socket="$scratch/munge.socket" \
    --pid-file="$scratch/munged.pid" --seed-file="$scratch/munged.seed" \
    --log-file="$scratch/munged.log" 2>/dev/null
  sed "s|@STATE@|$scratch|; s|@HOST@|$(hostname -s)|; s|@PORT@|$port|; s|@PORT2@|$((port + 1))|" \
    "$root/tests/batch/slurm.conf.in" >slurm.conf
  slurmctld -c && slurmd
  for _ in $(seq 80); do
    [ "$(timeout 5 sinfo -h -o %t -p calm 2>/dev/null)" != idle ] || return 0
    sleep 0.25
  done
  return 1
}

arguments=(--progress none --hidden 60 --train-samples 6000 --test-samples 300 --batch-size 50
  --learning-rate 0.1 --momentum 0.9)

# Long enough for the warning before the time limit, which Slurm sends within 30 s of the start.
choose_epochs() {
  local began
  began=$(date +%s%N)
  run 2 --quiet "${arguments[@]}" --epochs 40 --output probe >/dev/null 2>probe.err ||
    { fail "the probe" && cat probe.err && finish; }
  long=$((40 * 35 * 1000000000 / ($(date +%s%N) - began) + 40))
  short=$((long / 5))
  echo "$long epochs take some 35 s"
}

undisturbed() { # <epochs>
  timeout -k 10 250 "$NNTRAIN" --quiet "${arguments[@]}" --epochs "$1" --output "undisturbed-$1" \
    >"undisturbed-$1.out" 2>/dev/null
}

submit() { # <name> <epochs> <option of sbatch>...
  sbatch --parsable --job-name "$1" --output "$1.log" "${@:3}" "$root/launch/slurm.sh" \
    "${arguments[@]}" --epochs "$2" --checkpoint-every 1s --output "$1"
}

about() { scontrol show job "$1" | grep -oE "(^| )$2=[^ ]*" | sed 's/.*=//'; }

wait_for_end() { # <job> <name>
  local state
  for _ in $(seq 400); do
    state=$(about "$1" JobState)
    case $state in PENDING | RUNNING | COMPLETING | PREEMPTED | REQUEUED | SUSPENDED) sleep 0.5 ;; *) break ;; esac
  done
  [ "$state" = COMPLETED ] || { fail "$2: $state" && cat "$2.log" && tail -n 20 slurmctld.log; }
}

is_the_same() { # <name> <epochs>
  local seen expected
  seen=$("$NNTRAIN" status --output "$1" | hash_of /dev/stdin)
  expected=$(hash_of "undisturbed-$2.out")
  echo "$1: ${seen:-no hash}; undisturbed: ${expected:-no hash}"
  [ -n "$seen" ] || fail "$1: no hash"
  [ "$seen" = "$expected" ] || fail "$1: the parameters differ"
}

choose_epochs
if ! start_daemons; then
  echo "skipped: Slurm does not start here:"
  tail -n 3 slurmctld.log slurmd.log
  exit 77
fi
undisturbed "$long" &
references=$!
undisturbed "$short" &
references+=" $!"

echo "== time limit and requeue, beside it preemption"
limited=$(submit limited "$long" --partition calm --ntasks 2 --time 1 --signal B:USR1@55)
preempted=$(submit preempted "$short" --partition low --ntasks 2 --cpus-per-task 14 --time 10)
for _ in $(seq 200); do
  [ -z "$(find preempted -name 'checkpoint-*' 2>/dev/null)" ] || break
  sleep 0.1
done
sbatch --parsable --partition high --ntasks 28 --time 1 --output other.log --wrap 'sleep 3' >/dev/null

wait_for_end "$preempted" preempted
wait_for_end "$limited" limited
# shellcheck disable=SC2086 # two processes
wait $references
for job in "$limited limited" "$preempted preempted"; do
  echo "${job#* }: $(about "${job% *}" Restarts) restarts, exit code $(about "${job% *}" ExitCode)"
  [ "$(about "${job% *}" Restarts)" -ge 1 ] || { fail "${job#* }: never restarted" && cat "${job#* }.log"; }
  grep -q '^going on after step [1-9]' "${job#* }.log" || { fail "${job#* }: began anew" && cat "${job#* }.log"; }
done
grep -q '^nntrain-run: USR1: the ranks are asked to save and end$' limited.log || fail "no warning came"
grep -q '^nntrain: stopped with a valid checkpoint: after step' limited.log || fail "not stopped"
grep -q "^nntrain: job $limited goes back into the queue" limited.log || fail "not requeued by itself"
grep -q 'DUE TO PREEMPTION' preempted.log || { fail "not preempted" && cat preempted.log; }
is_the_same limited "$long"
is_the_same preempted "$short"
finish
