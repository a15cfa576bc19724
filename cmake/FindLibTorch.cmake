# Finds LibTorch without Torch's own CMake package, which would drag in the CUDA language and every CUDA library
# (docs/architecture.md, "LibTorch"). Looked for in this order:
#   1. BASIN_TORCH_DIR (variable or environment): a folder that holds include/ and lib/, such as site-packages/torch
#   2. the active Python environment, when its torch has the version asked for
#   3. the per-user cache that ./basin fills
# Defines LibTorch::cpu (libtorch_cpu and libc10), and LibTorch::headers for modules that link more by themselves.
set(_version ${LibTorch_FIND_VERSION})
set(_tried "")

function(_basin_try_torch dir from)
  if(LibTorch_DIR OR NOT dir)
    return()
  endif()
  if(NOT EXISTS "${dir}/lib/libtorch_cpu.so")
    set(_tried "${_tried}\n  ${from}: ${dir} holds no lib/libtorch_cpu.so" PARENT_SCOPE)
    return()
  endif()
  # The second place is that of versions before 2.9, which are found in order to be refused by name.
  set(found "")
  foreach(header torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
    if(NOT found AND EXISTS "${dir}/include/${header}")
      file(STRINGS "${dir}/include/${header}" lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
      string(REGEX REPLACE ".*MAJOR ([0-9]+).*MINOR ([0-9]+).*PATCH ([0-9]+).*" "\\1.\\2.\\3" found "${lines}")
    endif()
  endforeach()
  if(NOT found VERSION_EQUAL _version)
    set(_tried "${_tried}\n  ${from}: ${dir} holds version '${found}', and ${_version} is needed" PARENT_SCOPE)
    return()
  endif()
  set(LibTorch_DIR "${dir}" PARENT_SCOPE)
  set(LibTorch_VERSION "${found}" PARENT_SCOPE)
  set(LibTorch_FROM "${from}" PARENT_SCOPE)
endfunction()

set(LibTorch_DIR "")
if(BASIN_TORCH_DIR)
  _basin_try_torch("${BASIN_TORCH_DIR}" "BASIN_TORCH_DIR")
elseif(NOT "$ENV{BASIN_TORCH_DIR}" STREQUAL "")
  _basin_try_torch("$ENV{BASIN_TORCH_DIR}" "BASIN_TORCH_DIR")
else()
  if(DEFINED ENV{VIRTUAL_ENV} OR DEFINED ENV{CONDA_PREFIX})
    execute_process(COMMAND python3 -c "import importlib.metadata as m, importlib.util as u, os
if m.version('torch').split('+')[0] == '${_version}': print(os.path.dirname(u.find_spec('torch').origin))"
      OUTPUT_VARIABLE _env_dir OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    _basin_try_torch("${_env_dir}" "active Python environment")
  endif()
  if(NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
    set(_cache "$ENV{XDG_CACHE_HOME}")
  else()
    set(_cache "$ENV{HOME}/.cache")
  endif()
  _basin_try_torch("${_cache}/basin/libtorch-${_version}/torch" "per-user cache")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch REQUIRED_VARS LibTorch_DIR VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "run ./basin setup, or set BASIN_TORCH_DIR to a folder with LibTorch's include/ and lib/.${_tried}")

if(LibTorch_FOUND AND NOT TARGET LibTorch::cpu)
  add_library(LibTorch::headers INTERFACE IMPORTED)
  target_include_directories(LibTorch::headers SYSTEM INTERFACE
    "${LibTorch_DIR}/include" "${LibTorch_DIR}/include/torch/csrc/api/include")
  target_compile_definitions(LibTorch::headers INTERFACE _GLIBCXX_USE_CXX11_ABI=1)
  # at::parallel_for is a template of LibTorch's headers: compiled without OpenMP it silently runs on one thread.
  target_compile_options(LibTorch::headers INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fopenmp>)
  target_link_options(LibTorch::headers INTERFACE -fopenmp)

  add_library(LibTorch::cpu INTERFACE IMPORTED)
  target_link_libraries(LibTorch::cpu INTERFACE LibTorch::headers
    "${LibTorch_DIR}/lib/libtorch_cpu.so" "${LibTorch_DIR}/lib/libc10.so")
  # The wheel finds its own dependencies by $ORIGIN; the linker need not follow them.
  target_link_options(LibTorch::cpu INTERFACE -Wl,--allow-shlib-undefined "-Wl,-rpath,${LibTorch_DIR}/lib")
endif()
