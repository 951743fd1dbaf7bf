#!/bin/bash
# After ZFS's ztest: ranks, the launcher, or all of them are killed at random times, again and again, and
# each time the same command goes on, with a random number of ranks and a random exchange. Each run ends
# with the bits of the undisturbed one.
#
#   kill_loop.sh <nntrain> <mpiexec> [--long] [<kills>] [--seed=N]
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
here=$(cd "$(dirname "$0")/../support" && pwd)
# shellcheck source=tests/support/program.sh
. "$here/program.sh"
shift 2
# shellcheck source=tests/support/campaign.sh
. "$here/campaign.sh"
kills=${amount:-$((long ? 300 : 8))}

tiny+=(--epochs 300 --checkpoint-every 5steps --optimizer adam)
exchanges=(auto shared tree)
killed=0 resumes=0 starts=0 finished=0 lost_sum=0 lost_most=0 slowest=0 hung=0
declare -A killed_as=([rank]=0 [launcher]=0 [all]=0)
undisturbed "${tiny[@]}"

# kill_some <folder> <process of run>: kills what is there; sets `victim` to its kind, or to nothing.
kill_some() {
  local kinds=(rank rank launcher all) alive launcher targets=()
  mapfile -t alive < <(ranks_on "$1")
  launcher=$(launched_by "$2")
  victim=${kinds[RANDOM % 4]}
  case $victim in
    rank) [ "${#alive[@]}" -eq 0 ] || targets=("${alive[RANDOM % ${#alive[@]}]}") ;;
    launcher) targets=("$launcher") ;;
    all) targets=("$launcher" "${alive[@]}") ;;
  esac
  if [ -z "${targets[*]}" ] || ! kill -KILL "${targets[@]}" 2>/dev/null; then victim=''; fi
}

# wait_for_ranks <folder>: that they end, which they do by themselves if one of them or the launcher is gone.
wait_for_ranks() {
  for _ in $(seq 200); do
    [ -n "$(ranks_on "$1")" ] || return
    sleep 0.1
  done
  fail "ranks live on 20 s after the kill of the $victim: $(ranks_on "$1" | tr '\n' ' ')"
  ranks_on "$1" | xargs -r kill -KILL
}

# wait_for_launcher <process of run>: once its ranks have gone. Open MPI 4.1's mpirun now and then stays for
# good (in PMIx_server_finalize), if a rank was killed that was just about to connect to it.
wait_for_launcher() {
  for _ in $(seq 100); do
    kill -0 "$1" 2>/dev/null || return
    sleep 0.1
  done
  hung=$((hung + 1))
  kill -KILL "$(launched_by "$1")"
}

# look_back: what the start before has lost, by what this one goes on after. One that was killed before
# it told does not know.
look_back() {
  local at lost
  if grep -q '^this run is complete' out; then return; fi
  grep -q '^training: ' out || return
  at=$(resumed_at out)
  [ "$at" -eq 0 ] || resumes=$((resumes + 1))
  lost=$((known - at))
  [ "$lost" -gt 0 ] || lost=0
  [ "$lost" -le 12 ] || fail "$lost steps lost, though a checkpoint is begun every 5, and one is on its way at most"
  lost_sum=$((lost_sum + lost))
  [ "$lost" -le "$lost_most" ] || lost_most=$lost
  known=$(reached out)
  [ "$known" -ge "$at" ] || known=$at
}

# start_once <folder> [kill]: one start, which is disturbed or not; sets `code`.
start_once() {
  local ranks=$((RANDOM % 8 + 1)) launcher took began
  starts=$((starts + 1))
  run "$ranks" "${tiny[@]}" --exchange "${exchanges[RANDOM % 3]}" --output "$1" >out 2>err &
  launcher=$!
  victim=''
  if [ $# -gt 1 ]; then
    sleep "0.$(printf '%03d' $((RANDOM % 1000)))"
    kill_some "$1" "$launcher"
    began=$(date +%s%N)
  fi
  if [ -n "$victim" ]; then
    wait_for_ranks "$1"
    took=$((($(date +%s%N) - began) / 1000000))
    [ "$took" -le "$slowest" ] || slowest=$took
    killed=$((killed + 1))
    killed_as[$victim]=$((killed_as[$victim] + 1))
    wait_for_launcher "$launcher"
  fi
  wait "$launcher"
  code=$?
  look_back
  grep -q damaged err && fail "a damaged checkpoint was left: $(cat err)"
  is_crash "$code" && fail "a crash, code $code: $(cat err)"
  if [ -z "$victim" ] && [ "$code" -ne 0 ]; then
    fail "nothing was killed, and the start ends with $code:" && cat err
    return 1
  fi
}

for ((n = 1; killed < kills && failures == 0; n++)); do
  known=0
  while [ "$killed" -lt "$kills" ] && [ "$failures" -eq 0 ]; do
    start_once "$scratch/run-$n" kill
    [ -n "$victim" ] || break
  done
  # The last kill may have hit a run that was just complete: then it prints its results again.
  [ "$code" -eq 0 ] || start_once "$scratch/run-$n"
  seen=$(hash_of out)
  [ "$seen" = "$expected" ] || fail "run $n: ${seen:-no hash} instead of $expected"
  [ -z "$(find "$scratch/run-$n" -name '*.tmp*')" ] || fail "left over: $(ls "$scratch/run-$n")"
  finished=$((finished + 1))
done
echo "$killed kills (${killed_as[rank]} of a rank, ${killed_as[launcher]} of the launcher," \
  "${killed_as[all]} of all), $starts starts, $resumes resumes, $lost_sum steps lost (at most $lost_most" \
  "at once), $finished runs finished with the bits of the undisturbed one;" \
  "all ranks end within $slowest ms of a kill; $hung times mpirun stayed without ranks"
[ "$killed" -ge "$kills" ] || fail "only $killed of $kills kills"
finish
