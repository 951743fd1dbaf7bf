# What --print-config prints is a file that gives the same configuration.
folder=$(mktemp -d) && cd "$folder" || exit 1
trap 'rm -r "$folder"' EXIT
same() {
  "$NNTRAIN" --print-config "$@" >once.ini && "$NNTRAIN" --print-config --config once.ini >twice.ini
  cmp once.ini twice.ini && echo "the same: $*"
}
same
same --recipe tensorflow
same --optimizer adam --beta-1 0.8 --epsilon 1e-8
same --optimizer adamw --learning-rate 0.0010000000474974513 --weight-decay 0.05
same --momentum 0.9 --nesterov --label-smoothing 0.1 --clip-norm 1e-3
same --hidden 300,100 --activation relu --init normal:0.1 --validation 500
same --steps 10 --checkpoint-every 2min --resume never --output 'a folder' --microbatches 16
same --model model.json --init-from weights.h5
same --output '"a=b;c: #d"'
same --output "$(printf '%0189d' 0)"
echo "== what cannot stand in a file is not printed"
for value in ' a' 'a ' 'a ;b' ';a' $'a\nb' "$(printf '%0190d' 0)"; do
  "$NNTRAIN" --print-config --output "$value" 2>&1
  echo "exit code $?"
done
echo "== what a model may set is left to it"
"$NNTRAIN" --print-config --model model.json --learning-rate 0.1 |
  sed -n '/^\[optimisation\]/,/^\[/{/^#/d;p}'
echo "== the file"
"$NNTRAIN" --print-config --recipe tensorflow
