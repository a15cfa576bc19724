#!/bin/sh
# headers.sh INCLUDE CC CXX: the C headers are plain C99 and C++, the C++ layer is C++17 and later, all without a warning;
# each of them stands by itself (but libtorch.hpp, which needs LibTorch), and the one that helps plugins in C.
set -eu
include=$1 cc=$2 cxx=$3
failed=0
try() {
  if ! "$@" -fsyntax-only -I"$include" -Wall -Wextra -pedantic -Werror; then
    echo "FAILED: $*" >&2
    failed=1
  fi
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for header in "$include"/basin/*.h; do
  echo "#include <basin/$(basename "$header")>" >"$scratch/one.c"
  try "$cc" -std=c99 "$scratch/one.c"
done
printf '#include <basin/basin.h>\nBASIN_NOTE(BASIN_PORTABLE, "");\n' >"$scratch/all.c"
cp "$scratch/all.c" "$scratch/all.cpp"
for level in c99 c11 c17 c2x; do try "$cc" -std=$level "$scratch/all.c"; done
for level in c++17 c++20; do try "$cxx" -std=$level "$scratch/all.cpp"; done
printf '#include <basin/c/plugin.h>\nbasin_tables basin;\n' >"$scratch/plain.c"
for level in c99 c11 c17 c2x; do try "$cc" -std=$level "$scratch/plain.c"; done
echo '#include <basin/basin.hpp>' >"$scratch/layer.cpp"
for level in c++17 c++20; do try "$cxx" -std=$level "$scratch/layer.cpp"; done
for header in "$include"/basin/cpp/*.hpp "$include"/basin/cpp/kinds/*.hpp; do
  echo "#include <basin/${header#"$include"/basin/}>" >"$scratch/part.cpp"
  try "$cxx" -std=c++17 "$scratch/part.cpp"
done
# The helper for plugins in C has the table of every interface, and asks for it.
for table in $(sed -n 's/^} basin_\([a-z_]*\)_interface;$/\1/p' "$include"/basin/*.h); do
  if ! grep -q "  const basin_${table}_interface\* $table;" "$include/basin/c/plugin.h" ||
     ! grep -q "basin\.$table = host->get_interface" "$include/basin/c/plugin.h"; then
    echo "c/plugin.h knows nothing of basin_${table}_interface" >&2
    failed=1
  fi
done
exit $failed
