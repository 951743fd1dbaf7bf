#!/bin/bash
# Instructions of one small epoch on one rank: a figure that does not depend on what else runs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build/release
output=$root/build/bench
data=${NNTRAIN_DATA:-$root/datasets/mnist}
samples=6400
count_in=nnt_trainer_step
help="Usage: tests/bench/instructions.sh [OPTION]...

Counts, with valgrind's callgrind, the instructions of all training steps of one epoch of $samples
samples on one rank, and says which functions take most of them. The kernels are those for AVX2, since
valgrind knows no AVX-512. Installs valgrind where it is missing. Takes some minutes.

  --build DIR     folder of the build to measure [build/release]
  --data DIR      folder of IDX files [\$NNTRAIN_DATA, else datasets/mnist]
  --output DIR    where instructions.md and instructions.json go [build/bench]
  --samples N     training samples [$samples]
  --count-in F    count in calls of this function only [$count_in]"
while [ $# -gt 0 ]; do
  case $1 in
    --help)
      echo "$help"
      exit 0
      ;;
    --build | --data | --output | --samples | --count-in)
      [ $# -ge 2 ] || { echo "$0: $1 wants a value" >&2 && exit 64; }
      case $1 in
        --build) build=$(realpath -m "$2") ;;
        --data) data=$(realpath -m "$2") ;;
        --output) output=$(realpath -m "$2") ;;
        --samples) samples=$2 ;;
        --count-in) count_in=$2 ;;
      esac
      shift 2
      ;;
    *)
      echo "$0: unknown option $1; see --help" >&2
      exit 64
      ;;
  esac
done

# shellcheck source=launch/packages.sh
. "$root/launch/packages.sh"
install_packages valgrind
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if ! cmake --build "$build" --target nntrain_cli >"$scratch/out" 2>&1; then
  tail -n 20 "$scratch/out" >&2
  exit 70
fi

# OpenBLAS must not take kernels that valgrind cannot run.
unset OPENBLAS_L2_SIZE
export OPENBLAS_CORETYPE=Haswell OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# As many threads as cores would share the count among them.
threads=()
if "$build/nntrain" --print-config --threads 1 >/dev/null 2>&1; then threads=(--threads 1); fi
if ! valgrind --tool=callgrind --callgrind-out-file="$scratch/counts" --toggle-collect="$count_in" \
  "$build/nntrain" --data "$data" --train-samples "$samples" --test-samples 100 \
  --epochs 1 --validation none --progress none --fresh --output "$scratch/run" \
  ${threads[@]+"${threads[@]}"} >"$scratch/out" 2>"$scratch/err"; then
  tail -n 20 "$scratch/out" "$scratch/err" >&2
  exit 70
fi
total=$(sed -n 's/^\(summary\|totals\): \([0-9]*\).*/\2/p' "$scratch/counts" | tail -1)
if [ "${total:-0}" -eq 0 ]; then
  echo "$0: nothing counted: is there a function $count_in?" >&2
  exit 70
fi

mkdir -p "$output"
hash=$(sed -n 's/^Parameters: sha256 //p' "$scratch/out")
callgrind_annotate --threshold=99 "$scratch/counts" >"$scratch/functions"
# Lines such as "1,234 (56.7%)  file.c:function [object]".
sed -n 's/^ *\([0-9,]\{1,\}\) *( *\([0-9.]*\)%) *[^:]*:\([^ ]*\).*/\1 \2 \3/p' "$scratch/functions" |
  head -15 >"$scratch/rows"
{
  echo "## Instructions of an epoch of $samples samples on one rank"
  echo
  echo "$total in $count_in; parameters $hash; OpenBLAS for $OPENBLAS_CORETYPE; commit" \
    "$(git -C "$root" describe --always --dirty 2>/dev/null || echo unknown)."
  echo
  echo "| function | instructions | share |"
  echo "| --- | ---: | ---: |"
  awk '{ printf "| `%s` | %s | %s %% |\n", $3, $1, $2 }' "$scratch/rows"
} | tee "$output/instructions.md"
{
  printf '{"samples": %d, "counted_in": "%s", "instructions": %d, "parameters": "%s", "functions": [' \
    "$samples" "$count_in" "$total" "$hash"
  awk '{
      gsub(",", "", $1)
      printf("%s{\"function\": \"%s\", \"instructions\": %s}", (NR > 1 ? ", " : ""), $3, $1)
    }' "$scratch/rows"
  printf ']}\n'
} >"$output/instructions.json"
