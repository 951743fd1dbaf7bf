# Options from a file: the command line overrides them, and mistakes are named with their line.
folder=$(mktemp -d) && cd "$folder" || exit 1
trap 'rm -r "$folder"' EXIT
exec 2>&1
show() { # prints what the file sets
  "$NNTRAIN" --print-config --config file.ini "$@" | grep -E '^(epochs|steps|hidden|learning-rate|optimizer|batch-size|seed) '
}
refuse() {
  printf '%s\n' "$@" >file.ini
  "$NNTRAIN" --config file.ini
  echo "exit code $?"
}
echo "== good"
printf '%s\n' '; a comment' '[model]' 'hidden = 300,100' '[optimisation]' 'optimizer = adam  ; another' 'epochs=3' >file.ini
show
echo "== the command line overrides"
show --hidden 50 --learning-rate 0.01
show --steps 10
echo "== without sections"
printf '%s\n' 'seed = 7' 'steps = 5' >file.ini
show
echo "== indented, with carriage returns, after a byte order mark"
printf '\xef\xbb\xbf[model]\r\n  hidden = 5\r\n\t[optimisation]\r\n  seed = 6\r\n  steps=7' >file.ini
show
echo "== mistakes"
refuse '[model]' 'hiden = 5'
refuse '[data]' 'hidden = 5'
refuse 'hidden = 5' 'hidden = 6'
refuse 'hidden 5'
refuse 'epochs = many'
refuse 'epochs ='
refuse 'momentum = 0.9' 'optimizer = adam'
refuse 'epochs = 5' 'steps = 10'
refuse "output = $(printf '%0300d' 0)"
refuse '# a comment' '[optimisation]' 'seed = 1' '[run]' '[optimisation]' 'seed = 1'
printf 'epochs = 5\0000\n' >file.ini
"$NNTRAIN" --config file.ini
echo "exit code $?"
rm file.ini && "$NNTRAIN" --config file.ini
echo "exit code $?"
"$NNTRAIN" --config .
echo "exit code $?"
