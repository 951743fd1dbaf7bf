#!/bin/bash
# --trace: all ranks are in it, whether the run ends or is stopped; it changes nothing of the result; and
# what cannot be written is told, before training where it can be known.
#
#   trace.sh <nntrain> <mpiexec>
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
# shellcheck source=tests/support/program.sh
. "$(dirname "$0")/../support/program.sh"

small=(--hidden 10 --train-samples 300 --test-samples 100 --epochs 2 --checkpoint-every 1epochs)

# names_of <file> <rank>: what the rank did, each once. Waiting and the exchange depend on the algorithm.
names_of() {
  sed -n 's/^{"name":"\([a-z]*\)","ph":"X","ts":[0-9]*\.[0-9]\{3\},"dur":[0-9]*\.[0-9]\{3\},"pid":1,"tid":'$(($2 + 1))',"args":{"step":[0-9]*,"epoch":[0-9]*}},\{0,1\}$/\1/p' "$1" |
    grep -vxE 'wait|exchange' | sort -u | tr '\n' ' '
}
# steps_of <file> <rank>: the number of updates
steps_of() { grep -c '^{"name":"update",.*"tid":'$(($2 + 1))',' "$1"; }

whole() { # <file> <ranks> <names of the phases>
  local rank
  [ "$(tail -n 1 "$1")" = ']}' ] || fail "$1 is not whole"
  [ "$(grep -c '"thread_name"' "$1")" -eq "$2" ] || fail "$1: not $2 ranks"
  for ((rank = 0; rank < $2; rank++)); do
    [ "$(names_of "$1" "$rank")" = "$3 " ] || fail "$1: rank $rank did: $(names_of "$1" "$rank")"
    [ "$(steps_of "$1" "$rank")" -eq "$(steps_of "$1" 0)" ] || fail "$1: steps of rank $rank"
  done
  [ -z "$(find . -name '*.tmp*')" ] || fail "temporary files are left: $(find . -name '*.tmp*')"
}

echo "== to the end, in the output folder, which is made by the run"
run 1 "${small[@]}" --output plain >plain.out 2>err || { fail "without a trace" && cat err; }
for ranks in 1 3; do
  run "$ranks" "${small[@]}" --output "out-$ranks" --trace "out-$ranks/trace.json" >out 2>err ||
    { fail "on $ranks ranks" && cat err; }
  grep -qxE "Trace: out-$ranks/trace.json: [0-9]+ events" out || { fail "note:" && cat out; }
  [ "$(hash_of out)" = "$(hash_of plain.out)" ] || fail "the trace changes the parameters"
  whole "out-$ranks/trace.json" "$ranks" "backward checkpoint data evaluation forward results update"
  [ "$(steps_of "out-$ranks/trace.json" 0)" -eq 6 ] || fail "not 6 steps on $ranks ranks"
done

echo "== again, with nothing to do"
cp out-3/trace.json before.json
run 3 "${small[@]}" --output out-3 --trace out-3/trace.json >out 2>err || fail "again"
grep -qx 'no trace is written, since nothing is trained' out || { fail "again:" && cat out; }
cmp before.json out-3/trace.json || fail "the old trace is gone"

echo "== stopped"
long=(--quiet --hidden 100 --train-samples 2000 --test-samples 300 --batch-size 50 --epochs 100000 --checkpoint-every 1epochs)
# begin <folder> <argument>...: three ranks, until they have written a checkpoint
begin() {
  run 3 "${long[@]}" --output "$@" >out 2>err &
  launcher=$!
  for _ in $(seq 200); do
    [ -z "$(find "$1" -name 'checkpoint-*' 2>/dev/null)" ] || return
    sleep 0.05
  done
  fail "no checkpoint within 10 s"
}
stop() {
  kill -USR1 "$(pgrep -f "^$NNTRAIN.*--output $1" | sort -n | tail -n 1)"
  wait "$launcher"
  code=$?
  [ "$code" -eq 75 ] || fail "stopped: exit code $code"
  grep -q '^nntrain: stopped with a valid checkpoint: after step' err || { fail "stopped:" && cat err; }
}
begin stopped --trace stopped.json
stop stopped
whole stopped.json 3 "backward checkpoint data evaluation forward results update"
[ -z "$(cat out)" ] || { fail "--quiet:" && cat out; }

echo "== stopped, with the trace's folder gone: that is a warning"
mkdir gone
begin lost --trace gone/trace.json
rmdir gone
stop lost
grep -qx 'nntrain: warning: cannot write gone/trace.json: No such file or directory' err ||
  { fail "no warning:" && cat err; }

echo "== to the end, with the trace's folder gone: all else is done"
mkdir gone
mkfifo started
run 3 "${small[@]}" --epochs 300 --progress lines --output late --trace gone/trace.json >started 2>err &
launcher=$!
grep -m 1 '^Epoch' started >/dev/null
rmdir gone
cat started >rest
wait "$launcher"
code=$?
[ "$code" -eq 74 ] || fail "folder gone: exit code $code"
grep -q '^Results: late/results.h5$' rest || { fail "folder gone: the figures" && cat rest; }
grep -qx 'nntrain: input/output error: cannot write gone/trace.json: No such file or directory' err ||
  { fail "folder gone:" && cat err; }

echo "== refused before training"
refuse() { # <file> <why>
  local ranks codes
  for ranks in 1 3; do
    run_each "$ranks" "${small[@]}" --output refused --trace "$1" >out 2>err
    codes=$(grep -c '^exit code 74$' out)
    [ "$codes" -eq "$ranks" ] || { fail "$1 on $ranks ranks:" && cat out; }
    grep -qx "nntrain: input/output error: cannot write $1: $2" err || { fail "$1:" && cat err; }
    [ -z "$(find refused -name 'checkpoint-*')" ] || fail "$1: training has begun"
  done
}
refuse nowhere/trace.json 'No such file or directory'
refuse plain 'it is not a regular file'
mkfifo pipe
refuse pipe 'it is not a regular file'
[ -p pipe ] || fail "the pipe is gone"
finish
