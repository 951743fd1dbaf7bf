#!/bin/bash
# When launch/nntrain-run starts again and when it gives up, among stand-ins for mpirun and nntrain.
#
#   restarts.sh <project root>
set -u
root=$1
scratch=$(mktemp -d) || exit 1
trap 'rm -r "$scratch"' EXIT
cd "$scratch" || exit 1
mkdir tools out
PATH=$PWD/tools:$PATH
failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# nntrain tells what the files step and held say.
cat >tools/nntrain <<END
#!$BASH
sleep "\$(cat slow)"
printf 'Folder: out\nState: running\nStep: %s\n' "\$(cat step)"
exit "\$(cat held)"
END
# mpirun takes the next line of the plan: the newest step, the exit code of nntrain status, its own.
cat >tools/mpirun <<END
#!$BASH
echo "\$*" >>told
read -r step held code < <(sed -n "\$(wc -l <told)p" plan)
touch out/results.h5
echo "\$step" >step
echo "\$held" >held
exit "\$code"
END
chmod +x tools/nntrain tools/mpirun

# follow <name> <step before> <held before> <expected code> <expected starts> <plan, lines by ;> <argument>...
follow() {
  local name=$1 expected=$4 starts=$5 code
  echo "$2" >step
  echo "$3" >held
  echo 0 >slow
  tr ';' '\n' <<<"$6" >plan
  : >told
  shift 6
  timeout -k 5 50 bash "$root/launch/nntrain-run" --pause 0s "$@" >out.txt 2>&1
  code=$?
  [ "$code" -eq "$expected" ] || fail "$name: exit code $code instead of $expected: $(cat out.txt)"
  [ "$(wc -l <told)" -eq "$starts" ] || fail "$name: $(wc -l <told) starts instead of $starts"
}

run=(-n 2 nntrain --epochs 3)
follow "one start is enough" -1 65 0 1 '9 0 0' "${run[@]}"
follow "crashes with progress" -1 65 0 4 '1 75 137;2 75 139;3 75 205;9 0 0' "${run[@]}"
follow "one start without progress" -1 65 0 4 '1 75 137;1 75 137;3 75 205;9 0 0' "${run[@]}"
follow "two starts without progress" -1 65 137 3 '1 75 205;1 75 137;1 75 137;9 0 0' "${run[@]}"
follow "no checkpoint at all" -1 65 1 2 '-1 65 1;-1 65 1;9 0 0' "${run[@]}"
follow "more crashes than restarts" -1 65 137 3 '1 75 137;2 75 137;3 75 137;9 0 0' --restarts 2 "${run[@]}"
follow "stopped" -1 65 75 1 '1 75 75;9 0 0' "${run[@]}"
follow "wrong usage" -1 65 64 1 '-1 65 64;9 0 0' "${run[@]}"
follow "bad data" 5 75 65 1 '5 75 65;9 0 0' "${run[@]}"
follow "success without a complete run" -1 65 70 2 '-1 65 0;-1 65 0' "${run[@]}"
follow "diverged, again and again" 5 75 70 2 '5 75 70;5 75 70;9 0 0' "${run[@]}"

# A complete run that is there already does not make a failed start a success.
follow "mpirun does not start" 9 0 0 1 '9 0 0' "${run[@]}"
sed -i 's|^touch out/results.h5|touch -d @1 out/results.h5|' tools/mpirun
follow "mpirun does not start, beside a complete run" 9 0 1 2 '9 0 1;9 0 1' "${run[@]}"
sed -i 's|^touch -d @1|touch|' tools/mpirun

follow "begins anew once" 9000 0 0 4 '50 75 137;50 75 137;60 75 205;70 0 0' "${run[@]}" --fresh
[ "$(grep -c -e --fresh told)" -eq 1 ] || fail "begins anew once: $(cat told)"

# A stop before the first start.
stop_early() { # <held> <expected code>
  local job code
  echo "$1" >held
  echo 1 >slow
  : >told
  bash "$root/launch/nntrain-run" "${run[@]}" >out.txt 2>&1 &
  job=$!
  sleep 0.5
  kill -TERM "$job"
  wait "$job"
  code=$?
  [ "$code" -eq "$2" ] || fail "stopped before the start, $1: exit code $code instead of $2"
  [ ! -s told ] || fail "stopped before the start, $1: mpirun was started"
}
stop_early 75 75
stop_early 65 1
[ "$failures" -eq 0 ] || exit 1
echo "passed"
