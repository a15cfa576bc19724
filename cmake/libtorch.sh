# shellcheck shell=bash
# Where LibTorch is, and fetching it: for the front doors of a clone (./basin) and of an installation (cmake/front_door.sh).
torch_version=2.11.0
torch_cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/basin/libtorch-$torch_version

say() { printf 'basin: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# Prints the folder of a LibTorch of the right version, in the order of cmake/FindLibTorch.cmake, or nothing.
find_torch() {
  if [[ ${BASIN_TORCH_DIR:-} ]]; then echo "$BASIN_TORCH_DIR"; return; fi
  local prefix site
  for prefix in "${VIRTUAL_ENV:-}" "${CONDA_PREFIX:-}"; do
    [[ $prefix ]] || continue
    for site in "$prefix"/lib/python3*/site-packages; do
      if [[ -f $site/torch/lib/libtorch_cpu.so ]] && compgen -G "$site/torch-${torch_version}[-+.]*dist-info" >/dev/null; then
        echo "$site/torch"; return
      fi
    done
  done
  [[ -f $torch_cache/torch/lib/libtorch_cpu.so ]] && echo "$torch_cache/torch"
  return 0
}

find_pip() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -m pip --version >/dev/null 2>&1; then echo "$python"; return; fi
  done
  return 1
}

gpu_device() { if [[ -e /dev/nvidia0 || -e /dev/dxg ]]; then echo gpu; else echo cpu; fi; }

setup_torch() {
  if [[ ${BASIN_TORCH_DIR:-} && ! -f $BASIN_TORCH_DIR/lib/libtorch_cpu.so ]]; then
    die "BASIN_TORCH_DIR is $BASIN_TORCH_DIR, which holds no lib/libtorch_cpu.so; name the folder that holds LibTorch's include/ and lib/."
  fi
  local torch python parts=cpu
  torch=$(find_torch)
  if [[ $(gpu_device) == gpu ]] && nvidia-smi -L >/dev/null 2>&1; then parts=cuda; fi
  if [[ $torch && $torch != "$torch_cache/torch" ]]; then say "using the LibTorch in $torch"; return; fi
  if [[ $torch && ($parts == cpu || -e $torch_cache/cuda-complete) ]]; then return; fi
  python=$(find_pip) || die "LibTorch comes out of a Python wheel, and no pip was found: install python3-pip, or set BASIN_TORCH_DIR."
  "$python" "$(dirname "${BASH_SOURCE[0]}")/libtorch.py" --version "$torch_version" --folder "$torch_cache" --parts "$parts" </dev/null >&2 || exit 1
}
