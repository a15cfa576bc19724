#!/usr/bin/env bash
# reference.sh PROGRAM FOLDER REFERENCE: docs/reference is what the program says today. To bring it up to date:
#   basin docs --out docs/reference
set -u
mkdir -p "$2" && cd "$2" || exit 1
rm -rf written
unset BASIN_PLUGIN_PATH
XDG_DATA_HOME=$2 XDG_CONFIG_HOME=$2 "$1" docs --out written || exit 1
if ! diff -r "$3" written; then
  echo "docs/reference is not what the program says: basin docs --out docs/reference"
  exit 1
fi
