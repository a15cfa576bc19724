# Shared by the tests that are scripts: a folder of its own for each, and nothing of the user's settings. A test that fails
# leaves its folder to be looked at; of the others nothing stays, for trainings are large.
# shellcheck shell=bash
work_in() {
  rm -rf "$1"
  mkdir -p "$1"
  cd "$1" || exit 1
  export XDG_CONFIG_HOME=$1/config XDG_STATE_HOME=$1/state XDG_DATA_HOME=$1/data BASIN_DEBUG=
  work_folder=$1
  trap 'case $? in 0 | 77) cd / && rm -rf "$work_folder" ;; esac' EXIT
}
