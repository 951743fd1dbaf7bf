# Each value is refused before any data are read; the message names option, value and what is legal.
try() {
  "$NNTRAIN" "$@"
  echo "exit code $?" >&2
}
exec 2>&1
for value in 0 -1 +1 1.5 '' ' 5' 5x 0x10 1e3 nan 2147483648 99999999999999999999; do
  try --batch-size "$value"
done
for value in 0 -0.1 nan inf -inf 1e99 1e-99 '' 0x1p3 0.1x; do
  try --learning-rate "$value"
done
for value in 1 1.5 -0.5; do
  try --momentum "$value"
done
try --hidden 0
try --hidden 300,,100
try --hidden 300,
try --hidden -5
try --hidden 99999999999
try --init norml
try --init normal:0
try --init normal:x
try --init zeros:1
try --activation sigmod
try --activation xyz
try --optimizer addam
try --loss mse
try --validation all
try --validation 0
try --checkpoint-every 0
try --checkpoint-every 5hours
try --resume ''
try --time-limit 60
try --time-limit 2:30
try --output ''
try --trace ''
try --seed -1
try --seed 18446744073709551616
try --microbatches 0
try --keep 0
try --exchange tre
try --threads 0
try --threads 1025
try --threads none
try --first-layer thin
try --instructions avx521
try --label-smoothing 1
try --epochs
try --quiet=yes
