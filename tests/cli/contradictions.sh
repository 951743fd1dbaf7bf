# Options that contradict each other, or that have no effect, are refused.
try() {
  "$NNTRAIN" "$@"
  echo "exit code $?" >&2
}
exec 2>&1
try --epochs 2 --steps 100
try --quiet --verbose
try --nesterov
try --momentum 0.9 --optimizer adam
try --nesterov --optimizer adam
try --beta-1 0.8
try --epsilon 1e-8
try --hidden 10 --model model.json
try --activation relu --model model.json
try --init zeros --model model.json
try --init zeros --init-from weights.h5
try --label-smoothing 0.1 --loss mean_squared_error
try --fresh --resume require
try --fresh --resume checkpoint-5.weights.h5
try train evaluate
