#!/usr/bin/env bash
# Runs a Lua test: run.sh PROGRAM SCRIPT FOLDER, in FOLDER (made anew), with run folders in FOLDER/runs.
#
# A test passes when it ends well; what it must print (output and errors together) can be said in two ways:
#   --> text              a comment in the script; all of them in order are the whole output
#   NAME.expected         a file beside the script
# In both, a line that ends in "..." stands for every line that begins so. Comments at the top of the script may say
#   -- arguments: --threads 1 --set steps=3
#   -- exit: 1
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../work_in.sh"
program=$1 script=$2 folder=$3
work_in "$folder"
name=$(basename "$script")
ln -s "$script" "$name"  # so that places in errors are short: "errors.lua:12"

export LUA_PATH="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/?.lua;;"  # for toy.lua
read -r -a arguments <<<"$(sed -n 's/^-- arguments: //p' "$script" | head -1)"
wanted=$(sed -n 's/^-- exit: //p' "$script" | head -1)
"$program" run "$name" --runs runs --threads 2 ${arguments[@]+"${arguments[@]}"} </dev/null >output 2>&1
status=$?
sed -i '/^[a-z ]* [0-9]* %  /d' output  # lines of progress, which come where a machine is slow
# Where work is written, continued or loaded from: tests/lua/again.sh is about these.
sed -i -E '/^(new run |beginning runs|continuing runs|loaded the finished training in |already (measured|sampled))/d' output
if grep -q 'this script needs --set .*=\(FOLDER\|FILE\)' output; then  # an example on data that is not here
  cat output
  exit 77
fi
if [[ $status -ne ${wanted:-0} ]]; then
  echo "exit code $status instead of ${wanted:-0}; the output was:"
  cat output
  exit 1
fi

if [[ -f ${script%.lua}.expected ]]; then
  cp "${script%.lua}.expected" expected
elif grep -q -- '--> ' "$script"; then
  sed -n 's/.*--> //p' "$script" >expected
else
  cat output
  exit 0
fi
mapfile -t expected <expected
mapfile -t output <output
for ((i = 0; i < ${#expected[@]} || i < ${#output[@]}; i++)); do
  want=${expected[i]-<nothing more>} got=${output[i]-<nothing more>}
  if [[ $want == *... ]]; then
    [[ ${got:0:${#want}-3} == "${want%...}" ]] && continue
  elif [[ $want == "$got" ]]; then
    continue
  fi
  printf 'line %d\n  expected: %s\n  got:      %s\nall of the output:\n' $((i + 1)) "$want" "$got"
  cat output
  exit 1
done
