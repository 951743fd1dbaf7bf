#!/bin/bash
# Fetches MNIST: four IDX files, compressed by gzip, checked by the SHA-256 of their contents. Files
# that are there and right are kept; a file appears only when it is complete and right.
#
#   datasets/fetch_mnist.sh [FOLDER]     default: mnist beside this script
#
# NNTRAIN_MNIST_MIRRORS, a list of addresses separated by spaces, replaces the mirrors.
set -u
folder=${1:-$(cd "$(dirname "$0")" && pwd)/mnist}
mirrors=${NNTRAIN_MNIST_MIRRORS:-"https://ossci-datasets.s3.amazonaws.com/mnist
  https://storage.googleapis.com/cvdf-datasets/mnist
  https://raw.githubusercontent.com/fgnt/mnist/master"}

# Digests of the uncompressed files: mirrors wrap them in gzip differently.
names=(train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte)
digests=(
  ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db
  65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5
  0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7
  ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2
)

is_right() { # <file> <digest>
  [ -f "$1" ] && [ "$(gzip -dc "$1" 2>/dev/null | sha256sum | cut -d ' ' -f 1)" = "$2" ]
}

download() { # <address> <file>
  if command -v curl >/dev/null; then
    curl --silent --fail --location --connect-timeout 10 --max-time 300 --output "$2" "$1"
  elif command -v wget >/dev/null; then
    wget --quiet --timeout=10 --tries=1 --output-document="$2" "$1"
  else
    echo "fetch_mnist.sh: neither curl nor wget is installed" >&2
    return 1
  fi
}

fetch() { # <name> <digest>
  local file=$folder/$1.gz mirror part
  if is_right "$file" "$2"; then
    echo "$file is there already"
    return 0
  fi
  part=$(mktemp "$folder/.fetch.XXXXXX") || return 1
  for mirror in $mirrors; do
    if download "$mirror/$1.gz" "$part" && is_right "$part" "$2"; then
      chmod 644 "$part" && mv "$part" "$file" && echo "$file fetched from $mirror" && return 0
    fi
  done
  rm -f "$part"
  echo "fetch_mnist.sh: no mirror gave a right $1.gz; is there a network?" >&2
  return 1
}

mkdir -p "$folder" || exit 1
for i in "${!names[@]}"; do
  if ! fetch "${names[i]}" "${digests[i]}"; then
    # An empty folder would look like a damaged data set.
    rmdir "$folder" 2>/dev/null
    echo "fetch_mnist.sh: MNIST is not complete in $folder" >&2
    exit 1
  fi
done
echo "MNIST is in $folder: nntrain --data $folder"
