#!/bin/bash
# From a fresh Debian 12 or Ubuntu to a training run: installs what is missing, builds nntrain, fetches
# MNIST where there is a network, and starts `mpirun -n 8 nntrain`. May be run again at any time.
#
#   launch/quickstart.sh [OPTION OF NNTRAIN]...
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)

packages=(
  gcc libc6-dev cmake ninja-build pkg-config
  openmpi-bin libopenmpi-dev libopenblas-dev libhdf5-dev libssl-dev zlib1g-dev
  libjansson-dev libinih-dev librandom123-dev
)

is_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

install_packages() {
  command -v dpkg-query >/dev/null || return 0
  local missing=() package become=()
  for package in "${packages[@]}"; do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "quickstart.sh: neither root nor sudo; please install: ${missing[*]}" >&2
      return 1
    fi
    become=(sudo)
  fi
  echo "installing ${missing[*]}"
  "${become[@]}" apt-get update -qq
  "${become[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

build() {
  echo "building $here/build/quickstart/nntrain"
  cmake -S "$here" -B "$here/build/quickstart" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DBUILD_TESTING=OFF >/dev/null
  cmake --build "$here/build/quickstart"
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

install_packages
build
find_data "$@"
if [ "$(id -u)" -eq 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
if [ "$(nproc)" -lt 8 ]; then
  export OMPI_MCA_rmaps_base_oversubscribe=1
fi
echo "mpirun -n 8 $here/build/quickstart/nntrain $*"
exec mpirun -n 8 "$here/build/quickstart/nntrain" "$@"
