#!/bin/bash
# Ranks on two and four hosts give the bits of one, over TCP; a host that is lost ends the run within 30 s,
# with a message, and the same command then goes on to the same bits.
#
#   several_hosts.sh <nntrain> <mpiexec>
set -u
# Ended from outside, it would leave its namespaces behind.
[ -n "${bounded:-}" ] || bounded=1 exec timeout -k 30 240 bash "$0" "$@"
export NNTRAIN=$1 MPIRUN="$2 --quiet"
real=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/support/program.sh
. "$root/tests/support/program.sh"
# shellcheck source=tests/batch/hosts.sh
. "$root/tests/batch/hosts.sh"
can_have_hosts || exit 77
hosts_up 4 || exit 1
PATH=$PWD/tools:$PATH

# 784-40-10: 31,810 parameters.
parameters=31810
steps=30
arguments=(--quiet --hidden 40 --train-samples 1000 --test-samples 200 --batch-size 70 --steps "$steps"
  --optimizer adam)

# compare <name> <argument>...: on one host, and on the several ones of `places`.
compare() {
  local name=$1 expected hosts ranks seen
  shift
  run 1 "${arguments[@]}" "$@" --output "$name" >"$name.out" 2>"$name.err" || cat "$name.err"
  expected=$(hash_of "$name.out")
  echo "$name on one host: ${expected:-no hash}"
  for hosts in "${places[@]}"; do
    ranks=$(grep -o ':.' <<<"$hosts" | tr -d '\n' | sed 's/://; s/:/+/g')
    ranks=$((ranks))
    timeout -k 5 60 mpirun --host "$hosts" -n "$ranks" "$NNTRAIN" "${arguments[@]}" "$@" \
      --output "$name-$hosts" >several.out 2>several.err || { fail "$name on $hosts:" && cat several.err; }
    seen=$(hash_of several.out)
    echo "$name on $hosts: ${seen:-no hash}"
    [ "$seen" = "$expected" ] || fail "$name on $hosts: the parameters differ"
  done
}

places=("host0:1,host1:1" "host0:1,host1:2" "host0:1,host1:1,host2:1,host3:1" "host0:2,host2:2,host3:1")
before=$(sent_by host1)
compare auto
# In each step a host of two sends half of the gradient and half of the parameters.
least=$((2 * steps * parameters * 4))
sent=$(($(sent_by host1) - before))
echo "host1 has sent $sent bytes"
[ "$sent" -ge "$least" ] || fail "host1 has sent less than the $least bytes of two runs on two hosts"
places=("host0:1,host1:2" "host0:1,host1:1,host2:1,host3:1")
compare tree --exchange tree --threads 2
compare clipped --exchange tree --clip-norm 0.1 --l2 0.001 --microbatches 11

echo "== not for several hosts"
timeout -k 5 60 mpirun --host host0:1,host1:1 -n 2 "$NNTRAIN" "${arguments[@]}" --exchange shared \
  --output refused >refused.out 2>refused.err
code=$?
[ "$code" -eq 64 ] || fail "--exchange shared on two hosts: exit code $code"
cat refused.err

arguments=(--quiet --hidden 40 --train-samples 1000 --test-samples 200 --batch-size 70 --steps 1000
  --optimizer adam --checkpoint-every 25steps)
run 2 "${arguments[@]}" --output undisturbed >undisturbed.out 2>undisturbed.err || cat undisturbed.err
expected=$(hash_of undisturbed.out)

job() { # <name> <option of nntrain-run>...
  touch "$1.started"
  timeout -k 10 120 bash "$root/launch/nntrain-run" "${@:2}" --host host0:1,host1:1 -n 2 "$NNTRAIN" \
    "${arguments[@]}" --output lost >"$1.out" 2>"$1.err" &
  job=$!
}

wait_for_checkpoint() { # <newer than this file>
  for _ in $(seq 600); do
    [ -z "$(find lost -name 'checkpoint-*' -newer "$1" 2>/dev/null)" ] || return 0
    sleep 0.05
  done
  fail "no checkpoint within 30 s"
}

says() { grep -q "^nntrain-run: $2" "$1.err" || { fail "$1 does not say '$2':" && cat "$1.err"; }; } # <name> <text>

nobody_is_left() {
  for _ in $(seq 100); do
    [ -n "$(processes_on host0)$(processes_on host1)" ] || return 0
    sleep 0.1
  done
  fail "processes are left:"
  for process in $(processes_on host0) $(processes_on host1); do ps -o pid,args "$process"; done
}

lost='mpirun has ended with code 205: the connection to a host was lost; the newest checkpoint: step [1-9]'

echo "== the daemon of a host is killed"
job killed --restarts 0
wait_for_checkpoint killed.started
for process in $(processes_on host1); do
  [ "$(cat "/proc/$process/comm")" != orted ] || kill -KILL "$process"
done
began=$SECONDS
wait "$job"
code=$?
echo "exit code $code after $((SECONDS - began)) s"
[ "$code" -eq 205 ] || fail "exit code $code instead of 205"
[ $((SECONDS - began)) -le 30 ] || fail "later than 30 s"
says killed "$lost"
nobody_is_left

echo "== the link to a host is cut, and comes back before nntrain-run starts again"
job cut --pause 3s
wait_for_checkpoint cut.started
cut host1
began=$SECONDS
until grep -q 'starting again' cut.err || [ $((SECONDS - began)) -gt 40 ]; do sleep 0.2; done
echo "noticed after $((SECONDS - began)) s"
[ $((SECONDS - began)) -le 30 ] || fail "later than 30 s"
mend host1
wait "$job"
code=$?
[ "$code" -eq 0 ] || { fail "exit code $code" && cat cut.err; }
says cut "$lost"
nobody_is_left
seen=$("$NNTRAIN" status --output lost | hash_of /dev/stdin)
echo "undisturbed $expected, after two losses ${seen:-no hash}"
[ -n "$seen" ] || fail "no hash"
[ "$seen" = "$expected" ] || fail "the parameters differ"
finish
