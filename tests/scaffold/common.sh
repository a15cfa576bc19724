# Shared by the tests of scaffolds: an SDK of its own in a prefix, and no other that the user may have.
# shellcheck shell=bash
. "$(dirname "${BASH_SOURCE[0]}")/../work_in.sh"
unset BASIN_PLUGIN_PATH CMAKE_PREFIX_PATH BasinSDK_DIR BasinSDK_ROOT
install_sdk() {  # install_sdk BUILD PREFIX
  cmake --install "$1" --component sdk --prefix "$2" >install.log || { cat install.log; exit 1; }
}
# quietly LOG command...: its output only where it fails
quietly() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 || { echo "failed: $*"; cat "$log"; exit 1; }
}
