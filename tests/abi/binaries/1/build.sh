#!/bin/sh
# build.sh OUT: how the files of this folder were made, once, with the SDK as it was when tensor, autograd, random, state,
# log, parameters, optimizer and averager were released. No test runs it: what it makes today are other binaries.
# Needs g++, clang++, libc++-dev and libc++abi-dev (Debian 12: g++ 12.2, clang 14.0.6).
set -eu
here=$(dirname "$(readlink -f "$0")")
sdk=$here/../../../../sdk
out=$1
compile="-Os -DNDEBUG -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections -Wall -Wextra -Werror -I$sdk/include"
link="-shared -s -Wl,--version-script=$sdk/cmake/plugin.map -Wl,--exclude-libs,ALL -Wl,--as-needed -Wl,--gc-sections"
# shellcheck disable=SC2086
g++ -std=c++17 -fvisibility-inlines-hidden -fno-gnu-unique $compile -DKEPT='"kept_gcc"' "$here/kept.cpp" $link \
  -o "$out/kept_gcc.basin.so"
# libc++ stands in the file: the machine that loads it need not have one.
# shellcheck disable=SC2086
clang++ -stdlib=libc++ -std=c++17 -fvisibility-inlines-hidden $compile -DKEPT='"kept_libcxx"' "$here/kept.cpp" $link \
  -nostdlib++ -Wl,-Bstatic -lc++ -lc++abi -Wl,-Bdynamic -lpthread -o "$out/kept_libcxx.basin.so"
# shellcheck disable=SC2086
gcc -std=c99 -pedantic $compile "$here/kept.c" $link -lm -o "$out/kept_c.basin.so"
