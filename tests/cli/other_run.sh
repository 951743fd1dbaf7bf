# A folder holds a run: one that differs in what affects the result is refused, by the names of what
# differs; one that differs in anything else goes on.
folder=$(mktemp -d) && cd "$folder" || exit 1
trap 'rm -r "$folder"' EXIT
unset NNTRAIN_DATA
run() { # <argument>...
  "$NNTRAIN" --quiet --hidden 5 --train-samples 60 --test-samples 20 --batch-size 20 --output run "$@" 2>&1 |
    sed -e '/no data found/d' -e '/^Test/d' -e 's/ [0-9a-f]\{64\}$/ HASH/'
  echo "exit code ${PIPESTATUS[0]}"
}
run --epochs 1
before=$(sha256sum run/*)
echo "== another model"
run --epochs 2 --hidden 6
run --epochs 2 --activation relu
echo "== other data"
run --epochs 2 --train-samples 40
echo "== another way to train"
run --epochs 2 --optimizer adam
run --epochs 2 --batch-size 10 --seed 7
run --epochs 2 --exchange allreduce
run --epochs 2 --microbatches 4
echo "== fewer steps than were done"
run --steps 2
[ "$(sha256sum run/*)" = "$before" ] && echo "nothing is touched"
echo "== what does not affect the result"
run --epochs 2 --threads 1 --exchange tree --keep 5 --checkpoint-every 1steps
