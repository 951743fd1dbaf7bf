# Sourced by the scripts that measure: their common options, how nntrain is started and read, and the
# records that report.py makes tables from.
# shellcheck shell=bash
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build/release
output=$root/build/bench
data=${NNTRAIN_DATA:-$root/datasets/mnist}
rounds=5
epochs=4
far=200
cores=$(taskset -cp $$ | sed 's/.*: //' | tr ',' '\n' |
  awk -F- '{ for (core = $1; core <= $NF; core++) print core }' | head -2 | paste -sd,)
figure=epoch
time_limit=900
failures=0

# shellcheck disable=SC2034 # for the scripts that source this file
common_help="  --build DIR       folder of the build to measure [build/release]
  --data DIR        folder of IDX files [\$NNTRAIN_DATA, else datasets/mnist]
  --output DIR      where tables and figures go [build/bench]
  --rounds N        how often everything is run in turn [$rounds]
  --epochs N        epochs of a run, of which the first does not count [$epochs]
  --cores A,B...    the cores to use [$cores]
  --far NS          round trip from which two cores count as far from each other [$far]"

# The same for all: no kernels forced on any BLAS, no number of threads from outside, no accelerator.
# Plain decimal points, whatever the language.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE OMP_NUM_THREADS OPENBLAS_NUM_THREADS MKL_NUM_THREADS NNTRAIN_DATA
export CUDA_VISIBLE_DEVICES='' LC_ALL=C
# Root may start ranks, and more ranks than cores may run.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1

usage_error() {
  echo "$0: $*; see --help" >&2
  exit 64
}

# common_option <name> <value>: false if it is none of the options above.
common_option() {
  case $1 in
    --build) build=$(realpath -m "$2") ;;
    --data) data=$(realpath -m "$2") ;;
    --output) output=$(realpath -m "$2") ;;
    --rounds) rounds=$2 ;;
    --epochs) epochs=$2 ;;
    --cores) cores=$2 ;;
    --far) far=$2 ;;
    *) return 1 ;;
  esac
}

# Checks the options and makes a scratch folder, the list of cores, and the file of records.
prepare() { # <title of the records>
  local number
  for number in "$rounds" "$epochs" "$far"; do
    [[ $number =~ ^[1-9][0-9]*$ ]] || usage_error "'$number' is no number"
  done
  [ "$epochs" -ge 2 ] || usage_error "--epochs: at least 2, since the first does not count"
  [[ $cores =~ ^[0-9]+(,[0-9]+)*$ ]] || usage_error "--cores '$cores': numbers with commas, please"
  IFS=, read -ra core_list <<<"$cores"
  [ -e "$data/train-images-idx3-ubyte" ] || [ -e "$data/train-images-idx3-ubyte.gz" ] ||
    usage_error "no IDX files in $data"
  nntrain=$build/nntrain
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  if ! cmake --build "$build" --target nntrain_cli bench >"$scratch/out" 2>&1; then
    tail -n 20 "$scratch/out" >&2
    usage_error "cannot build in $build; first: cmake --preset release"
  fi
  mkdir -p "$output"
  records=$output/$1.jsonl
  : >"$records"
  machine >"$scratch/machine.json"
}

# What the figures depend on, as JSON.
machine() {
  local model family number version
  model=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -1)
  family=$(sed -n 's/^cpu family[[:space:]]*: //p' /proc/cpuinfo | head -1)
  number=$(sed -n 's/^model[[:space:]]*: //p' /proc/cpuinfo | head -1)
  version=$("$nntrain" --version | paste -sd'|' | sed 's/"/\\"/g; s/|/", "/g')
  printf '{"cpu": "%s", "family": "%s", "model": "%s", "cores": %d, "cores_used": "%s", ' \
    "${model:-$(uname -m)}" "$family" "$number" "$(nproc --all)" "$cores"
  printf '"kernel": "%s", "load_before": %s, "date": "%s", "commit": "%s", "nntrain": ["%s"]}\n' \
    "$(uname -r)" "$(cut -d' ' -f1 /proc/loadavg)" "$(date -u +%FT%TZ)" \
    "$(git -C "$root" describe --always --dirty 2>/dev/null || echo unknown)" "$version"
}

# plural <number> <noun>
plural() { if [ "$1" -eq 1 ]; then echo "1 $2"; else echo "$1 $2s"; fi; }

# accepts <option> <value>: does this nntrain know the option, and the value for it?
accepts() { "$nntrain" --print-config "$1" "$2" >/dev/null 2>&1; }

# launch <ranks> <threads of a rank> <program> <argument>...: puts into the array `command` what runs
# a program on the cores. Ranks are not bound any further. More of them than cores are told by Open MPI
# to give up their core while they wait, as it does when it notices that by itself.
launch() {
  local ranks=$1 threads=$2 list=$cores yield=()
  shift 2
  if [ "$ranks" -eq 1 ]; then
    [ "$threads" -gt 1 ] || list=${core_list[0]}
    command=(taskset -c "$list" "$@")
  else
    [ $((ranks * threads)) -le ${#core_list[@]} ] || yield=(--mca mpi_yield_when_idle 1)
    command=(taskset -c "$cores" mpirun --quiet -n "$ranks" --bind-to none ${yield[@]+"${yield[@]}"} "$@")
  fi
}

# launch_nntrain <ranks> <threads> <argument>...: the same for nntrain, without evaluation.
launch_nntrain() {
  local ranks=$1 threads=$2
  shift 2
  if accepts --threads "$threads"; then set -- --threads "$threads" "$@"; fi
  launch "$ranks" "$threads" "$nntrain" --data "$data" --validation none --progress none \
    --fresh --output "$scratch/run" "$@"
}

# printed <key>: the rest of the line "key: ..." that nntrain has printed.
printed() { sed -n "s/^$1: //p" "$scratch/out"; }

# The reader of a run of nntrain: its record, as JSON, from its results and what it has printed.
read_nntrain() {
  h5dump -d /history/seconds -y -w 1 -m %.9g -o "$scratch/seconds" "$scratch/run/results.h5" >/dev/null || return
  printf '{"seconds": [%s], "accuracy": %s, "parameters": "%s", "model": "%s", "training": "%s", "time": "%s"}' \
    "$(tr -d ' \n' <"$scratch/seconds")" "$(printed 'Test accuracy')" "$(printed Parameters)" \
    "$(printed model)" "$(printed training)" "$(printed Time)"
}

# The reader of a peer: the one line of JSON that it prints.
read_peer() { grep '^{"seconds"' "$scratch/out"; }

round_trip() {
  [ ${#core_list[@]} -ge 2 ] || { echo null && return; }
  "$build/tests/bench_round_trip" "${core_list[0]}" "${core_list[1]}"
}

# leave_out <name> <why>: said in the tables as well.
leave_out() {
  echo "left out: $1: $2" >&2
  printf '{"left_out": "%s", "why": "%s"}\n' "$1" "$2" >>"$records"
}

# Seconds that all cores together have worked, or waited for a hypervisor that gave them to others.
busy() {
  awk -v hz="$(getconf CLK_TCK)" '/^cpu / { print ($2 + $3 + $4 + $7 + $8 + $9) / hz }' /proc/stat
}

# contest <round> <name> <cores> <against> <reader>: runs `command` and adds a record. <against> is a
# JSON object, column: name of a record to compare with. "others" is the share of the machine that was
# busy with something else meanwhile. A run that fails is left out.
contest() {
  local trip_before trip_after busy_before busy_after run status=0 wall others TIMEFORMAT='%R %U %S'
  rm -rf "$scratch/run"
  trip_before=$(round_trip)
  busy_before=$(busy)
  {
    time timeout -k 10 "$time_limit" "${command[@]}" >"$scratch/out" 2>"$scratch/err" </dev/null
  } 2>"$scratch/time" || status=$?
  busy_after=$(busy)
  trip_after=$(round_trip)
  if [ $status -ne 0 ] || ! run=$("$5"); then
    leave_out "$2 in round $1" "it failed with exit code $status"
    printf '%s\n' "${command[*]}" "$(tail -n 20 "$scratch/err")" >&2
    failures=$((failures + 1))
    return
  fi
  read -r wall others < <(awk -v a="$busy_before" -v b="$busy_after" -v cores="$(nproc --all)" \
    '{ others = (b - a - $2 - $3) / $1 / cores; print $1, others < 0 ? 0 : others }' "$scratch/time")
  printf '{"round": %d, "name": "%s", "cores": %d, "wall": %s, "others": %.2f, "round_trip": [%s, %s], ' \
    "$1" "$2" "$3" "$wall" "$others" "$trip_before" "$trip_after" >>"$records"
  printf '"against": %s, "run": %s}\n' "$4" "$run" >>"$records"
  echo "round $1 of $rounds: $2: $(tail -n 1 "$records" | python3 "$here/report.py" line "$figure")" >&2
}

# make_table <title> <figure>: of the records; in Markdown on standard output and in a file.
make_table() {
  python3 "$here/report.py" table "$2" --title "$1" --far "$far" --machine "$scratch/machine.json" \
    --json "${records%.jsonl}.json" "$records" >"${records%.jsonl}.md"
  cat "${records%.jsonl}.md"
  [ "$failures" -eq 0 ] || echo "$0: $failures runs failed" >&2
}
