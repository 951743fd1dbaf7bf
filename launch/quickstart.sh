#!/bin/bash
# From a fresh Debian 12 or Ubuntu 24.04 to a training run: installs what is missing, builds nntrain,
# fetches MNIST where there is a network, and starts `mpirun -n 8 nntrain`. May be run again at any time.
#
#   launch/quickstart.sh [OPTION OF NNTRAIN]...
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
ranks=8
program=$here/build/quickstart/nntrain
. "$here/launch/packages.sh"

# A folder of its own: without tests, it needs less than the presets do.
build() {
  echo "building $program"
  cmake -S "$here" -B "$here/build/quickstart" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DBUILD_TESTING=OFF >/dev/null
  cmake --build "$here/build/quickstart" --target nntrain_cli -- --quiet
}

# What the user names wins; then MNIST beside the checkout, fetched if need be.
find_data() {
  local argument
  for argument in "$@"; do
    case $argument in --data | --data=*) return 0 ;; esac
  done
  [ -z "${NNTRAIN_DATA:-}" ] || return 0
  if bash "$here/datasets/fetch_mnist.sh"; then
    export NNTRAIN_DATA=$here/datasets/mnist
  else
    echo "quickstart.sh: going on without MNIST" >&2
  fi
}

# mpirun counts cores, nproc hardware threads; a container may have fewer than either.
count_cores() {
  local cores threads
  cores=$(lscpu -p=CORE,SOCKET 2>/dev/null | grep -v '^#' | sort -u | wc -l)
  threads=$(nproc)
  if [ "$cores" -gt 0 ] && [ "$cores" -lt "$threads" ]; then echo "$cores"; else echo "$threads"; fi
}

install_packages "${nntrain_packages[@]}"
build
find_data "$@"
if [ "$(id -u)" -eq 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
if [ "$(count_cores)" -lt "$ranks" ]; then
  export OMPI_MCA_rmaps_base_oversubscribe=1
fi
echo "mpirun -n $ranks $program $*"
exec mpirun -n "$ranks" "$program" "$@"
