#!/bin/bash
# More memory than there is ends the start with a message on every rank, not with a kill.
#
#   no_memory.sh <nntrain> <mpiexec>
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
# shellcheck source=tests/support/program.sh
. "$(dirname "$0")/../support/program.sh"

small=(--quiet --train-samples 300 --test-samples 100 --epochs 1)

expect() { # <ranks> <pattern> <argument>...
  local ranks=$1 pattern=$2 began=$SECONDS
  shift 2
  run_each "$ranks" "${small[@]}" "$@" --output refused >out 2>err
  [ "$(grep -c '^exit code 70$' out)" -eq "$ranks" ] || { fail "$*: codes:" && cat out err; }
  if [ "$(grep -vc '^nntrain: warning: ' err)" -ne 1 ] || ! grep -qE "$pattern" err; then
    fail "$*: not one line with '$pattern': $(cat err)"
  fi
  [ ! -e refused ] || fail "$*: the folder has been made"
  [ "$((SECONDS - began))" -le 20 ] || fail "$*: takes $((SECONDS - began)) s"
  grep '^nntrain: out of memory' err
}

number='[0-9]+\.[0-9] MiB'
echo "== more than the machine has"
node="^nntrain: out of memory: training needs $number on a node, of which its ranks share $number, but $number are available; "
for ranks in 1 3; do
  # 200,000 times 200,000 weights and their moments are 447 GiB.
  expect "$ranks" "$node" --hidden 200000,200000 --optimizer adam --exchange shared
done
expect 3 "^nntrain: " --hidden 200000,200000 --optimizer adam --exchange tree

echo "== more than a limit allows"
if is_sanitized; then
  echo "skipped: the address sanitizer needs an address space without limit"
else
  for ranks in 1 3; do
    (
      # 20,000 times 4,000 weights are 305 MiB; Open MPI and the libraries have what they want.
      ulimit -v 700000
      expect "$ranks" "^nntrain: out of memory: training needs $number of address space in a rank, but the limit \(ulimit -v\) leaves $number" \
        --hidden 20000,4000,4000 --optimizer adam
      [ "$failures" -eq 0 ]
    ) || fail "ulimit -v on $ranks ranks"
  done
fi

echo "== more than a control group allows"
group=/sys/fs/cgroup/nntrain-test-$$
if ! mkdir "$group" 2>/dev/null || [ ! -e "$group/memory.max" ]; then
  rmdir "$group" 2>/dev/null
  echo "skipped: no control group of version 2 with memory can be made here"
else
  echo $((300 << 20)) >"$group/memory.max"
  (
    echo "$BASHPID" >"$group/cgroup.procs"
    expect 2 "$node" --hidden 20000,4000,4000 --optimizer adam
    [ "$failures" -eq 0 ]
  ) || fail "the control group"
  rmdir "$group"
fi
finish
