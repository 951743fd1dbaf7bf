#!/bin/bash
# A run as a job of LSF that goes on by itself after time limits, preemption and lost hosts:
#
#   bsub -n 64 -W 4:00 -env "all,ARGUMENTS=--epochs 50 --output run" <launch/lsf.sh
#
# Submit it in the checkout, or say with NNTRAIN and NNTRAIN_RUN where the programs are.
#BSUB -J nntrain
#BSUB -o nntrain-%J.log
# Exit code 75 puts the same job back into the queue, and so does a lost host.
#BSUB -Q "75"
#BSUB -r
# Two minutes before the run limit. At the limit itself LSF sends USR2, and KILL later.
#BSUB -wa USR1
#BSUB -wt 2
set -u
nntrain=${NNTRAIN:-build/release/nntrain}
nntrain_run=${NNTRAIN_RUN:-launch/nntrain-run}
read -ra arguments <<<"${ARGUMENTS:-}"

ranks=$(wc -l <"$LSB_DJOB_HOSTFILE")
bash "$nntrain_run" -n "$ranks" --hostfile "$LSB_DJOB_HOSTFILE" "$nntrain" "${arguments[@]}" &
job=$!
trap 'kill -USR1 "$job"' USR1 USR2 TERM INT

# A trap ends a wait early; the last one returns what nntrain-run has returned.
while kill -0 "$job" 2>/dev/null; do
  wait "$job"
done
wait "$job"
