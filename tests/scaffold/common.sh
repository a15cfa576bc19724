# Shared: an SDK of its own in a prefix, and a program that uses nothing of the user's. Sourced with BUILD, the build folder.
# shellcheck shell=bash
work_in() {
  rm -rf "$1"
  mkdir -p "$1"
  cd "$1" || exit 1
  export XDG_CONFIG_HOME=$1/config XDG_STATE_HOME=$1/state XDG_DATA_HOME=$1/data BASIN_DEBUG= BASIN_PLUGIN_PATH=
  unset CMAKE_PREFIX_PATH BasinSDK_DIR BasinSDK_ROOT
}
install_sdk() {  # install_sdk BUILD PREFIX
  cmake --install "$1" --component sdk --prefix "$2" >install.log || { cat install.log; exit 1; }
}
# quietly LOG command...: its output only where it fails
quietly() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 || { echo "failed: $*"; cat "$log"; exit 1; }
}
