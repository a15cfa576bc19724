#!/usr/bin/env bash
# Fuzzes each target with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer, from its seeds.
#
#   tests/fuzz/run.sh SECONDS [TARGET...]
#
# Needs clang++ (CLANG names another) and LibTorch (BASIN_TORCH_DIR, or what ./basin setup fetched); no build folder. New
# inputs go to build/fuzz/TARGET/, a finding to build/fuzz/TARGET-*. Exit code 0: nothing was found.
set -euo pipefail

[[ $# -ge 1 && $1 =~ ^[0-9]+$ ]] || { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 2; }
die() { echo "run.sh: $*" >&2; exit 2; }
seconds=$1
targets=("${@:2}")
[[ ${#targets[@]} -gt 0 ]] || targets=(note arguments)
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
cd "$here/../.."
clang=${CLANG:-clang++}
torch=${BASIN_TORCH_DIR:-$(ls -d "${XDG_CACHE_HOME:-$HOME/.cache}"/basin/libtorch-*/torch 2>/dev/null | tail -1)}
command -v "$clang" >/dev/null || die "there is no $clang; install clang, or name it in CLANG."
[[ -d $torch/include ]] || die "no LibTorch in '$torch'; run ./basin setup, or set BASIN_TORCH_DIR."

# -fno-sanitize=vptr: LibTorch's classes come without the type information that it looks up.
flags=(-std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize=vptr -fno-sanitize-recover=undefined
  -D_GLIBCXX_USE_CXX11_ABI=1 -Ihost -Isdk/include -isystem "$torch/include" -isystem "$torch/include/torch/csrc/api/include")

failed=0
for target in "${targets[@]}"; do
  case $target in
    note)
      sources="tests/fuzz/note.cpp host/plugin/note.cpp host/plugin/symbols.cpp host/plugin/files.cpp"
      more=() ;;
    arguments)
      sources="tests/fuzz/arguments.cpp host/abi/arguments.cpp host/abi/operators.cpp host/abi/handles.cpp host/abi/memory.cpp"
      more=("$torch/lib/libtorch_cpu.so" "$torch/lib/libc10.so" "-Wl,-rpath,$torch/lib" -Wl,--allow-shlib-undefined) ;;
    *) die "there is no target '$target'; there are: note arguments." ;;
  esac
  mkdir -p "build/fuzz/$target"
  objects=()
  for source in $sources; do
    object=build/fuzz/$(tr / - <<<"${source%.cpp}").o
    if [[ ! $object -nt $source || -n $(find host/abi host/plugin sdk/include -name '*.h*' -newer "$object" -print -quit) ]]; then
      "$clang" "${flags[@]}" -c "$source" -o "$object"
    fi
    objects+=("$object")
  done
  "$clang" "${flags[@]}" "${objects[@]}" "${more[@]}" -o "build/fuzz/fuzz-$target"
  echo "== $target, $seconds s"
  # A size that no memory has is refused by the engine in a sentence, so the allocator must let it ask.
  ASAN_OPTIONS=allocator_may_return_null=1 "build/fuzz/fuzz-$target" -max_total_time="$seconds" -max_len=8192 -timeout=20 \
    -rss_limit_mb=4096 -print_final_stats=1 -artifact_prefix="build/fuzz/$target-" "build/fuzz/$target" \
    "tests/fuzz/seeds/$target" || failed=1
done
exit $failed
