# Ranks that were started with different options would train different nets: all are refused.
# shellcheck disable=SC2016 # for the shell of each rank
export rank='"$NNTRAIN" "$@"; echo "exit code $?"'
$MPIRUN -n 2 bash -c "$rank" - --seed 1 : -n 1 bash -c "$rank" - --seed 2
$MPIRUN -n 1 bash -c "$rank" - --optimizer adam : -n 2 bash -c "$rank" -
