# A run that began with a checkpoint of another folder goes on in its own: the same command may be
# given again, as a batch system does.
folder=$(mktemp -d) && cd "$folder" || exit 1
trap 'rm -r "$folder"' EXIT
unset NNTRAIN_DATA
run() { # <file for the hash> <argument>...
  local hash=$1
  shift
  "$NNTRAIN" --hidden 10 --train-samples 300 --test-samples 100 --progress none "$@" 2>err |
    sed -n -e '/^going on/p' -e '/checkpoints of its own/p' -e '/^this run is complete/p' -e 's/^Parameters: sha256 //p' >out
  echo "exit code ${PIPESTATUS[0]}"
  grep -v '^nntrain: warning: no data found' err
  grep -v '^[0-9a-f]*$' out
  grep '^[0-9a-f]*$' out >"$hash.txt"
}
run whole --output whole --epochs 3
run first --output first --epochs 1
echo "== begin with the checkpoint"
from=(--output second --resume first/checkpoint-3.weights.h5)
run two "${from[@]}" --epochs 2
echo "== the same command"
run again "${from[@]}" --epochs 2
cmp two.txt again.txt
echo "== further, although the checkpoint is gone"
mv first elsewhere
run three "${from[@]}" --epochs 3
cmp whole.txt three.txt
echo "== another configuration"
run other "${from[@]}" --epochs 3 --seed 2
run other --output new --resume second/checkpoint-9.weights.h5 --epochs 3 --seed 2
run other --output new --resume second/checkpoint-9.weights.h5 --epochs 2
echo "== killed before its first checkpoint"
mv elsewhere first && rm second/checkpoint-*
run three "${from[@]}" --epochs 3
cmp whole.txt three.txt
