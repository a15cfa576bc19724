#!/bin/sh
# naming_law_can_fail.sh PYTHON SDK FOLDER: headers broken in one place each, which the checker must name.
set -eu
python=$1 sdk=$2 folder=$3
checker=$(dirname "$0")/naming_law.py
failed=0
# breaks FILE SED TEXT: after this edit the checker fails and says TEXT
breaks() {
  rm -rf "$folder"
  mkdir -p "$folder"
  cp "$sdk"/include/basin/*.h "$sdk/since.txt" "$folder"
  sed -i "$2" "$folder/$1"
  if cmp -s "$folder/$1" "$sdk/include/basin/$1" || cmp -s "$folder/$1" "$sdk/$1"; then
    echo "nothing was edited by $2" >&2
    failed=1
  elif "$python" "$checker" "$folder" "$folder/since.txt" >"$folder/output"; then
    echo "not seen: $2 in $1" >&2
    failed=1
  elif ! grep -qF -- "$3" "$folder/output"; then
    echo "said of $2 in $1, instead of '$3':" >&2
    cat "$folder/output" >&2
    failed=1
  fi
}
breaks sampler.h '0,/  uint32_t size;/s//  int64_t more;\n  uint32_t size;/' "struct basin_sampling begins with 'int64_t more'"
breaks tensor.h 's/BASIN_INT8 = 5,/BASIN_INT8,/' "enumerator 'BASIN_INT8' must be BASIN_NAME = a number"
breaks tensor.h 's/BASIN_INT8 = 5,/BASIN_INT8 = 4,/' "has a number that another one of its enum has"
breaks optimizer.h 's/   . the closure. \[run thread\]/   * x/' "basin_optimizer_functions.step does not say on which thread"
breaks state.h 's/\[run thread\]/[main thread]/' "'[main thread]', which is not in the vocabulary"
breaks state.h 's/New reference. //' "basin_state_interface.tensor gives 'out' and does not say whose it is"
breaks process.h 's/"basin.process.draft\/[0-9]*"/"basin.processes\/1"/' "must be basin.process/N or basin.process.draft/N"
breaks random.h 's/basin_stream\b/basin_config/g' "forbidden word 'config'"
breaks state.h 's/} basin_state_interface;/  void (*forget)(basin_state*); \/* [run thread] *\/\n} basin_state_interface;/' "basin_state_interface.forget is not listed"
breaks since.txt 's/^basin_state_interface.tensor .*/&\nbasin_state_interface.gone 0.1/' "basin_state_interface.gone is in no header"
breaks since.txt 's/^basin_tensor_interface.retain 0.1/basin_tensor_interface.retain 0.2/' "is older than what stands before it"
exit $failed
