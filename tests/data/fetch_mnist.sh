#!/bin/bash
# datasets/fetch_mnist.sh with mirrors on this machine: fetches, keeps, repairs, and fails cleanly.
#
#   fetch_mnist.sh <project root>
set -u
fetch=$1/datasets/fetch_mnist.sh
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
mkdir bad && echo "not gzip" >bad/train-images-idx3-ubyte.gz

NNTRAIN_MNIST_MIRRORS="file://$scratch/nowhere $bad" bash "$fetch" got 2>err && fail "no mirror, but success"
grep -q "no mirror gave a right train-images" err || fail "no clear message: $(cat err)"
[ ! -e got ] || fail "something stays after a failure: $(ls -A got)"

NNTRAIN_MNIST_MIRRORS="$bad file://$source" bash "$fetch" got >out || fail "the second mirror was not used"
[ "$(find got -type f | wc -l)" -eq 4 ] || fail "not four files: $(ls -A got)"

NNTRAIN_MNIST_MIRRORS="$bad" bash "$fetch" got >out || fail "files that are right were not kept"
[ "$(grep -c 'is there already' out)" -eq 4 ] || fail "not four files kept: $(cat out)"

head -c 1000 got/t10k-images-idx3-ubyte.gz >cut.gz && mv cut.gz got/t10k-images-idx3-ubyte.gz
NNTRAIN_MNIST_MIRRORS="$bad" bash "$fetch" got >/dev/null 2>&1 && fail "a damaged file passed"
NNTRAIN_MNIST_MIRRORS="file://$source" bash "$fetch" got >/dev/null || fail "a damaged file was not replaced"
[ "$failures" -eq 0 ] && echo passed
exit "$failures"
