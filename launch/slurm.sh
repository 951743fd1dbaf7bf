#!/bin/bash
# A run as a Slurm job that goes on by itself after time limits, preemption and lost nodes:
#
#   sbatch -n 64 -t 4:00:00 launch/slurm.sh --epochs 50 --output run
#
# Submit it in the checkout, or say where nntrain and nntrain-run are.
#SBATCH --job-name=nntrain
#SBATCH --output=nntrain-%j.log
#SBATCH --open-mode=append
# After a lost node or a preemption, Slurm starts this script again.
#SBATCH --requeue
# 120 s before the time limit, to this script. Never without "B:": then it goes to job steps, and an
# mpirun within one node has none.
#SBATCH --signal=B:USR1@120
set -u
nntrain=${NNTRAIN:-build/release/nntrain}
nntrain_run=${NNTRAIN_RUN:-launch/nntrain-run}

# Slurm tells mpirun how many ranks there are, and where.
bash "$nntrain_run" "$nntrain" "$@" &
job=$!
trap 'kill -USR1 "$job"' USR1 TERM

# A trap ends a wait early; the last one returns what nntrain-run has returned.
while kill -0 "$job" 2>/dev/null; do
  wait "$job"
done
wait "$job"
code=$?

# Stopped with a valid checkpoint: the same job again, under the same number.
if [ "$code" -eq 75 ]; then
  echo "nntrain: job $SLURM_JOB_ID goes back into the queue" >&2
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
