#!/usr/bin/env bash
# The front door on a machine of straw: a copy of ./basin in a folder of its own, with apt-get, dpkg-query, sudo, cmake,
# ninja and pip replaced by scripts that write down how they were called. Usage: front_door.sh REPOSITORY
set -u
source=$1
box=$(mktemp -d)
trap 'rm -rf "$box"' EXIT
failures=0
unset BASIN_TORCH_DIR BASIN_SKIP_PACKAGES BASIN_PRESET VIRTUAL_ENV CONDA_PREFIX

mkdir -p "$box"/{bin,home,repo/cmake,repo/host,repo/plugins,pip/pip}
cp "$source/basin" "$box/repo/"
cp "$source/cmake/libtorch.py" "$source/cmake/libtorch.sh" "$box/repo/cmake/"
touch "$box/repo/CMakeLists.txt" "$box/repo/host/CMakeLists.txt" "$box/repo/plugins/CMakeLists.txt"

tool() { cat >"$box/bin/$1"; chmod +x "$box/bin/$1"; }
tool dpkg-query <<'END'
#!/bin/bash
shift 3
for p in "$@"; do [[ -e $BOX/missing-$p ]] || echo "installed $p"; done
END
tool apt-get <<'END'
#!/bin/bash
echo "apt-get $*" >>"$BOX/calls"
[[ -e $BOX/offline ]] && { echo "E: no connection"; exit 100; }
rm -f "$BOX"/missing-*
END
tool sudo <<'END'
#!/bin/bash
[[ -e $BOX/no-sudo ]] && exit 1
shift
"$@"
END
tool cmake <<'END'
#!/bin/bash
echo "cmake $*" >>"$BOX/calls"
mkdir -p build/release/bin
touch build/release/build.ninja
for a in "$@"; do [[ $a == -DBASIN_TORCH_DIR=* ]] && echo "BASIN_TORCH_DIR:UNINITIALIZED=${a#*=}" >build/release/CMakeCache.txt; done
exit 0
END
tool nvidia-smi <<'END'
#!/bin/bash
exit 1
END
tool ninja <<'END'
#!/bin/bash
echo "ninja $*" >>"$BOX/calls"
[[ -e $BOX/broken ]] && { echo "error: no such thing"; exit 1; }
printf '#!/bin/bash\necho "program in $PWD:" "$@"\ncat\n' >"$2/bin/basin"
chmod +x "$2/bin/basin"
END
tool ctest <<'END'
#!/bin/bash
echo "ctest $*"
END
# `python3 -m pip download`: makes wheels of the shape that LibTorch's have
cat >"$box/pip/pip/__main__.py" <<'END'
import os, sys, zipfile
box = os.environ["BOX"]
open(box + "/calls", "a").write("pip " + " ".join(sys.argv[1:]) + "\n")
if sys.argv[1] == "--version":
    sys.exit(0)
failing = box + "/pip-fails"
if os.path.exists(failing):
    left = int(open(failing).read())
    if left:
        open(failing, "w").write(str(left - 1))
        sys.exit("ERROR: connection lost")
folder = sys.argv[sys.argv.index("--dest") + 1]
for wanted in sys.argv[1:]:
    if wanted == "torch==2.11.0":
        with zipfile.ZipFile(folder + "/torch-2.11.0-cp311-cp311-x.whl", "w") as wheel:
            for name in ("torch/lib/libtorch_cpu.so", "torch/lib/libtorch_python.so", "torch/include/a.h", "torch/x.py"):
                wheel.writestr(name, "x" * 100)
            wheel.writestr("torch-2.11.0.dist-info/METADATA", """Name: torch
Requires-Dist: sympy>=1.13.3
Requires-Dist: cuda-toolkit[cublas,cudart,cupti]==13.0.2; platform_system == "Linux"
Requires-Dist: nvidia-cudnn-cu13==9.19.0.56; platform_system == "Linux"
""")
    if wanted.startswith(("cuda-toolkit", "nvidia-cudnn")):
        name = wanted.split("[")[0].split("=")[0].replace("-", "_")
        with zipfile.ZipFile(f"{folder}/{name}-1-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"nvidia/cu13/lib/lib{name}.so", "x")
END
touch "$box/pip/pip/__init__.py"

export BOX=$box PYTHONPATH=$box/pip PATH=$box/bin:$PATH HOME=$box/home XDG_CACHE_HOME=$box/home/cache
cache=$XDG_CACHE_HOME/basin/libtorch-2.11.0

# run ARGUMENTS...: fills $out (both streams), $stdout and $status, and empties the list of calls first
run() {
  : >"$box/calls"
  (cd "$box/home" && "$box/repo/basin" "$@" >"$box/stdout" 2>"$box/stderr" </dev/null)
  status=$?
  stdout=$(<"$box/stdout") out=$(cat "$box/stdout" "$box/stderr") calls=$(<"$box/calls")
}
check() {  # check WHAT CONDITION...
  local what=$1
  shift
  if ! "$@"; then
    failures=$((failures + 1))
    printf 'FAILED: %s\n  status %s, output:\n%s\n  calls:\n%s\n' "$what" "$status" "$out" "$calls"
  fi
}
says() { [[ $out == *"$1"* ]]; }
called() { [[ $calls == *"$1"* ]]; }
silent() { [[ -z $calls ]]; }
failed() { [[ $status -ne 0 ]]; }
worked() { [[ $status -eq 0 ]]; }
not() { ! "$@"; }

run --help
check "help needs nothing" worked
check "help names the verbs" says "test [ctest args]"
check "help before the build names the program's" says "repl"
check "help installs nothing" silent

# Missing packages, no rights: one line to run
touch "$box/missing-make" "$box/missing-ninja-build" "$box/no-sudo"  # make: a plugin of one's own is built with it
if [[ $EUID -eq 0 ]]; then
  chmod -R a+rwX "$box"
  unprivileged=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  : >"$box/calls"
  out=$("${unprivileged[@]}" "$box/repo/basin" setup 2>&1 </dev/null)
  status=$? calls=$(<"$box/calls")
else
  run setup
fi
check "without rights it stops" failed
check "without rights it says the line" says "sudo apt-get update && sudo apt-get install -y --no-install-recommends make ninja-build"
check "without rights nothing is installed" not called apt-get
rm -f "$box/no-sudo"
rm -rf "$box/repo/build"

touch "$box/offline"
run setup
check "no connection: one sentence" says "is this machine online? The missing packages are: make ninja-build."
rm "$box/offline"

# pip loses the connection three times, then once
echo 3 >"$box/pip-fails"
run setup
check "a download that fails stops" failed
check "a download that fails says so" says "pip could not download torch==2.11.0"
check "packages were installed" called "install -y --no-install-recommends make ninja-build"
check "no half LibTorch" not test -e "$cache"
echo 1 >"$box/pip-fails"
: >"$box/calls"
run -e 'print(1)'
check "the second try goes through to the program" worked
check "only the CPU's libraries are asked for" called "cuda-toolkit[cudart,cupti]==13.0.2"
check "and no others" not called cudnn
check "the program's output is alone on its stream" test "$stdout" = "program in $box/home: -e print(1)"
check "LibTorch is there" test -f "$cache/torch/lib/libtorch_cpu.so"
check "without Python's part" not test -e "$cache/torch/lib/libtorch_python.so"
check "the downloads are gone" not test -e "$cache.download"
check "only program and plugins are built" called "host/all plugins/all"
check "configured with that LibTorch" called "-DBASIN_TORCH_DIR=$cache/torch"

run run a.lua --set x=1
check "a second start does nothing but run" silent
check "arguments pass through" test "$stdout" = "program in $box/home: run a.lua --set x=1"

sleep 0.02
touch "$box/repo/host/new.cpp"
run plugins
check "a newer source builds" called ninja
check "and does not configure" not called cmake
run plugins
check "once" silent
touch "$box/repo/host/broken.cpp" "$box/broken"
run plugins
check "a failing build is said" says "the build failed"
check "and runs nothing" failed
rm "$box/broken"

run test -L fast
check "test builds everything" called "ninja -C $box/repo/build/release -j"
check "test ends in ctest" test "$stdout" = "ctest --test-dir $box/repo/build/release --output-on-failure -L fast"

export BASIN_TORCH_DIR=$box/nowhere
run plugins
check "a wrong BASIN_TORCH_DIR is named" says "BASIN_TORCH_DIR is $box/nowhere, which holds no lib/libtorch_cpu.so"
mkdir -p "$box/other/lib" && touch "$box/other/lib/libtorch_cpu.so"
export BASIN_TORCH_DIR=$box/other
run plugins
check "another LibTorch is configured" called "-DBASIN_TORCH_DIR=$box/other"
unset BASIN_TORCH_DIR
run plugins
check "and kept" silent

# A GPU that appears later brings CUDA's libraries, and only these
rm -rf "$box/home/cache.cuda" && cp -r "$cache" "$box/cuda" && : >"$box/calls"
python3 "$box/repo/cmake/libtorch.py" --version 2.11.0 --folder "$box/cuda" --parts cuda >/dev/null 2>&1
calls=$(<"$box/calls")
check "CUDA's libraries are added" test -f "$box/cuda/nvidia/cu13/lib/libnvidia_cudnn_cu13.so" -a -f "$box/cuda/cuda-complete"
check "torch is not fetched again" not called "torch==2.11.0"

run setup now
check "setup takes no arguments" says "setup takes no arguments"
bash -n "$source/.ci/run" || failures=$((failures + 1))

[[ $failures -eq 0 ]] && echo "front door: all well"
exit $((failures > 0))
