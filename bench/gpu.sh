#!/usr/bin/env bash
# Runs everything that needs a GPU, in one command: the GPU tests, then the benches. Needs neither CMake nor a compiler,
# so a build folder may be carried to a machine that has only a driver and LibTorch with CUDA's libraries.
#
#   bench/gpu.sh BUILD_FOLDER LIBTORCH_FOLDER [PYTHON]
#
# BUILD_FOLDER     what ./basin build made, such as build/release, with bin/, lib/, plugins/ and samples/
# LIBTORCH_FOLDER  the folder with LibTorch's lib/, such as site-packages/torch; CUDA's libraries in ../nvidia
# PYTHON           a Python with torch 2.11, the peer of `bench step`; left out: that bench is too
# BASIN_GPU_TESTS_ONLY=1 leaves the benches out.
set -uo pipefail

if [[ $# -lt 2 || $# -gt 3 ]]; then
  sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"
  exit 2
fi
build=$(readlink -f "$1") torch=$(readlink -f "$2") python=${3:-}
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
die() { echo "gpu.sh: $*" >&2; exit 2; }
[[ -x $build/bin/test-gpu ]] || die "$build holds no bin/test-gpu: build everything first (./basin test does)."
[[ -f $build/lib/libbasin_cuda.so ]] || die "$build holds no lib/libbasin_cuda.so: build with a CUDA toolkit."
[[ -f $torch/lib/libtorch_cuda.so ]] || die "$torch holds no lib/libtorch_cuda.so: name LibTorch's folder."

libraries=$torch/lib
for folder in "$torch"/../nvidia/*/lib /usr/local/cuda/lib64; do
  if [[ -d $folder ]]; then libraries+=:$(readlink -f "$folder"); fi
done
export LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export BASIN_CUDA_MODULE=$build/lib/libbasin_cuda.so

echo "date: $(date -u +%Y-%m-%dT%H:%MZ)"
nvidia-smi --query-gpu=name,memory.total,driver_version,compute_cap --format=csv,noheader 2>/dev/null |
  sed 's/^/card: /' || true

failed=()
# run NAME COMMAND...: everything is run, whatever fails
run() {
  local name=$1
  shift
  echo
  echo "== $name"
  local log
  log=$(mktemp)
  "$@" 2>&1 | tee "$log"
  local status=${PIPESTATUS[0]}
  if grep -q '^skipped: ' "$log"; then status="skipped"; fi
  rm -f "$log"
  if [[ $status != 0 ]]; then failed+=("$name ($status)"); fi
}

run "tests that any machine passes" "$build/bin/test-cuda"
run "tests on the GPU" "$build/bin/test-gpu"
run "the sample's kernel on the GPU" "$build/bin/test-sample" "[gpu]"
if [[ ${BASIN_GPU_TESTS_ONLY:-0} != 1 ]]; then
  run "bench abi" "$build/bin/basin-bench-abi" --device cuda --seconds 60
  if [[ $python ]]; then
    run "bench step" "$build/bin/basin-bench-step" --device cuda --peer "$python" --script "$here/peer_steps.py" --seconds 90
    run "bench step, batch 128" "$build/bin/basin-bench-step" --device cuda --peer "$python" \
      --script "$here/peer_steps.py" --batch 128 --seconds 90
  else
    echo
    echo "== bench step: left out, no Python of the peer was named"
  fi
fi

echo
if ((${#failed[@]})); then
  echo "not passed: ${failed[*]}"
  exit 1
fi
echo "all passed"
