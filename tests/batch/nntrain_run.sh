#!/bin/bash
# launch/nntrain-run: crashes, signals, and launchers that lie or hang. However a run is disturbed, it
# ends with the parameters of the undisturbed one.
#
#   nntrain_run.sh <nntrain> <mpiexec>
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/support/program.sh
. "$root/tests/support/program.sh"

arguments=(--quiet --hidden 100 --train-samples 1500 --test-samples 300 --batch-size 50 --epochs 60
  --optimizer adam --checkpoint-every 20steps)

# launcher <what it does, in bash>: the mpirun that nntrain-run finds. There, real is the true one.
launcher() {
  printf '#!%s\nreal() { exec %q --quiet "$@"; }\n%s\n' "$BASH" "$real" "$1" >tools/mpirun
  chmod +x tools/mpirun
}
real=$2
mkdir tools
PATH=$PWD/tools:$PATH
# shellcheck disable=SC2016 # for the launcher
honest='real "$@"'

# job <name> <option of nntrain-run>... [-- <option of nntrain>...]: in the background, as $job, with its
# words in <name>.err.
job() {
  local name=$1 own=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    own+=("$1")
    shift
  done
  touch "$name.started"
  timeout -k 10 120 bash "$root/launch/nntrain-run" --pause 1s "${own[@]}" -n 2 "$NNTRAIN" \
    "${arguments[@]}" --output "$name" "${@:2}" >"$name.out" 2>"$name.err" &
  job=$!
}

# ended <name> <exit code>
ended() {
  wait "$job"
  local code=$?
  [ "$code" -eq "$2" ] || { fail "$1: exit code $code instead of $2" && cat "$1.err"; }
}

says() { # <name> <pattern>
  grep -qE "^nntrain-run: .*$2" "$1.err" || { fail "$1 does not say '$2'" && cat "$1.err"; }
}

# Waits until the job has written a checkpoint after `since`.
wait_for_checkpoint() { # <name> <since, a file>
  local i
  for ((i = 0; i < 600; i++)); do
    [ -z "$(find "$1" -name 'checkpoint-*' -newer "$2" 2>/dev/null)" ] || return 0
    sleep 0.05
  done
  fail "$1: no checkpoint within 30 s"
}

kill_a_rank() { # <name>
  local victim
  victim=$(pgrep -f "^$NNTRAIN.*--output $1( --fresh)?\$" | shuf -n 1)
  kill -KILL "$victim"
  touch "$1.killed"
}

is_the_same() { # <name>
  local seen
  seen=$("$NNTRAIN" status --output "$1" | hash_of /dev/stdin)
  echo "$1: ${seen:-no hash}"
  [ "$seen" = "$expected" ] || fail "$1: the parameters differ from $expected"
}

echo "== undisturbed"
launcher "$honest"
job undisturbed
ended undisturbed 0
[ ! -s undisturbed.err ] || grep -v 'no data found' undisturbed.err
expected=$(hash_of undisturbed.out)
[ -n "$expected" ] || fail "the undisturbed run printed no hash"
is_the_same undisturbed

echo "== two crashes"
job crashed
wait_for_checkpoint crashed crashed.started
kill_a_rank crashed
wait_for_checkpoint crashed crashed.killed
sleep 1
kill_a_rank crashed 2>/dev/null || echo "only one rank was killed"
ended crashed 0
says crashed 'mpirun has ended with code 137: a rank or mpirun was killed; the newest checkpoint: step [1-9]'
says crashed 'starting again in 1 s, 1 of at most 10 times'
is_the_same crashed

echo "== a crash of a run that begins anew"
job crashed -- --fresh
wait_for_checkpoint crashed crashed.started
kill_a_rank crashed
ended crashed 0
says crashed 'starting again'
[ ! -e crashed.2 ] || fail "crashed: began anew a second time"
is_the_same crashed

echo "== more crashes than restarts"
job unlucky --restarts 0
wait_for_checkpoint unlucky unlucky.started
kill_a_rank unlucky
ended unlucky 137
says unlucky 'giving up: 0 of 0 restarts are used'

echo "== no progress"
launcher 'exit 205'
job stuck
ended stuck 205
says stuck 'mpirun has ended with code 205: the connection to a host was lost; the newest checkpoint: none'
says stuck 'giving up: two starts without a new checkpoint'

echo "== TERM, then the same command"
launcher "$honest"
job stopped
wait_for_checkpoint stopped stopped.started
kill -TERM "$(pgrep -P "$job")"
ended stopped 75
says stopped 'TERM: the ranks are asked to save and end'
says stopped 'stopped; the newest checkpoint is that of step [1-9]'
job stopped
ended stopped 0
is_the_same stopped

echo "== a launcher that says success, and has lost the ranks"
# shellcheck disable=SC2016 # for the launcher
launcher '
[ -e lied ] && real "$@"
(real "$@") &
until ls liar/checkpoint-* >/dev/null 2>&1; do sleep 0.1; done
kill -KILL $!
touch lied
exit 0'
job liar
ended liar 0
says liar 'mpirun has ended with code 0: success, but the run is not complete'
is_the_same liar

echo "== a launcher that says failure, although all is done"
# shellcheck disable=SC2016 # for the launcher
launcher '(real "$@"); exit 137'
job pessimist
ended pessimist 0
says pessimist 'mpirun has ended with code 137, but the run is complete'
is_the_same pessimist

echo "== a launcher that hangs when all is done"
# shellcheck disable=SC2016 # for the launcher
launcher '(real "$@"); sleep 100'
job hanging --grace 2s
ended hanging 0
says hanging 'the run has ended \(complete\), 2 s ago: mpirun is killed'
is_the_same hanging

echo "== a launcher that hangs when a rank has been killed early"
# shellcheck disable=SC2016 # for the launcher
launcher '
[ -e deaf/tried ] && real "$@"
mkdir deaf && touch deaf/tried
sleep 0.5 &
exec sleep 100'
job deaf
ended deaf 0
says deaf 'the ranks have ended, and mpirun hangs: mpirun is killed'
says deaf 'starting again'
is_the_same deaf

echo "== a launcher that hangs when it is told to end"
# shellcheck disable=SC2016 # for the launcher
launcher '
trap "kill -USR1 \$p" USR1
(real "$@") & p=$!
while kill -0 $p 2>/dev/null; do wait $p; done
sleep 100'
job sluggish --grace 4s
wait_for_checkpoint sluggish sluggish.started
kill -INT "$(pgrep -P "$job")"
ended sluggish 75
says sluggish '(not ended within 4 s|the run has ended \(stopped\), 4 s ago): mpirun is killed'

echo "== a second TERM"
# shellcheck disable=SC2016 # for the launcher
launcher '
trap "" USR1
trap "kill -TERM \$p; exit 1" TERM
(real "$@") & p=$!
wait $p'
job hurried -- --epochs 100000
wait_for_checkpoint hurried hurried.started
kill -TERM "$(pgrep -P "$job")"
sleep 2
kill -TERM "$(pgrep -P "$job")"
before=$SECONDS
ended hurried 75
[ $((SECONDS - before)) -le 4 ] || fail "hurried: it took $((SECONDS - before)) s"
says hurried 'TERM again: all ends at once'

echo "== a time-out"
launcher "$honest"
job late --timeout 5s -- --epochs 100000
ended late 75

echo "== what nntrain refuses is not tried again"
job refused -- --resume require
ended refused 64
[ "$(grep -c 'starting again' refused.err)" -eq 0 ] || fail "refused: started again"

echo "== what mpirun gets"
# shellcheck disable=SC2016 # for the launcher
launcher 'echo "$*"; env; exit 64'
printf 'localhost\n' >nodes
touch -d @1900000000 nodes
PBS_WALLTIME=3600 PBS_NODEFILE=nodes OMPI_MCA_oob_tcp_keepalive_intvl=7 job told
ended told 64
for line in "-x NNTRAIN_END_TIME -n 2 $NNTRAIN ${arguments[*]} --output told" \
  NNTRAIN_END_TIME=1900003600 OMPI_MCA_oob_tcp_keepalive_time=5 OMPI_MCA_oob_tcp_keepalive_intvl=7 \
  OMPI_MCA_oob_tcp_keepalive_probes=3; do
  grep -qxF -e "$line" told.out || { fail "mpirun did not get $line" && cat told.out; }
done

echo "== wrong usage"
refuses() { # <message> <argument>...
  local message=$1 code
  shift
  bash "$root/launch/nntrain-run" "$@" >refuses.out 2>refuses.err
  code=$?
  [ "$code" -eq 64 ] || fail "$*: exit code $code"
  grep -qxF "nntrain-run: $message; see --help" refuses.err || { fail "$*:" && cat refuses.err; }
}
refuses 'no program named nntrain in: -n 2 prog' -n 2 prog
refuses "there is no program 'nowhere/nntrain'" -n 2 nowhere/nntrain
refuses "--timeout '5': not a time such as 90s, 50min or 3h" --timeout 5 -n 2 "$NNTRAIN"
refuses "--restarts 'x': not a whole number" --restarts x -n 2 "$NNTRAIN"
refuses '--pause needs a value' --pause
refuses 'nntrain does not understand: --epochs 0' -n 2 "$NNTRAIN" --epochs 0
finish
