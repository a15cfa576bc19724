#!/bin/sh
# outside.sh SDK SOURCE BUILD CXX: what a plugin author does with find_package(BasinSDK) and one line.
set -eu
rm -rf "$3"
cmake -S "$2" -B "$3" -DBasinSDK_DIR="$1" -DCMAKE_CXX_COMPILER="$4" -DCMAKE_BUILD_TYPE=Release >"$3.log" 2>&1 &&
  cmake --build "$3" >>"$3.log" 2>&1 || { cat "$3.log" >&2; exit 1; }
exec "$(dirname "$0")/exports.sh" "$3"
