#!/bin/sh
# headers.sh INCLUDE CC CXX: compiles every C header of the SDK in every standard, warnings as errors.
set -eu
include=$1 cc=$2 cxx=$3
flags="-pedantic -Wall -Wextra -Werror -fsyntax-only -I$include"
checked=0

known() { echo 'int x;' | "$1" -std="$2" -fsyntax-only -x "$3" - 2>/dev/null; }

check() {  # compiler standard language
  if ! known "$1" "$2" "$3"; then echo "$2: unknown to $1, left out"; return; fi
  for header in "$include"/basin/*.h; do
    echo "#include <basin/$(basename "$header")>" | "$1" -std="$2" $flags -x "$3" - || { echo "$header as $2 failed"; exit 1; }
    checked=$((checked + 1))
  done
}

for standard in c99 c11 c17 c2x; do check "$cc" $standard c; done
for standard in c++17 c++20; do check "$cxx" $standard c++; done
echo "$checked compilations passed"
[ $checked -ge 60 ]
