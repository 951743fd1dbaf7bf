#!/bin/bash
# How fast nntrain is: its kernels, steps, exchanges of gradients, epochs, and whole jobs.
set -eu
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"

help="Usage: tests/bench/run.sh [OPTION]... [kernels|step|exchange|epoch|job]...

Measures the named parts, or all of them, and writes a table (Markdown) and all figures (JSON) for
each to build/bench. See tests/bench/README.md for what the figures mean.

  --ranks A,B...    numbers of ranks for exchange, epoch and job [1,2,4,8]
  --threads A,B...  threads of a rank for exchange and epoch, where the cores suffice for all [1,2]
  --exchanges A,B.. for exchange [shared,tree,allreduce]
$common_help"
rank_list=(1 2 4 8)
thread_list=(1 2)
exchange_list=(shared tree allreduce)
parts=()
while [ $# -gt 0 ]; do
  case $1 in
    --help)
      echo "$help"
      exit 0
      ;;
    --*)
      [ $# -ge 2 ] || usage_error "$1 wants a value"
      case $1 in
        --ranks) IFS=, read -ra rank_list <<<"$2" ;;
        --threads) IFS=, read -ra thread_list <<<"$2" ;;
        --exchanges) IFS=, read -ra exchange_list <<<"$2" ;;
        *) common_option "$1" "$2" || usage_error "unknown option $1" ;;
      esac
      shift 2
      ;;
    kernels | step | exchange | epoch | job)
      parts+=("$1")
      shift
      ;;
    *) usage_error "no part '$1'" ;;
  esac
done
[ ${#parts[@]} -gt 0 ] || parts=(kernels step exchange epoch job)

# keep_accepted <option> <value>...: puts into the array `kept` the values that this nntrain takes. One
# thread is what a program without the option has anyway.
keep_accepted() {
  local option=$1 value
  shift
  kept=()
  for value in "$@"; do
    if accepts "$option" "$value" || [ "$option $value" = "--threads 1" ]; then
      kept+=("$value")
    else
      leave_out "$option $value" "this nntrain does not accept it"
    fi
  done
}

# fit <ranks> <threads>: more ranks than cores are of interest, more threads are not.
fit() { [ "$2" -eq 1 ] || [ $(($1 * $2)) -le ${#core_list[@]} ]; }

# run_nntrain <round> <name> <against> <ranks> <threads> <argument>...
run_nntrain() {
  local round=$1 name=$2 against=$3 ranks=$4 threads=$5
  shift 5
  launch_nntrain "$ranks" "$threads" "$@"
  contest "$round" "$name" $((ranks * threads)) "$against" read_nntrain
}

measure_kernels() {
  taskset -c "${core_list[0]}" "$build/tests/bench_kernels" "$rounds" >"$records"
  python3 "$here/report.py" kernels --title "Kernels, one core" --machine "$scratch/machine.json" \
    --json "$output/kernels.json" "$records" | tee "$output/kernels.md"
}

# Another workload is another row: its name, numbers of ranks, options of nntrain, and the run to
# compare with.
step_rows=(
  "784-500-10, batch 128|1 2|--hidden 500|784-500-10, batch 128, 1 rank"
  "the same in one microbatch|1|--microbatches 1|784-500-10, batch 128, 1 rank"
  "the same, first layer dense|1|--first-layer dense|784-500-10, batch 128, 1 rank"
  "batch 512|1 2|--batch-size 512|batch 512, 1 rank"
  "batch 4096|1 2|--batch-size 4096|batch 4096, 1 rank"
  "784-4096-10, batch 128|1 2|--hidden 4096 --train-samples 6400|784-4096-10, batch 128, 1 rank"
  "784-4096-4096-10, batch 4096|1 2|--hidden 4096,4096 --batch-size 4096 --train-samples 4096 --test-samples 1000|784-4096-4096-10, batch 4096, 1 rank"
)
if grep -qw avx2 /proc/cpuinfo; then
  step_rows+=("784-500-10, batch 128, AVX2|1|--instructions avx2|784-500-10, batch 128, 1 rank")
fi

measure_step() {
  local round row name ranks options reference arguments r
  figure=step
  for ((round = 1; round <= rounds; round++)); do
    for row in "${step_rows[@]}"; do
      IFS='|' read -r name ranks options reference <<<"$row"
      read -ra arguments <<<"$options --epochs $epochs"
      for r in $ranks; do
        run_nntrain "$round" "$name, $(plural "$r" rank)" "{\"that on 1 rank\": \"$reference\"}" \
          "$r" 1 "${arguments[@]}"
      done
    done
  done
  make_table "Steps" step
}

measure_exchange() {
  local round r t x name threads exchanges
  figure=step
  keep_accepted --threads "${thread_list[@]}"
  threads=("${kept[@]}")
  keep_accepted --exchange "${exchange_list[@]}"
  exchanges=("${kept[@]}")
  for ((round = 1; round <= rounds; round++)); do
    for r in "${rank_list[@]}"; do
      for t in "${threads[@]}"; do
        fit "$r" "$t" || continue
        name="$(plural "$r" rank), $(plural "$t" thread)"
        for x in "${exchanges[@]}"; do
          run_nntrain "$round" "$name, $x" "{\"allreduce\": \"$name, allreduce\"}" "$r" "$t" \
            --exchange "$x" --epochs "$epochs"
        done
      done
    done
  done
  make_table "Steps by exchange, 784-500-10, batch 128" step
}

measure_epoch() {
  local round r t
  figure=epoch
  keep_accepted --threads "${thread_list[@]}"
  for ((round = 1; round <= rounds; round++)); do
    for r in "${rank_list[@]}"; do
      for t in "${kept[@]}"; do
        fit "$r" "$t" || continue
        run_nntrain "$round" "$(plural "$r" rank), $(plural "$t" thread)" \
          '{"1 rank": "1 rank, 1 thread", "2 ranks": "2 ranks, 1 thread"}' "$r" "$t" --epochs "$epochs"
      done
    done
  done
  make_table "Epochs, 784-500-10, batch 128" epoch
}

measure_job() {
  local round r
  figure=job
  for ((round = 1; round <= rounds; round++)); do
    for r in "${rank_list[@]}"; do
      run_nntrain "$round" "$(plural "$r" rank)" '{"1 rank": "1 rank"}' "$r" 1 --epochs 2
    done
  done
  make_table "Whole job of 2 epochs, from the start of the program to its end" job
}

for part in "${parts[@]}"; do
  prepare "$part"
  case $part in
    kernels) measure_kernels ;;
    step) measure_step ;;
    exchange) measure_exchange ;;
    epoch) measure_epoch ;;
    job) measure_job ;;
  esac
done
exit $((failures > 0))
