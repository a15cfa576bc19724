#!/bin/sh
# layouts_can_fail.sh PYTHON HEADERS CC FOLDER: headers changed in one place each, and what layouts.py must say of it.
set -u
python=$1 headers=$2 compiler=$3 folder=$4
here=$(dirname "$0")
failed=0
# says FILE SED TEXT: after this edit the checker fails, and says TEXT
says() {
  rm -rf "$folder"
  mkdir -p "$folder/basin"
  cp "$headers"/*.h "$folder/basin"
  cp "$here/layouts.txt" "$folder/record.txt"
  sed -i "$2" "$folder/basin/$1"
  if cmp -s "$folder/basin/$1" "$headers/$1"; then
    echo "nothing was edited by $2" >&2
    failed=1
  elif "$python" "$here/layouts.py" "$folder/basin" "$folder/record.txt" "$compiler" "$folder/build" >"$folder/output"; then
    echo "not seen: $2 in $1" >&2
    failed=1
  elif ! grep -qF -- "$3" "$folder/output"; then
    echo "said of $2 in $1, instead of '$3':" >&2
    cat "$folder/output" >&2
    failed=1
  fi
}
behind="record.txt is behind the headers"
# released
says state.h 's/^} basin_state_interface;/  void (*forget)(basin_state*);\n&/' "$behind"
says parameters.h 's/^} basin_parameter_view;/  double more;\n&/' "$behind"
says tensor.h 's/BASIN_OTHER_TYPE = 99/BASIN_FLOAT8_E5M2 = 12,\n  &/' "$behind"
says state.h 's/  basin_status (\*tensor)/  void (*forget)(basin_state*);\n&/' "basin_state_interface, which basin.state/1 holds for ever, had"
says optimizer.h 's/basin_parameters\*, basin_state\*);/basin_parameters*, basin_state*, double);/' "basin_optimizer_functions, which basin.optimizer/1 holds for ever, had"
says random.h 's/uint32_t n_samples;/uint64_t n_samples;/' "basin_context, which basin.averager/1 holds for ever, had '32 4 n_samples: uint32_t' and now has '32 8 n_samples: uint64_t'"
says core.h 's/  const char\* unit;.*//' "basin_parameter, which core.h holds for ever, had"
says core.h 's/^} basin_note;/  uint32_t more[2];\n&/' "basin_note, which core.h holds for ever, has a fixed layout"
says tensor.h 's/BASIN_INT8 = 5,/BASIN_INT8 = 55,/' "BASIN_INT8 of tensor.h was 5 and is now 55: what is released keeps its values"
says core.h 's/BASIN_ENTRY_SYMBOL "basin_plugin_entry"/BASIN_ENTRY_SYMBOL "basin_entry"/' "BASIN_ENTRY_SYMBOL of core.h was"
says state.h 's/"basin.state\/1"/"basin.state\/2"/' "basin.state/1 was released and lives for ever"
says parameters.h 's/^  uint32_t group;$//; s/^} basin_parameter_view;/  uint32_t group;\n&/' "basin_parameter_view ends with 4 bytes of padding"
# drafts
says layer.h 's/^} basin_layer_spec;/  double more;\n&/' "the layout of basin_layer_spec has changed, and basin.layer.draft/2 reaches it: raise it to basin.layer.draft/3"
says layer.h 's/BASIN_LAYER_CONV = 2/BASIN_LAYER_CONV = 12/' "BASIN_LAYER_CONV of layer.h was 2 and is now 12: raise the number of its interface"
says layer.h 's/"basin.layer.draft\/2"/"basin.layer.draft\/1"/' "a draft's number only rises"
says process.h 's/^} basin_denoised;/  basin_tensor* more;\n&/' "and basin.process.draft/2 reaches it: raise it to basin.process.draft/3"
says layer.h 's/^} basin_layer_spec;/  double more;\n&/; s/"basin.layer.draft\/2"/"basin.layer.draft\/3"/' "$behind"
exit $failed
