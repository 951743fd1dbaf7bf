# What a folder holds, by its own files; paths and hashes are those of a run on the built-in digits.
folder=$(mktemp -d) || exit 1
trap 'rm -r "$folder"' EXIT
cd "$folder" || exit 1
unset NNTRAIN_DATA
exec 2>&1
small=(--hidden 5 --train-samples 60 --test-samples 20 --batch-size 20 --epochs 2 --checkpoint-every 1epochs --output run)
status() { # <title>: the checkpoint's own hash is left out
  echo "== $1"
  "$NNTRAIN" status "${small[@]}" 2>&1 | sed -E 's/[0-9a-f]{64}/HASH/'
  echo "exit code ${PIPESTATUS[0]}"
}
status "no folder"
"$NNTRAIN" "${small[@]}" --time-limit 1s --quiet 2>&1 | grep -v 'no data found'
status "stopped"
"$NNTRAIN" "${small[@]}" --quiet 2>/dev/null | grep '^Parameters' >printed
status "complete"
"$NNTRAIN" status --output run | grep '^Parameters' | cmp - printed && echo "the same hash"
mv run/results.h5 results.h5
status "without results"
mv results.h5 run/results.h5
printf x | dd of=run/checkpoint-6.weights.h5 bs=1 seek=3000 conv=notrunc status=none
status "the newest checkpoint is damaged"
printf x | dd of=run/checkpoint-3.weights.h5 bs=1 seek=3000 conv=notrunc status=none
status "all checkpoints are damaged"
