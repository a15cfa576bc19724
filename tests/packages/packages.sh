#!/usr/bin/env bash
# packages.sh BUILD FOLDER TORCH: cpack's two Debian packages, unpacked into a root of their own: what they say of themselves,
# that the program runs out of there, and that a scaffold builds against the SDK there and is loaded by that program.
set -u
build=$1 torch=$3
if ! command -v dpkg-deb >/dev/null || ! command -v dpkg-shlibdeps >/dev/null; then
  echo "dpkg-deb and dpkg-shlibdeps (package dpkg-dev) are not here"
  exit 77
fi
rm -rf "$2"
mkdir -p "$2/home"
cd "$2" || exit 1
failed=0
complain() { echo "$*"; failed=1; }

cpack --config "$build/CPackConfig.cmake" -B "$PWD/debs" >cpack.log 2>&1 || { cat cpack.log; exit 1; }
sdk=$(echo debs/basin-sdk_*_all.deb) program=$(echo debs/basin_*_"$(dpkg --print-architecture)".deb)
[[ -f $sdk && -f $program ]] || { ls debs; echo "expected basin-sdk_*_all.deb and basin_*_$(dpkg --print-architecture).deb"; exit 1; }
field() { dpkg-deb -f "$1" "$2"; }
[[ $(field "$sdk" Package) == basin-sdk && -z $(field "$sdk" Depends) ]] || complain "basin-sdk depends on: $(field "$sdk" Depends)"
[[ $(field "$sdk" Recommends) == *"make" ]] || complain "cmake -B build of a plugin needs make, and basin-sdk recommends: $(field "$sdk" Recommends)"
for one in "$sdk" "$program"; do
  [[ $(field "$one" Maintainer) == "The Basin project <no-address@basin.invalid>" ]] || complain "maintainer: $(field "$one" Maintainer)"
done
depends=$(field "$program" Depends)
for one in libc6 liblua5.4-0 libedit2 libopencv-core libarchive libzip; do
  [[ $depends == *$one* ]] || complain "basin does not depend on $one: $depends"
done
[[ $depends != *torch* && $(field "$program" Recommends) == *basin-sdk* ]] || complain "basin: $depends; $(field "$program" Recommends)"

for package in "$sdk" "$program"; do dpkg-deb -x "$package" root || exit 1; done
[[ -z $(find root -path root/usr -prune -o -type f -print) ]] || complain "files outside /usr: $(find root -path root/usr -prune -o -type f -print)"
if grep -rlF "$torch" root/usr/bin root/usr/share >/dev/null; then complain "a file knows this machine's LibTorch"; fi
readelf -d root/usr/lib/basin/bin/basin root/usr/lib/basin/lib/*.so | grep -E "R(UN)?PATH" && complain "a run path was left in"

clean() { env -i HOME="$PWD/home" PATH="$PWD/root/usr/bin:$(dirname "$(command -v cmake)"):/usr/bin:/bin" "$@"; }
# Without LibTorch: one sentence.
clean basin --version >output 2>&1 && complain "ran without LibTorch"
grep -q "LibTorch .* is not on this machine: run 'basin setup'" output || complain "said: $(cat output)"
clean BASIN_TORCH_DIR=/nowhere basin --version >output 2>&1
grep -q "BASIN_TORCH_DIR is /nowhere, which holds no lib/libtorch_cpu.so" output || complain "said: $(cat output)"

# With it, a plugin from nothing.
steps() {
  basin new averager mine --out mine --lang c && cmake -S mine -B mine/build && cmake --build mine/build &&
    BASIN_PLUGIN_PATH=mine/build basin run --fresh --threads 2 mine/test.lua && basin plugins &&
    PKG_CONFIG_PATH=root/usr/share/pkgconfig pkg-config --modversion basin-sdk &&
    cc -shared -fPIC $(PKG_CONFIG_PATH=root/usr/share/pkgconfig pkg-config --cflags basin-sdk) mine/mine.c -o by_hand.basin.so -lm &&
    test "$(nm -D --defined-only by_hand.basin.so | awk '{print $NF}')" = basin_plugin_entry
}
clean BASIN_TORCH_DIR="$torch" bash -c "set -e; $(declare -f steps); steps" >output 2>&1 || { cat output; exit 1; }
grep -q "usr/lib/basin/plugins/adam.basin.so" output || complain "the program's own plugins were not found: $(cat output)"
echo "basin depends on $depends"
exit $failed
