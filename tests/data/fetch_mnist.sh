#!/bin/bash
# datasets/fetch_mnist.sh with mirrors on this machine: fetches, keeps, repairs, and fails cleanly.
#
#   fetch_mnist.sh <project root>
set -u
script=$1/datasets/fetch_mnist.sh
source=${NNT_SHARED:-}/mnist
if [ ! -e "$source/t10k-labels-idx1-ubyte.gz" ]; then
  echo "skipped: data.fetch_mnist: no mnist in \$NNT_SHARED"
  exit 0
fi
if ! command -v curl >/dev/null; then
  echo "skipped: data.fetch_mnist: curl is not installed, and wget knows no file://"
  exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}
bad=file://$scratch/bad
good=file://$source
mkdir bad && echo "not gzip" >bad/train-images-idx3-ubyte.gz

path=$PATH

# expect <exit code> <mirrors> [<argument>...]: a run, with its output in out and err.
expect() {
  local code=$1 got
  PATH=$path NNTRAIN_MNIST_MIRRORS=$2 "$BASH" "$script" "${@:3}" >out 2>err
  got=$?
  [ "$got" -eq "$code" ] || fail "exit code $got instead of $code of fetch_mnist.sh ${*:3} from $2: $(cat err)"
}
expect_four() { # <folder>: these files in it and nothing else, and nothing beside it
  [ "$(cd "$1" && echo .[!.]* ./*)" = ".[!.]* ./t10k-images-idx3-ubyte.gz ./t10k-labels-idx1-ubyte.gz \
./train-images-idx3-ubyte.gz ./train-labels-idx1-ubyte.gz" ] || fail "not just four files: $(ls -A "$1")"
  [ ! -e "$1.part" ] || fail "$1.part stays: $(ls -A "$1.part")"
}
expect_nothing() { # <folder>
  if [ -e "$1" ] || [ -e "$1.part" ]; then fail "something stays after a failure: $(ls -A "$1"*)"; fi
}
expect_kept() { # <number>
  [ "$(grep -c 'is there already' out)" -eq "$1" ] || fail "not $1 files kept: $(cat out)"
}
expect_said() { # <text>
  grep -q "$1" err || fail "'$1' is not said: $(cat err)"
}

expect 74 "file://$scratch/nowhere $bad" got
expect_said "no mirror gave a right train-images"
expect_nothing got

expect 0 "file://$scratch/nowhere $bad $good" got
expect_four got
expect_kept 0
expect 0 "$bad" got
expect_kept 4

# Cut in the middle, and within the checksum at the end: then gzip still gives all of the contents.
for bytes in 1000 -4; do
  head -c "$bytes" "$source/t10k-images-idx3-ubyte.gz" >got/t10k-images-idx3-ubyte.gz
  expect 74 "$bad" got
  expect_said "not complete or damaged"
  expect 0 "$good" got
  expect_kept 3
  expect_four got
  cmp got/t10k-images-idx3-ubyte.gz "$source/t10k-images-idx3-ubyte.gz" || fail "it is still damaged"
done

# A mirror that lacks files, after a run that was killed: the next run fetches only the rest.
mkdir two half.part && cp "$source"/train-* two && touch half.part/.fetch.1
expect 74 "file://$scratch/two" half
[ ! -e half ] || fail "half a data set is in place"
expect 0 "$good" half/
expect_kept 2
expect_four half

# nntrain reads a file without .gz first, so that one counts.
gzip -d half/t10k-labels-idx1-ubyte.gz
expect 0 "$bad" half
expect_kept 4
echo >>half/t10k-labels-idx1-ubyte
expect 74 "$good" half
expect_said "t10k-labels-idx1-ubyte is damaged"

# Without curl, without either, and with a signal: stand-ins in a PATH of their own.
mkdir tools
for tool in bash cp gzip mkdir mv rm rmdir sha256sum; do
  ln -s "$(command -v "$tool")" tools/
done
cat >tools/wget <<'WGET'
#!/usr/bin/env bash
for argument; do
  case $argument in --output-document=*) out=${argument#*=} ;; file://*) cp "${argument#file://}" "$out" ;; esac
done
WGET
chmod +x tools/wget
path=$scratch/tools
expect 0 "$good" by_wget
expect_four by_wget
rm tools/wget
expect 74 "$good" by_none
expect_said "neither curl nor wget"
expect_nothing by_none
cat >tools/curl <<'CURL'
#!/usr/bin/env bash
echo part >"${*: -2:1}"
kill -TERM $PPID
CURL
chmod +x tools/curl
expect 74 "$good" stopped
expect_nothing stopped
path=$PATH

# Without an argument, the folder is beside the script.
mkdir datasets && cp "$script" datasets
script=datasets/fetch_mnist.sh
expect 0 "$good"
expect_four datasets/mnist
expect 64 "$good" one two
[ "$failures" -eq 0 ] && echo passed
exit "$failures"
