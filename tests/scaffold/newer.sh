#!/usr/bin/env bash
# newer.sh BUILD FOLDER CXX CC: a plugin of a later minor version asks this host for what it lacks. It goes on without, or
# is refused in a sentence; never a crash.
set -u
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$here/common.sh"
build=$1
work_in "$2"
install_sdk "$build" "$PWD/sdk"
quietly next_minor.log python3 "$here/next_minor.py" sdk/include/basin
cat >train.lua <<'LUA'
local basin = require "basin"
print(basin.run { name = "newer", device = "cpu" }:train {
  model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} },
  data = basin.dataset "gaussian" { count = 16, size = 8 }, process = basin.process "vp", steps = 2, batch = 4,
  optimizer = basin.optimizer "newer" {},
}.loss)
LUA
failed=0
# expect STATUS TEXT flags...: built with these flags, training ends so and says so
expect() {
  local wanted=$1 text=$2 status
  shift 2
  mkdir -p plugin
  quietly build.log "$cxx" -std=c++17 -shared -fPIC -fvisibility=hidden -Isdk/include "$@" "$here/newer.cpp" -o plugin/newer.basin.so
  BASIN_PLUGIN_PATH=plugin "$build/bin/basin" run --fresh --threads 1 train.lua >output 2>&1
  status=$?
  if [[ $status -ne $wanted ]] || ! grep -qF -- "$text" output; then
    printf '%s: expected exit code %s and "%s", got exit code %s and:\n' "$*" "$wanted" "$text" "$status"
    cat output
    failed=1
  fi
}
cxx=$3
expect 0 "0." -DNEWER_ASKS
expect 1 "This plugin needs a function of the interface 'basin.log/1', which this Basin does not have: use a newer Basin" -DNEWER_CALLS
expect 1 "This plugin needs the interface 'basin.oracle.draft/1', which this Basin does not have: use a newer Basin" -DNEWER_CALLS_INTERFACE
grep -q "optimizer 'newer'\|newer" output || { echo "the refusal does not name the plugin"; failed=1; }
expect 1 "newer.basin.so' is refused: it failed in its entry function: This plugin needs the interface 'basin.oracle.draft/1'" -DBASIN_NEEDS_ORACLE

# In C: an interface that is not there is null, a function that is not there is behind the end.
cat >ask.c <<'C'
#include <basin/basin.h>
BASIN_NOTE(BASIN_PORTABLE, "");
BASIN_EXPORT basin_status basin_plugin_entry(const basin_host* host, const basin_plugin** out) {
  const basin_log_interface* logs = host->get_interface(host, BASIN_LOG_INTERFACE);
  const basin_oracle_interface* oracle = host->get_interface(host, BASIN_ORACLE_INTERFACE);
  (void)out;
  if (BASIN_HAS(oracle, ask) || BASIN_HAS(logs, next_minor) || BASIN_HAS(host, next_minor))
    host->set_error("believed to be there");
  else if (!BASIN_HAS(logs, write) || !BASIN_HAS(logs, progress) || !BASIN_HAS(host, set_error))
    host->set_error("believed to be missing");
  else host->set_error("asked rightly");
  return BASIN_ERROR_ABI;
}
C
rm plugin/*
quietly build.log "$4" -std=c99 -Wall -Wextra -Werror -pedantic -shared -fPIC -Isdk/include ask.c -o plugin/ask.basin.so
BASIN_PLUGIN_PATH=plugin "$build/bin/basin" plugins --why >output 2>&1
grep -q "asked rightly" output || { cat output; failed=1; }
exit $failed
