# Sourced by launch/quickstart.sh and tests/run.sh: packages of Debian and Ubuntu, and their installation.
# shellcheck shell=bash

# What it takes to build nntrain, run it, and fetch its data.
# shellcheck disable=SC2034 # for those who source this file
nntrain_packages=(
  gcc libc6-dev cmake ninja-build pkg-config
  openmpi-bin libopenmpi-dev libopenblas-dev libhdf5-dev libhwloc-dev libssl-dev zlib1g-dev
  libjansson-dev libinih-dev librandom123-dev
  ca-certificates curl
)

is_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install_packages <package>...: those that are missing, as root or through sudo. Elsewhere than on
# Debian and its kin it does nothing, and cmake says what it does not find.
install_packages() {
  command -v dpkg-query >/dev/null || return 0
  local missing=() package become=()
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "$0: neither root nor sudo; please have these packages installed: ${missing[*]}" >&2
      return 1
    fi
    become=(sudo)
  fi
  echo "installing ${missing[*]}"
  if ! "${become[@]}" apt-get update -qq ||
    ! "${become[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; then
    echo "$0: could not install packages; these are missing: ${missing[*]}" >&2
    return 1
  fi
}
