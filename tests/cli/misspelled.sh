# What argp does not understand is named, with the nearest valid option.
try() {
  "$NNTRAIN" "$@"
  echo "exit code $?" >&2
}
exec 2>&1
try --learning_rate 0.1
try --btach-size 5
try --no-shuffel
try --confg file.ini
try --print-confg
try --hepl
try --epochs
try --epo
try --init
try --config
try --config ''
try --config a.ini --config b.ini
try --help=yes
try --no-shuffle=true
try --beta 0.9
try "--$(printf '%0200d' 0)"
try --=5
try -x
try ''
try train train
try -- train --epochs 3
