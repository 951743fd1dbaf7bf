# launch/quickstart.sh among stand-ins for the tools it calls: what it asks of them, and when it gives up.
# shellcheck disable=SC2016 # for the stand-ins
root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
tools=$(mktemp -d) || exit 1
trap 'rm -r "$tools"' EXIT
unset OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM OMPI_MCA_rmaps_base_oversubscribe
bash=$(command -v bash)
for tool in dirname env grep sort wc; do
  ln -s "$(command -v "$tool")" "$tools/$tool"
done
stand_in() { # <tool> <what it does, in bash>
  printf '#!%s\n%s\n' "$bash" "$2" >"$tools/$1" && chmod +x "$tools/$1"
}
quickstart() { # <title> <argument>...
  echo "== $1"
  PATH=$tools NNTRAIN_DATA=some-data "$bash" "$root/launch/quickstart.sh" "${@:2}" 2>&1 |
    sed "s|$root|ROOT|g; s|$tools|TOOLS|g"
  echo "exit code ${PIPESTATUS[0]}"
}
tell='echo "$(basename "$0") $* (as root: ${OMPI_ALLOW_RUN_AS_ROOT:-no}, more ranks than cores: ${OMPI_MCA_rmaps_base_oversubscribe:-no})"'
stand_in basename 'echo "${1##*/}"'
stand_in id 'echo 1000'
stand_in nproc 'echo 8'
stand_in lscpu 'exit 1'
stand_in cmake 'echo "cmake $*" >&2'
stand_in mpirun "$tell"
stand_in apt-get 'echo "apt-get $*" >&2'

stand_in dpkg-query '[ "${@: -1}" = zlib1g-dev ] || echo installed'
quickstart "a package is missing, and there is no sudo"
stand_in sudo 'echo "sudo: no password" >&2; exit 1'
quickstart "sudo refuses"
stand_in sudo 'exec "$@"'
quickstart "sudo installs what is missing" --epochs 3
stand_in dpkg-query 'echo installed'
rm "$tools/sudo"
stand_in nproc 'echo 2'
quickstart "nothing is missing; two cores" --output 'a folder'
stand_in id 'echo 0'
quickstart "root"
stand_in cmake '[ "$1" != --build ] || { echo "cannot compile"; exit 2; }'
quickstart "the build fails"
stand_in cmake 'exit 1'
quickstart "something that the build needs is missing"
