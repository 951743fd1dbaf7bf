#!/bin/bash
# Wrong input of every kind ends with one line and the promised code, within seconds, on 1 and 3 ranks.
#
#   bad_input.sh <nntrain> <mpiexec>
set -u
export NNTRAIN=$1 MPIRUN="$2 --quiet"
# shellcheck source=tests/support/program.sh
. "$(dirname "$0")/../support/program.sh"

small=(--quiet --hidden 10 --train-samples 300 --test-samples 100 --epochs 1)

# What libevent in mpirun says, rarely, when a rank ends while its output is still read.
launcher_noise='^\[warn\] Epoll MOD'

# expect <code> <part of the message> <argument>...: one line beside warnings, and the code on every one
# of 1 and of 3 ranks.
expect() {
  local code=$1 part=$2 ranks codes lines
  shift 2
  for ranks in 1 3; do
    run_each "$ranks" "$@" >out 2>err
    codes=$(grep -c "^exit code $code\$" out)
    lines=$(grep -vc -e '^nntrain: warning: ' -e "$launcher_noise" err)
    if [ "$codes" -ne "$ranks" ] || [ "$lines" -ne 1 ] || ! grep -qF -- "$part" err; then
      fail "on $ranks ranks: $*: not code $code everywhere and one line with '$part':"
      cat out err
    fi
  done
  echo "$code: $(grep -v '^nntrain: warning: ' err | head -1)"
}

# number <value>: four big-endian bytes
number() { printf '%b' "$(printf '\\x%02x' $(($1 >> 24 & 255)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255)))"; }
images() { # <count> <rows> <columns> <bytes that follow>
  printf '\0\0\10\3' && number "$1" && number "$2" && number "$3" && head -c "$4" /dev/zero | tr '\0' '\7'
}
labels() { # <count> <label of the last> <bytes before it>
  printf '\0\0\10\1' && number "$1" && head -c "$3" /dev/zero && printf '%b' "\\x$2"
}
good_data() { # <folder>: 20 training and 10 test images of 4x4 with labels 0 and 1
  rm -rf "$1" && mkdir "$1"
  images 20 4 4 320 >"$1/train-images-idx3-ubyte"
  labels 20 01 19 >"$1/train-labels-idx1-ubyte"
  images 10 4 4 160 >"$1/t10k-images-idx3-ubyte"
  labels 10 01 9 >"$1/t10k-labels-idx1-ubyte"
}
train=(--quiet --hidden 5 --epochs 1 --batch-size 8)

echo "== data"
good_data data
run 3 "${train[@]}" --data data --output good-out >out 2>err || { fail "good data:" && cat err; }
expect 65 "nowhere" "${train[@]}" --data nowhere
expect 65 "nowhere" "${train[@]}" --data ./nowhere/
good_data data && rm data/t10k-labels-idx1-ubyte
expect 65 "holds no t10k-labels-idx1-ubyte" "${train[@]}" --data data
good_data data && images 20 4 4 300 >data/train-images-idx3-ubyte
expect 65 "train-images-idx3-ubyte has 316 bytes instead of 336: it is cut short" "${train[@]}" --data data
good_data data && images 20 4 4 321 >data/train-images-idx3-ubyte
expect 65 "it is too long" "${train[@]}" --data data
good_data data && labels 20 01 19 >data/train-images-idx3-ubyte
expect 65 "begins with 00000801 instead of 00000802 to 00000805" "${train[@]}" --data data
good_data data && images 20 4 4 320 >data/train-labels-idx1-ubyte
expect 65 "begins with 00000803 instead of 00000801" "${train[@]}" --data data
good_data data && labels 19 01 18 >data/train-labels-idx1-ubyte
expect 65 "holds 19 labels, but there are 20 images" "${train[@]}" --data data
good_data data && images 10 5 4 200 >data/t10k-images-idx3-ubyte
expect 65 "has images of shape 5x4, but the training images have 4x4" "${train[@]}" --data data
good_data data && labels 10 09 9 >data/t10k-labels-idx1-ubyte
expect 65 "label 9 of sample 9 is out of range" "${train[@]}" --data data
good_data data && images 0 4 4 0 >data/train-images-idx3-ubyte
expect 65 "is empty" "${train[@]}" --data data
good_data data && images 4294967295 65535 65535 320 >data/train-images-idx3-ubyte
expect 65 "cannot be right" "${train[@]}" --data data
good_data data && echo "hello" >data/train-images-idx3-ubyte
expect 65 "begins with 68656c6c instead of" "${train[@]}" --data data
good_data data && : >data/train-images-idx3-ubyte
expect 65 "cut short" "${train[@]}" --data data
good_data data && mv data/train-images-idx3-ubyte data/train-images-idx3-ubyte.gz
expect 65 "not compressed by gzip" "${train[@]}" --data data
good_data data && gzip data/train-images-idx3-ubyte &&
  head -c 40 data/train-images-idx3-ubyte.gz >short.gz && mv short.gz data/train-images-idx3-ubyte.gz
expect 65 "train-images-idx3-ubyte.gz is cut short" "${train[@]}" --data data
good_data data && expect 64 "--train-samples 21: there are only 20" "${train[@]}" --data data --train-samples 21
expect 64 "--validation 20 leaves none" "${train[@]}" --data data --validation 20
echo "no data" >file.h5
expect 65 "file.h5 is not HDF5, although its name says so" "${train[@]}" --data file.h5
NNTRAIN_DATA=nowhere expect 65 "nowhere" "${train[@]}"

echo "== models and weights"
model() { # <layers>
  printf '{"class_name": "Sequential", "config": {"name": "m", "layers": [
    {"class_name": "InputLayer", "config": {"batch_shape": [null, 28, 28], "name": "in"}},
    {"class_name": "Flatten", "config": {"name": "flatten"}}, %s]}}' "$1"
}
dense() { # <name> <units> <activation>
  printf '{"class_name": "Dense", "config": {"name": "%s", "units": %s, "activation": "%s"}}' "$@"
}
with_model=(--quiet --train-samples 300 --test-samples 100 --epochs 1 --model model.json)
expect 74 "model.json" "${with_model[@]}"
echo '{"class_name":' >model.json && expect 65 "model.json" "${with_model[@]}"
echo '[]' >model.json && expect 65 "model.json" "${with_model[@]}"
model '{"class_name": "LSTM", "config": {"name": "l", "units": 4}}' >model.json
expect 65 "LSTM" "${with_model[@]}"
model "$(dense d 10 swishy)" >model.json && expect 65 "swishy" "${with_model[@]}"
model "$(dense d 0 relu)" >model.json && expect 65 "model.json" "${with_model[@]}"
model "$(dense d 99999999999999999999 relu)" >model.json && expect 65 "model.json" "${with_model[@]}"
model "$(dense d 5 softmax)" >model.json && expect 65 "has 5 outputs" "${with_model[@]}"
model "$(dense d 2000000000 relu),$(dense e 2000000000 softmax)" >model.json
expect 65 "" "${with_model[@]}"
head -c 100000 /dev/zero | tr '\0' '[' >model.json && expect 65 "model.json" "${with_model[@]}"
mkfifo pipe
expect 74 "cannot read pipe: it is not a regular file" --quiet --train-samples 300 --test-samples 100 --epochs 1 --model pipe
expect 74 "cannot read pipe: it is not a regular file" "${small[@]}" --init-from pipe
expect 74 "weights.h5" "${small[@]}" --init-from weights.h5
echo "no weights" >weights.h5 && expect 65 "weights.h5" "${small[@]}" --init-from weights.h5
run 1 "${small[@]}" --output other >out 2>err || fail "a run to take weights from"
checkpoint=$(ls other/checkpoint-*.weights.h5)
expect 65 "(784, 10)" --quiet --hidden 11 --train-samples 300 --test-samples 100 --epochs 1 --init-from "$checkpoint"
head -c 5000 "$checkpoint" >weights.h5 && expect 65 "weights.h5" "${small[@]}" --init-from weights.h5

echo "== checkpoints"
resume=("${small[@]}" --output resumed --resume)
expect 74 "gone.weights.h5" "${resume[@]}" gone.weights.h5
expect 65 "weights.h5" "${resume[@]}" weights.h5
expect 64 "holds no checkpoint" "${resume[@]}" require
expect 64 "holds a run" "${small[@]}" --output other --resume never
expect 64 "configuration: hidden (10, now 11);" --quiet --hidden 11 --train-samples 300 --test-samples 100 --epochs 1 --output other
expect 64 "learning-rate (0.5, now 0.1)" "${small[@]}" --output other --learning-rate 0.1
expect 64 "data (others, now these" --quiet --hidden 10 --train-samples 301 --test-samples 100 --epochs 1 --output other
expect 64 "has done 3 steps, more than the 2" --quiet --hidden 10 --train-samples 300 --test-samples 100 --steps 2 --output other
cp -r other damaged
for file in damaged/checkpoint-*.weights.h5; do
  printf 'X' | dd of="$file" bs=1 seek=3000 conv=notrunc status=none
done
expect 65 "checkpoint-3.weights.h5" "${small[@]}" --output damaged

echo "== options"
expect 64 "--learning-rate '0'" "${small[@]}" --learning-rate 0
expect 64 "--learning-rate '-1'" "${small[@]}" --learning-rate -1
expect 64 "--learning-rate 'nan'" "${small[@]}" --learning-rate nan
expect 64 "--learning-rate '1e99'" "${small[@]}" --learning-rate 1e99
expect 64 "--batch-size '0'" "${small[@]}" --batch-size 0
expect 64 "--batch-size '99999999999999999999'" "${small[@]}" --batch-size 99999999999999999999
expect 64 "did you mean 'batch-size'" "${small[@]}" --bacth-size 5

expect 64 "--stall-timeout '-1'" "${small[@]}" --stall-timeout -1
expect 64 "--check-replicas '1e3'" "${small[@]}" --check-replicas 1e3
head -c 200000 /dev/zero | tr '\0' '\n' >endless.ini
expect 64 "endless.ini:100001: the file has too many lines" "${small[@]}" --config endless.ini

echo "== the output folder"
echo "a file" >not-a-folder
expect 74 "not-a-folder" "${small[@]}" --output not-a-folder
expect 74 "not-a-folder/below" "${small[@]}" --output not-a-folder/below
[ -z "$(find . -name '*.tmp*')" ] || fail "temporary files are left: $(find . -name '*.tmp*')"

echo "== a full disk"
# A limit on the size of files stands in for the disk: 20 MB are enough for Open MPI, but not for a
# checkpoint of 25 MB, nor for gradients in shared memory.
large=(--quiet --hidden 8000 --train-samples 300 --test-samples 100 --exchange allreduce
  --output full)
run 1 "${large[@]}" --epochs 1 >out 2>err || { fail "the run to go on with" && cat err; }
kept=$(sha256sum full/checkpoint-3.weights.h5)
for ranks in 1 3; do
  (ulimit -f 20000 && run "$ranks" "${large[@]}" --epochs 2 >out 2>err)
  got=$?
  [ "$got" -eq 74 ] || fail "full disk on $ranks ranks: code $got"
  [ "$(grep -vc '^nntrain: warning: ' err)" -eq 1 ] || { fail "full disk: message:" && cat err; }
  grep -v '^nntrain: warning: ' err
done
[ "$kept" = "$(sha256sum full/checkpoint-3.weights.h5)" ] || fail "the old checkpoint is gone"
[ "$(find full -type f | wc -l)" -eq 2 ] || fail "files are left over: $(ls full)"
run 3 "${large[@]}" --epochs 2 >out 2>err || { fail "going on with room again" && cat err; }

echo "== divergence"
# shellcheck disable=SC2054 # 10,10 is one value
diverging=(--quiet --hidden 10,10 --activation linear --train-samples 1000 --test-samples 100
  --epochs 9 --learning-rate 1000000 --checkpoint-every 1steps)
for ranks in 1 3; do
  run "$ranks" "${diverging[@]}" --output "diverged-$ranks" >out 2>err
  got=$?
  [ "$got" -eq 70 ] || fail "divergence on $ranks ranks: code $got"
  grep -qE '^nntrain: training diverged: the (loss is (NaN|infinite)|gradient of dense.* is not finite) at step [0-9]+ ' err ||
    { fail "divergence on $ranks ranks: message:" && cat err; }
  grep -v '^nntrain: warning: ' err
  [ -n "$(ls "diverged-$ranks"/checkpoint-*.weights.h5)" ] || fail "no checkpoint stays"
done
finish
