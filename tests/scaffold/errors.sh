#!/usr/bin/env bash
# errors.sh BUILD FOLDER: what basin new and find_package refuse, each in one sentence with the remedy.
set -u
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$here/common.sh"
build=$1
work_in "$2"
failed=0
# refuses TEXT arguments...: exit code 1, one line, which begins with TEXT; nothing is written
refuses() {
  local text=$1 before
  shift
  before=$(find . | sort)
  "$build/bin/basin" new "$@" >"$TMPDIR/out" 2>&1
  if [[ $? -ne 1 || $(<"$TMPDIR/out") != "$text"* || $(wc -l <"$TMPDIR/out") -ne 1 || $(find . | sort) != "$before" ]]; then
    printf 'basin new %s\n  expected: %s\n  got:      %s\n' "$*" "$text" "$(<"$TMPDIR/out")"
    failed=1
  fi
}
export TMPDIR=$2.tmp
mkdir -p "$TMPDIR"
refuses "there is no kind of component 'optimiser'; did you mean 'optimizer'? There are: model, dataset," optimiser lion
refuses "there is no kind of component 'zebra'. There are: model, dataset," zebra lion
refuses "'Lion-2' cannot name a component: take a lower-case letter, then lower-case letters, digits and '_'; for example 'lion_2'." optimizer Lion-2
refuses "'2' cannot name a component: take a lower-case letter, then lower-case letters, digits and '_'." optimizer 2
refuses "'../up' cannot name a component" optimizer ../up
refuses "'' cannot name a component" optimizer ""
refuses "--lang is c or c++, and 'rust' was given." optimizer lion --lang rust
mkdir full && touch full/file full.txt
refuses "'full' exists and is not empty: name another place with --out, or remove it first." optimizer lion --out full
refuses "'full.txt' is there already, and no folder: name another place with --out" optimizer lion --out full.txt
refuses "the folder 'full.txt/lion' cannot be made" optimizer lion --out full.txt/lion
mkdir lion && touch lion/kept
refuses "'lion' exists and is not empty" optimizer lion
mkdir empty
"$build/bin/basin" new optimizer adam --out empty >output || failed=1
grep -q "There is a plugin of this name already, .*adam.basin.so" output || { echo "nothing was said of the other adam:"; cat output; failed=1; }
[[ -f empty/adam.cpp ]] || { echo "an empty folder was not used"; failed=1; }

# An SDK too old, too new, or right.
install_sdk "$build" "$PWD/sdk"
asks() {  # asks VERSION TEXT: what CMake says to find_package(BasinSDK VERSION); TEXT "": it is found
  mkdir -p project
  printf 'cmake_minimum_required(VERSION 3.22)\nproject(p LANGUAGES NONE)\nfind_package(BasinSDK %s REQUIRED)\n' "$1" >project/CMakeLists.txt
  cmake -S project -B project/build-"$1" -DCMAKE_PREFIX_PATH="$PWD/sdk" >output 2>&1
  local status=$?
  tr '\n' ' ' <output | tr -s ' ' >line
  if [[ -z $2 && $status -ne 0 ]] || [[ -n $2 ]] && { [[ $status -eq 0 ]] || ! grep -qF -- "$2" line; }; then
    echo "find_package(BasinSDK $1): expected '$2', got:"
    cat output
    failed=1
  fi
}
mine=$(sed -n 's/^set(PACKAGE_VERSION \([0-9.]*\))/\1/p' sdk/share/cmake/BasinSDK/BasinSDKConfigVersion.cmake)
asks "$mine" ""
asks "${mine%.*}" ""
asks "" ""
asks "9.0" "$mine (older than the 9.0 that this plugin asks for: install a newer basin-sdk)"
asks "0.99" "$mine (older than the 0.99 that this plugin asks for: install a newer basin-sdk)"
sed -i "s/^set(PACKAGE_VERSION .*/set(PACKAGE_VERSION 0.7.2)/" sdk/share/cmake/BasinSDK/BasinSDKConfigVersion.cmake
asks "0.7" ""
asks "0.6" "0.7.2 (later than the 0.6 that this plugin asks for, and some interfaces are drafts until 1.0: install basin-sdk 0.6,"
sed -i "s/^set(PACKAGE_VERSION .*/set(PACKAGE_VERSION 2.3.1)/" sdk/share/cmake/BasinSDK/BasinSDKConfigVersion.cmake
asks "2.1" ""
asks "2.4" "2.3.1 (older than the 2.4"
asks "1.9" "2.3.1 (of a later major version than the 1.9 that this plugin asks for: install basin-sdk 1,"
exit $failed
