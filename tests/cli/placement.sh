# Where ranks are: one line, and a remedy where it costs time. Everything on the first CPU that is there
# to use, so that machines differ in a CPU quota only.
cpu=$(sed -n 's/^Cpus_allowed_list:\t\([0-9]*\).*/\1/p' /proc/self/status)
output=$(mktemp -d) || exit 1
trap 'rm -r "$output"' EXIT
# mpirun passes on the two streams in any order.
placed() { # <title> <command>...
  echo "== $1"
  "${@:2}" --hidden 4 --train-samples 64 --test-samples 64 --epochs 1 --fresh --output "$output/run" \
    >"$output/out" 2>"$output/err"
  grep -h -E '^placement|warning: .* ranks? ' "$output/out" "$output/err" |
    sed 's/ (a CPU quota of [^)]*)//'
}
# shellcheck disable=SC2086 # MPIRUN is a command with options
{
  placed "one rank" taskset -c "$cpu" "$NNTRAIN"
  placed "two ranks on one core" taskset -c "$cpu" $MPIRUN --bind-to none -n 2 "$NNTRAIN"
  placed "and few rows" taskset -c "$cpu" $MPIRUN --bind-to none -n 2 "$NNTRAIN" --batch-size 8 --microbatches 2
}
