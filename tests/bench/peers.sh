#!/bin/bash
# nntrain beside other programs that train the same network on the same cores.
set -eu
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"

# All that can be measured, in the order of a round.
contestants=(
  nntrain-1core nntrain-2threads nntrain-2ranks nntrain-8ranks
  jax-1core jax-2cores keras-jax keras-tensorflow pytorch-1thread pytorch-2threads
  ddp-2ranks ddp-8ranks numpy-1rank numpy-2ranks numpy-8ranks
)
packages=(numpy threadpoolctl mpi4py tensorflow-cpu keras jax torch)
venv=${NNT_BENCH_VENV:-$root/build/bench-venv}
setup=true
only=
network=(784-500-10 128)

help="Usage: tests/bench/peers.sh [OPTION]...

Sets up a virtual environment with the peers, trains the same network with all of them in turn, and
writes a table (Markdown) and all figures (JSON) to build/bench. What cannot be installed is left out,
by name. See tests/bench/README.md for what the figures mean.

  --venv DIR        the virtual environment [\$NNT_BENCH_VENV, else build/bench-venv]
  --no-setup        take the environment as it is
  --setup-only      install, and measure nothing
  --only A,B...     some of: ${contestants[*]}
  --job             compare whole programs of 20 epochs instead of epochs
  --large           784-4096-4096-10 in batches of 4096 instead of 784-500-10 in batches of 128:
                    nntrain and PyTorch only
$common_help"
while [ $# -gt 0 ]; do
  case $1 in
    --help)
      echo "$help"
      exit 0
      ;;
    --no-setup) setup=false ;;
    --setup-only) setup=only ;;
    --job)
      figure=job
      epochs=20
      ;;
    --large)
      network=(784-4096-4096-10 4096)
      contestants=(nntrain-1core nntrain-2ranks pytorch-1thread pytorch-2threads)
      ;;
    --*)
      [ $# -ge 2 ] || usage_error "$1 wants a value"
      case $1 in
        --venv) venv=$(realpath -m "$2") ;;
        --only) only=$2 ;;
        *) common_option "$1" "$2" || usage_error "unknown option $1" ;;
      esac
      shift
      ;;
    *) usage_error "what is '$1'?" ;;
  esac
  shift
done
python=$venv/bin/python

set_up() {
  local package
  if command -v dpkg-query >/dev/null && ! python3 -c 'import ensurepip' 2>/dev/null; then
    # shellcheck source=launch/packages.sh
    . "$root/launch/packages.sh"
    install_packages python3-venv
  fi
  [ -x "$python" ] || "${NNT_PYTHON:-python3}" -m venv "$venv"
  for package in "${packages[@]}"; do
    "$python" -m pip show --quiet "$package" 2>/dev/null && continue
    echo "installing $package" >&2
    "$python" -m pip install --quiet "$package" >&2 || echo "pip cannot install $package" >&2
  done
}

# describe <contestant>: sets its title, the cores it uses, the modules it needs, the reader of its
# output, and the command.
describe() {
  reader=read_peer
  modules=()
  count=2
  case $1 in
    nntrain-*)
      reader=read_nntrain
      ;;&
    nntrain-1core)
      title="nntrain, 1 rank, 1 core"
      count=1
      launch_nntrain 1 1 --epochs "$epochs" "${nntrain_size[@]}"
      ;;
    nntrain-2threads)
      title="nntrain, 1 rank, 2 threads"
      launch_nntrain 1 2 --epochs "$epochs" "${nntrain_size[@]}"
      ;;
    nntrain-*ranks)
      title="nntrain, ${1//[^0-9]/} ranks"
      launch_nntrain "${1//[^0-9]/}" 1 --epochs "$epochs" "${nntrain_size[@]}"
      ;;
    jax-*)
      count=${1//[^0-9]/}
      title="JAX, one scan an epoch, $(plural "$count" core)"
      modules=(jax)
      launch 1 "$count" "$python" "$here/peers/jax_scan.py"
      ;;
    keras-*)
      title="Keras on ${1#keras-}"
      modules=(keras "${1#keras-}")
      launch 1 2 env KERAS_BACKEND="${1#keras-}" TF_CPP_MIN_LOG_LEVEL=2 "$python" "$here/peers/keras_fit.py"
      ;;
    pytorch-*)
      count=${1//[^0-9]/}
      title="PyTorch, $(plural "$count" thread)"
      modules=(torch)
      launch 1 "$count" "$python" "$here/peers/pytorch.py" "${peer_size[@]}"
      ;;
    ddp-*)
      title="PyTorch DDP on gloo, ${1//[^0-9]/} processes"
      modules=(torch)
      command=(taskset -c "$cores" env OMP_NUM_THREADS=1 GLOO_SOCKET_IFNAME=lo
        "$python" -m torch.distributed.run --nproc-per-node "${1//[^0-9]/}" --standalone
        "$here/peers/pytorch_ddp.py")
      ;;
    numpy-*)
      title="mpi4py and NumPy, $(plural "${1//[^0-9]/}" rank)"
      modules=(mpi4py numpy threadpoolctl)
      if [ "$1" = numpy-1rank ]; then count=1; fi
      launch "${1//[^0-9]/}" 1 env OPENBLAS_NUM_THREADS=1 "$python" "$here/peers/mpi_numpy.py"
      ;;
    *) usage_error "--only: no contestant '$1'" ;;
  esac
  [ "$reader" = read_nntrain ] || command+=(--data "$data" --epochs "$epochs")
}

# The chosen ones that can run here; the others are left out by name.
choose() {
  local name module missing
  chosen=()
  [ -z "$only" ] || IFS=, read -ra contestants <<<"$only"
  for name in "${contestants[@]}"; do
    describe "$name"
    missing=
    for module in ${modules[@]+"${modules[@]}"}; do
      "$python" -c "import importlib.util as u, sys; sys.exit(u.find_spec('$module') is None)" 2>/dev/null ||
        missing=$module
    done
    if [ -n "$missing" ]; then
      leave_out "$title" "no Python module $missing"
    elif [ "$name" = nntrain-2threads ] && ! accepts --threads 2; then
      leave_out "$title" "this nntrain has no --threads"
    else
      chosen+=("$name")
    fi
  done
}

if [ "$setup" != false ]; then set_up; fi
if [ "$setup" = only ]; then exit 0; fi
hidden=${network[0]#784-}
hidden=${hidden%-10}
nntrain_size=(--hidden "${hidden//-/,}" --batch-size "${network[1]}")
# shellcheck disable=SC2206 # one argument for each layer
peer_size=(--batch-size "${network[1]}" --hidden ${hidden//-/ })
prepare "peers-$figure${network[0]#784-500-10}"
[ ${#core_list[@]} -eq 2 ] || usage_error "--cores: two, please"
choose
for ((round = 1; round <= rounds; round++)); do
  for name in "${chosen[@]}"; do
    describe "$name"
    contest "$round" "$title" "$count" \
      '{"nntrain, 1 core": "nntrain, 1 rank, 1 core", "nntrain, 2 ranks": "nntrain, 2 ranks"}' "$reader"
  done
done
if [ "$figure" = job ]; then
  make_table "Whole programs of $epochs epochs, ${network[0]}, batch ${network[1]}" job
else
  make_table "Epochs beside other programs, ${network[0]}, batch ${network[1]}" epoch
fi
exit $((failures > 0))
