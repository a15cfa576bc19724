#!/usr/bin/env bash
# kind.sh BUILD FOLDER KIND LANGUAGE: a scaffold of one kind, from basin new to its test and its example, against an
# installed SDK alone; all warnings are errors. NEXT_MINOR=1: against the SDK as a later version might be, every struct and
# every table of functions longer than this host knows them.
set -u
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$here/common.sh"
build=$1 kind=$3 language=$4
work_in "$2"
install_sdk "$build" "$PWD/sdk"
if [[ ${NEXT_MINOR:-} ]]; then python3 "$here/next_minor.py" sdk/include/basin || exit 1; fi

quietly new.log "$build/bin/basin" new "$kind" mine --out made --lang "$language"
if cat made/* | tr -d _ | grep -in "my${kind//_/}"; then
  echo "the template's name is left over"
  exit 1
fi
warnings="-Wall -Wextra -Wpedantic -Werror -Wno-missing-field-initializers"
# Nothing but the SDK: no home folder with a LibTorch in it, no Python.
quietly build.log env -i PATH="$(dirname "$(command -v cmake)"):/usr/bin:/bin" HOME="$PWD/nowhere" \
  cmake -S made -B made/build -DCMAKE_PREFIX_PATH="$PWD/sdk" -DBASIN_PROGRAM="$build/bin/basin" \
  -DCMAKE_C_FLAGS="$warnings -std=c99" -DCMAKE_CXX_FLAGS="$warnings"
quietly build.log cmake --build made/build
quietly exports.log sh "$here/../sdk/exports.sh" made/build
quietly test.log ctest --test-dir made/build --output-on-failure --no-tests=error
# Without the file just built the test does not take another of its name: one that was installed earlier.
mkdir -p data/basin/plugins
cp made/build/mine.basin.so data/basin/plugins/
for path in "" made/nowhere; do
  BASIN_PLUGIN_PATH=$path "$build/bin/basin" run --fresh made/test.lua >other.log 2>&1
  if [[ $? -ne 1 ]] || ! grep -qF "this would test $PWD/data/basin/plugins/mine.basin.so: build mine.basin.so" other.log; then
    echo "BASIN_PLUGIN_PATH='$path': the test of another file was not refused"
    cat other.log
    exit 1
  fi
done
rm data/basin/plugins/mine.basin.so
if [[ ! ${NEXT_MINOR:-} ]]; then
  BASIN_PLUGIN_PATH=made/build quietly example.log "$build/bin/basin" run --fresh --threads 2 made/example.lua
  cat example.log
fi
