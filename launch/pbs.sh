#!/bin/bash
# A run as a job of OpenPBS, PBS Professional or Torque that goes on by itself after a time limit. Copy
# this script, say in it what the job needs, and submit it in the checkout:
#
#   LIMIT=4h ARGUMENTS="--epochs 50 --output run" SCRIPT=my-pbs.sh qsub -V my-pbs.sh
#
#PBS -N nntrain
#PBS -j oe
#PBS -l select=4:ncpus=16:mpiprocs=16
#PBS -l walltime=4:00:00
# After a lost node or a preemption, PBS starts this script again.
#PBS -r y
set -u
cd "$PBS_O_WORKDIR" || exit 1
nntrain=${NNTRAIN:-build/release/nntrain}
nntrain_run=${NNTRAIN_RUN:-launch/nntrain-run}
read -ra arguments <<<"${ARGUMENTS:-}"

# At the time limit all processes get TERM, and KILL soon after: too late for mpirun. OpenPBS does not
# tell a job when it ends, so LIMIT says it again; Torque does, and nntrain-run reads it.
limit=()
[ -z "${LIMIT:-}" ] || limit=(--timeout "$LIMIT")
ranks=$(wc -l <"$PBS_NODEFILE")
bash "$nntrain_run" "${limit[@]}" -n "$ranks" --hostfile "$PBS_NODEFILE" "$nntrain" "${arguments[@]}" &
job=$!
# `qsig -s USR1 <job>` ends a job early.
trap 'kill -USR1 "$job"' USR1 TERM

# A trap ends a wait early; the last one returns what nntrain-run has returned.
while kill -0 "$job" 2>/dev/null; do
  wait "$job"
done
wait "$job"
code=$?

# Stopped with a valid checkpoint: the same once more. Many sites keep qrerun to operators, so it is a new
# job.
if [ "$code" -eq 75 ]; then
  export LIMIT ARGUMENTS SCRIPT
  qsub -V "${SCRIPT:-launch/pbs.sh}"
fi
exit "$code"
