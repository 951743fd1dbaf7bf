# What a folder holds, by its own files; paths and hashes are those of a run on the built-in digits.
folder=$(mktemp -d) || exit 1
trap 'rm -r "$folder"' EXIT
cd "$folder" || exit 1
unset NNTRAIN_DATA
exec 2>&1
small=(--hidden 5 --train-samples 60 --test-samples 20 --batch-size 20)
run=("${small[@]}" --epochs 2 --checkpoint-every 1epochs --output run)
status() { # <title> [<folder>]: the checkpoint's own hash is left out, and who holds the folder
  echo "== $1"
  "$NNTRAIN" status --output "${2:-run}" 2>&1 |
    sed -E -e 's/[0-9a-f]{64}/HASH/' -e 's/^(Holder: ).*(; last sign of life )[0-9]+ s/\1...\2... s/'
  echo "exit code ${PIPESTATUS[0]}"
}
status "no folder"
"$NNTRAIN" "${run[@]}" --time-limit 1s --quiet 2>&1 | grep -v 'no data found'
status "stopped"
"$NNTRAIN" "${run[@]}" --quiet 2>/dev/null | grep '^Parameters' >printed
status "complete"
"$NNTRAIN" status --output run | grep '^Parameters' | cmp - printed && echo "the same hash"
mv run/results.h5 results.h5
status "without results"
mv results.h5 run/results.h5
printf x | dd of=run/checkpoint-6.weights.h5 bs=1 seek=3000 conv=notrunc status=none
status "the newest checkpoint is damaged"
printf x | dd of=run/checkpoint-3.weights.h5 bs=1 seek=3000 conv=notrunc status=none
status "all checkpoints are damaged"

long=("${small[@]}" --epochs 100000000 --checkpoint-every 60min --output long --quiet)
"$NNTRAIN" "${long[@]}" 2>/dev/null &
for ((i = 0; i < 300; i++)); do
  [ -e long/results.h5 ] && break
  sleep 0.1
done
status "a run that trains" long
kill -KILL $!
wait $! 2>/dev/null
touch -d '40 seconds ago' long/run.lock
status "it may still live" long
touch -d '60 seconds ago' long/run.lock
status "it has not given a sign of life for a minute" long
sed -i 's/^boot id: .*/boot id: that of another machine/' long/run.lock
touch -d '120 seconds ago' long/run.lock
status "another machine's clock may differ" long
touch -d '300 seconds ago' long/run.lock
status "but not by five minutes" long
rm long/run.lock
status "nobody holds the folder" long
