#!/bin/bash
# Fetches MNIST: four IDX files, compressed by gzip, checked by the SHA-256 of their contents. Files
# that are there and right are kept. The folder appears only when all four are in it, because nntrain
# takes half a data set for a damaged one; until then what has been fetched waits in FOLDER.part.
#
#   datasets/fetch_mnist.sh [FOLDER]     default: mnist beside this script
#
# NNTRAIN_MNIST_MIRRORS, a list of addresses separated by spaces, replaces the mirrors.
# Exit codes: 0 MNIST is there; 74 it could not be fetched or stored; 64 wrong usage.
set -u -o pipefail
if [ $# -gt 1 ]; then
  echo "usage: fetch_mnist.sh [FOLDER]" >&2
  exit 64
fi
folder=${1:-$(cd "$(dirname "$0")" && pwd)/mnist}
folder=${folder%/}
waiting=$folder.part
read -r -d '' -a mirrors <<<"${NNTRAIN_MNIST_MIRRORS:-
  https://ossci-datasets.s3.amazonaws.com/mnist
  https://storage.googleapis.com/cvdf-datasets/mnist
  https://raw.githubusercontent.com/fgnt/mnist/master}"

# Digests of the uncompressed files: mirrors wrap them in gzip differently.
names=(train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte)
digests=(
  ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db
  65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5
  0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7
  ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2
)

say() {
  echo "fetch_mnist.sh: $*" >&2
}

# gzip must succeed as well: a file that lacks its last bytes still gives all of its contents.
is_right() { # <file> <digest>
  local sum
  [ -f "$1" ] && sum=$(gzip -dc "$1" 2>/dev/null | sha256sum) && [ "${sum%% *}" = "$2" ]
}

# nntrain reads a file that is not compressed before the one that is.
is_right_plain() { # <file> <digest>
  local sum
  sum=$(sha256sum <"$1") && [ "${sum%% *}" = "$2" ]
}

# Gives up when no connection comes about in 10 s, or less than 1 kB/s arrives for 30 s.
download() { # <address> <file>
  if command -v curl >/dev/null; then
    curl --silent --show-error --fail --location --connect-timeout 10 --speed-limit 1000 \
      --speed-time 30 --output "$2" "$1"
  else
    wget --no-verbose --timeout=30 --connect-timeout=10 --tries=1 --output-document="$2" "$1"
  fi
}

fetch() { # <name> <digest>
  local mirror
  for mirror in "${mirrors[@]}"; do
    if ! download "${mirror%/}/$1.gz" "$part"; then
      say "cannot fetch ${mirror%/}/$1.gz"
    elif ! is_right "$part" "$2"; then
      say "${mirror%/}/$1.gz is not what it should be; another mirror may have it"
    else
      mv "$part" "$waiting/$1.gz" && echo "$1.gz fetched from ${mirror%/}"
      return
    fi
  done
  say "no mirror gave a right $1.gz; is there a network?"
  return 1
}

# One step where the folder is new; file by file where it only lacks some.
finish() {
  rm -f "$waiting"/.fetch.* # of a run that was killed
  mv -T "$waiting" "$folder" 2>/dev/null || { mv "$waiting"/*.gz "$folder"/ && rmdir "$waiting"; }
}

give_up() {
  if [ -e "$folder" ]; then
    say "MNIST in $folder is not complete or damaged"
  else
    say "MNIST is not in $folder; without it, nntrain trains on its built-in digits"
  fi
  exit 74
}

missing=()
for i in "${!names[@]}"; do
  plain=$folder/${names[i]}
  if [ -e "$plain" ] && ! is_right_plain "$plain" "${digests[i]}"; then
    say "$plain is damaged, and nntrain would read it first: remove it"
    exit 74
  elif [ -e "$plain" ]; then
    echo "$plain is there already"
  elif is_right "$folder/${names[i]}.gz" "${digests[i]}"; then
    echo "$folder/${names[i]}.gz is there already"
  elif is_right "$waiting/${names[i]}.gz" "${digests[i]}"; then
    echo "$waiting/${names[i]}.gz is there already"
  else
    missing+=("$i")
  fi
done
if [ ${#missing[@]} -gt 0 ]; then
  if ! command -v curl >/dev/null && ! command -v wget >/dev/null; then
    say "neither curl nor wget is installed"
    exit 74
  fi
  mkdir -p "$waiting" || exit 74
  part=$waiting/.fetch.$$
  trap 'rm -f "$part"; rmdir "$waiting" 2>/dev/null' EXIT
  trap 'exit 74' INT TERM HUP
  for i in "${missing[@]}"; do
    fetch "${names[i]}" "${digests[i]}" || give_up
  done
fi
if [ -d "$waiting" ]; then
  finish || exit 74
fi
echo "MNIST is in $folder: nntrain --data $folder"
