# Sourced after program.sh by the fault campaigns; not a test itself.
#
# A campaign has a short form, which CTest runs, and a long one (--long); a number says how much of it, and
# --seed=N is where the random numbers begin. Gives these, the undisturbed run to compare with, and the
# checks of what a fault has left behind.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # for the campaigns, and from program.sh
long=0
amount=''
seed=1
for argument in "$@"; do
  case $argument in
    --long) long=1 ;;
    --seed=*) seed=${argument#--seed=} ;;
    [0-9]*) amount=$argument ;;
    *) ;;
  esac
done
echo "seed $seed"
RANDOM=$seed

# What killed ranks leave in shared memory goes with the scratch folder.
mkdir "$scratch/shared"
export OMPI_MCA_btl_vader_backing_directory=$scratch/shared OMPI_MCA_osc_sm_backing_directory=$scratch/shared

# A tiny network on the built-in digits: a start takes a fraction of a second.
tiny=(--progress lines --hidden 4 --train-samples 64 --test-samples 16 --batch-size 32)
network_warning='^nntrain: warning: no data found: '
ranks_warning='^nntrain: warning: [0-9]* ranks '

# undisturbed <argument>...: runs to the end, and sets `expected` to the hash.
undisturbed() {
  run 1 "$@" --output "$scratch/undisturbed" >undisturbed.out 2>undisturbed.err ||
    { fail "the undisturbed run" && cat undisturbed.err; }
  expected=$(hash_of undisturbed.out)
  [ -n "$expected" ] || fail "the undisturbed run printed no hash"
}

# run_shimmed <ranks> [VARIABLE=VALUE]... -- <argument>...: as run, with these variables and the `shim`
# loaded into the ranks.
run_shimmed() {
  local ranks=$1 variables=() under=()
  # shellcheck disable=SC2206 # MPIRUN is a command with options
  [ "$ranks" -eq 1 ] || under=($MPIRUN -n "$ranks")
  shift
  while [ "$1" != -- ]; do
    variables+=("$1")
    shift
  done
  shift
  timeout -k 10 60 "${under[@]}" env LD_PRELOAD="${shim:?}" "${variables[@]}" "$NNTRAIN" "$@"
}

# The ranks that run on a folder, by process.
ranks_on() { pgrep -f "^$NNTRAIN .*--output $1( |\$)" | sort -n; }

# resumed_at <file>: the step that a start has gone on after, 0 if it began anew; reached <file>: the step
# that it is known to have done. An epoch of `tiny` is two steps.
resumed_at() { sed -n 's/^going on after step \([0-9,]*\)$/\1/p' "$1" | tr -d , | grep . || echo 0; }
reached() {
  local epoch
  epoch=$(sed -n 's/^Epoch \([0-9]*\)\/.*/\1/p' "$1" | tail -n 1)
  echo $((2 * ${epoch:-0}))
}

# is_crash <code>: ended by a signal that no one has sent?
is_crash() {
  case $1 in
    132 | 134 | 135 | 136 | 139 | 153 | 159) true ;; # ILL ABRT BUS FPE SEGV XFSZ SYS
    *) false ;;
  esac
}

# whole_and_right <what> <folder> <argument>...: there is a checkpoint, every one is whole, and the run that
# goes on from there ends with the bits of the undisturbed one and leaves no temporary file.
whole_and_right() {
  local what=$1 folder=$2 code seen
  shift 2
  run "${resume_on:-1}" "$@" --output "$folder" --resume require >after.out 2>after.err
  code=$?
  seen=$(hash_of after.out)
  if [ "$code" -ne 0 ] || [ "$seen" != "$expected" ]; then
    fail "$what: the resumed run ends with code $code and ${seen:-no hash}, not $expected"
    cat after.err
  fi
  if grep -q 'damaged' after.err; then
    fail "$what: a damaged checkpoint was left" && cat after.err
  fi
  [ -z "$(find "$folder" -name '*.tmp*')" ] || fail "$what: left over: $(ls "$folder")"
}
