# Sourced by the scripts that run the whole program; not a test itself.
#
# Wants NNTRAIN (the program) and MPIRUN (the launcher). Gives a scratch folder that is the current one,
# a way to run on n ranks with a limit in time, and the hash that a run has printed.
# shellcheck shell=bash
: "${NNTRAIN:?}" "${MPIRUN:?}"
unset NNTRAIN_DATA
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
failures=0

# run <ranks> <argument>...: the program, more than one rank under the launcher, at most 120 s. mpirun
# has been seen to hang at its own exit, hence -k.
run() {
  local ranks=$1
  shift
  if [ "$ranks" -eq 1 ]; then
    timeout -k 10 120 "$NNTRAIN" "$@"
    return
  fi
  # shellcheck disable=SC2086 # MPIRUN is a command with options
  timeout -k 10 120 $MPIRUN -n "$ranks" "$NNTRAIN" "$@"
}

# launched_by <process of a `run` in the background>: mpirun, or the program if it runs by itself; nothing
# if that has ended.
launched_by() {
  local limit
  limit=$(pgrep -P "$1") && pgrep -P "$limit" | head -n 1
}

# run_each <ranks> <argument>...: the same, always under the launcher; each rank tells its own exit
# code in a line "exit code N". The launcher sees success, since it would take 2 s to end otherwise.
# shellcheck disable=SC2016 # for the shell of each rank
echo '"$NNTRAIN" "$@"; echo "exit code $?"' >rank.sh
run_each() {
  local ranks=$1
  shift
  # shellcheck disable=SC2086 # MPIRUN is a command with options
  timeout -k 10 120 $MPIRUN -n "$ranks" bash rank.sh "$@"
}

# process_of <rank> <folder>: the process of a rank whose last arguments are --output <folder>.
process_of() {
  local process
  for process in $(pgrep -f "^$NNTRAIN .*--output $2\$"); do
    tr '\0' '\n' <"/proc/$process/environ" | grep -qx "OMPI_COMM_WORLD_RANK=$1" && echo "$process"
  done
}

# is_sanitized: is the program built with the address sanitizer, which has its own ways with memory?
is_sanitized() { nm "$NNTRAIN" 2>/dev/null | grep -q __asan_init; }

# hash_of <file>: the parameters' SHA-256 in a run's output.
hash_of() { sed -n 's/^Parameters: sha256 \([0-9a-f]\{64\}\)$/\1/p' "$1"; }

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

finish() {
  [ "$failures" -eq 0 ] || exit 1
  echo "passed"
}
