# Shared by the tests of the program: a folder of its own for each, and nothing of the user's settings.
# shellcheck shell=bash
work_in() {
  rm -rf "$1"
  mkdir -p "$1"
  cd "$1" || exit 1
  export XDG_CONFIG_HOME=$1/config XDG_STATE_HOME=$1/state XDG_DATA_HOME=$1/data BASIN_DEBUG=
}
