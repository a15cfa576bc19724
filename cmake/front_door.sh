#!/usr/bin/env bash
# The front door of an installation, PREFIX/bin/basin: finds LibTorch, which no package brings, and hands over to the real
# program, PREFIX/lib/basin/bin/basin.
set -euo pipefail
home=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../lib/basin
. "$home/libtorch.sh"

if [[ ${1:-} == setup ]]; then
  [[ $# -eq 1 ]] || die "setup takes no arguments; it got '${*:2}'."
  setup_torch
  say "LibTorch $torch_version is there: basin --help says what else there is."
  exit
fi
torch=$(find_torch)
if [[ ! -f $torch/lib/libtorch_cpu.so ]]; then
  [[ ${BASIN_TORCH_DIR:-} ]] && die "BASIN_TORCH_DIR is $torch, which holds no lib/libtorch_cpu.so; name the folder that holds LibTorch's include/ and lib/."
  die "LibTorch $torch_version is not on this machine: run 'basin setup', which fetches it into ${torch_cache%/*} (0.55 GB, by pip), or name a folder that holds its lib/ with BASIN_TORCH_DIR."
fi
export LD_LIBRARY_PATH=$torch/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
exec "$home/bin/basin" "$@"
