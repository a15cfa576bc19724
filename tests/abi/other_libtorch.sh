#!/usr/bin/env bash
# other_libtorch.sh [VERSION [FOLDER]]: the kept plugin files (binaries/) in a host over another LibTorch, by default the
# newest that PyPI has; run on demand, from anywhere. It fetches that LibTorch beside the project's own, builds what the test
# `binaries` needs of the host against it in FOLDER (build/libtorch-VERSION), runs the same files there and in the host of
# build/release, with the optimizers of build/release/plugins besides, and says how far apart the results are. Ends with 1 where that is more than 1e-6.
set -euo pipefail
root=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../..")
. "$root/cmake/libtorch.sh"
python=$(find_pip) || die "LibTorch comes out of a Python wheel, and no pip was found: install python3-pip."
version=${1:-$("$python" -m pip index versions torch 2>/dev/null | sed -n '1s/^torch (\(.*\))$/\1/p')}
[[ $version ]] || die "PyPI did not say which versions of torch it has; name one."
build=${2:-$root/build/libtorch-$version}
ours=$root/build/release/bin/test-binaries
[[ -x $ours ]] || die "$ours is not there: ninja -C build/release test-binaries plugins"
folder=${torch_cache%-*}-$version
[[ -f $folder/torch/lib/libtorch_cpu.so ]] || "$python" "$root/cmake/libtorch.py" --version "$version" --folder "$folder"

say "a host over LibTorch $version, in $build"
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBASIN_CUDA=OFF -DBASIN_TORCH_VERSION="$version" \
  -DBASIN_TORCH_DIR="$folder/torch" >"$build.log" || { cat "$build.log"; exit 1; }
ninja -C "$build" -j "${JOBS:-$(nproc)}" test-binaries

results=$(mktemp -d)
trap 'rm -r "$results"' EXIT
say "the same files in the host over LibTorch $torch_version, and in that over $version"
export OMP_NUM_THREADS=1 BASIN_OWN_PLUGINS=$root/build/release/plugins
BASIN_RESULTS=$results/ours "$ours"
BASIN_RESULTS=$results/theirs "$build/bin/test-binaries"
"$python" - "$results/ours" "$results/theirs" "$torch_version" "$version" <<'PY'
import sys

def read(path):
    return {line.split()[0]: [float(v) for v in line.split()[1:]] for line in open(path)}

ours, theirs = read(sys.argv[1]), read(sys.argv[2])
if not ours or ours.keys() != theirs.keys() or any(len(ours[k]) != len(theirs[k]) for k in ours):
    sys.exit("the two hosts did not give the same list of results")
worst = max(abs(a - b) for k in ours for a, b in zip(ours[k], theirs[k]))
numbers = sum(map(len, ours.values()))
print(f"{len(ours)} results of {numbers} numbers: LibTorch {sys.argv[3]} and {sys.argv[4]} differ by at most {worst:g}")
sys.exit(worst > 1e-6)
PY
