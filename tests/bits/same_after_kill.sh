#!/bin/bash
# Ranks are killed at random moments, and each time the same command goes on with another number of
# ranks: the parameters must be those of the undisturbed run.
#
#   same_after_kill.sh <nntrain> <mpiexec> [<kills>]
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
kills=${3:-6}
# shellcheck source=tests/support/program.sh
. "$(dirname "$0")/../support/program.sh"

arguments=(--quiet --hidden 120 --train-samples 1500 --test-samples 300 --batch-size 50 --epochs 120
  --optimizer adam --checkpoint-every 7steps)

run 1 "${arguments[@]}" --output undisturbed >undisturbed.out || fail "the undisturbed run"
expected=$(hash_of undisturbed.out)
[ -n "$expected" ] || fail "the undisturbed run printed no hash"

killed=0
resumed=0
rank_counts=(3 2 5 1 8)
for ((start = 0; start < 60; start++)); do
  ranks=${rank_counts[start % 5]}
  ls disturbed/checkpoint-*.weights.h5 >/dev/null 2>&1 && resumed=$((resumed + 1))
  run "$ranks" "${arguments[@]}" --output disturbed >disturbed.out 2>disturbed.err &
  launcher=$!
  if [ "$killed" -lt "$kills" ]; then
    sleep "$((RANDOM % 2)).$((RANDOM % 7 + 3))"
    # One rank, whichever comes first in the list; the launcher then ends the others.
    victim=$(pgrep -f "^$NNTRAIN.*--output disturbed" | shuf -n 1)
    [ -z "$victim" ] || { kill -9 "$victim" 2>/dev/null && killed=$((killed + 1)); }
  fi
  wait "$launcher" && break
done
seen=$(hash_of disturbed.out)
echo "$killed kills, $resumed resumes; undisturbed $expected, disturbed ${seen:-no hash}"
[ "$seen" = "$expected" ] || { fail "the parameters differ" && cat disturbed.err; }
[ "$killed" -gt 0 ] || fail "nothing was killed: this test tested nothing"
leftover=$(find disturbed -type f | grep -vE '/(checkpoint-[0-9]+[.]weights[.]h5|results[.]h5)$')
[ -z "$leftover" ] || fail "files left over: $leftover"
finish
