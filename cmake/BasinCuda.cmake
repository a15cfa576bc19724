# BASIN_CUDA: AUTO (where a toolkit that fits LibTorch is found), ON (an error where it is not) or OFF.
# Include it in the top CMakeLists.txt after find_package(LibTorch). Sets BASIN_HAVE_CUDA; where it is true the language
# CUDA is enabled and LibTorch::cuda exists, for the one module that is opened when a GPU is asked for. Nothing else may
# link it: a program that does starts half a second later and does not run without CUDA's libraries.
set(BASIN_CUDA AUTO CACHE STRING "Build the CUDA module: AUTO, ON or OFF")
set_property(CACHE BASIN_CUDA PROPERTY STRINGS AUTO ON OFF)
set(BASIN_HAVE_CUDA OFF)
set(_why "")

if(NOT BASIN_CUDA STREQUAL "OFF")
  # CMake 3.25 cannot ask nvcc 13 for another standard.
  set(CMAKE_CUDA_STANDARD 17)
  set(CMAKE_CUDA_STANDARD_REQUIRED ON)
  set(CMAKE_CUDA_RUNTIME_LIBRARY Shared)  # the one that LibTorch has loaded
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 80 90)  # and, as PTX, what came after
  endif()
  if(NOT EXISTS "${LibTorch_DIR}/lib/libtorch_cuda.so")
    set(_why "the LibTorch in ${LibTorch_DIR} is a CPU build")
  else()
    include(CheckLanguage)
    check_language(CUDA)
    if(NOT CMAKE_CUDA_COMPILER)
      set(_why "no nvcc that works was found")
    else()
      execute_process(COMMAND "${CMAKE_CUDA_COMPILER}" --version OUTPUT_VARIABLE _nvcc ERROR_QUIET)
      string(REGEX REPLACE ".*release ([0-9]+)\\.([0-9]+).*" "\\1" _nvcc_major "${_nvcc}")
      file(GLOB _cudart "${LibTorch_DIR}/../nvidia/cu*/lib/libcudart.so.*")
      string(REGEX REPLACE ".*libcudart\\.so\\.([0-9]+).*" "\\1" _torch_major "${_cudart}")
      if(_cudart AND NOT _nvcc_major STREQUAL _torch_major)
        set(_why "nvcc is of CUDA ${_nvcc_major}, and LibTorch was built with CUDA ${_torch_major}")
      endif()
    endif()
  endif()

  if(_why AND BASIN_CUDA STREQUAL "ON")
    message(FATAL_ERROR "BASIN_CUDA is ON, but ${_why}; install a CUDA toolkit that fits, or set BASIN_CUDA to OFF.")
  elseif(_why)
    message(STATUS "CUDA: off (${_why})")
  else()
    enable_language(CUDA)
    set(BASIN_HAVE_CUDA ON)
    message(STATUS "CUDA: nvcc ${CMAKE_CUDA_COMPILER_VERSION}, for compute capability ${CMAKE_CUDA_ARCHITECTURES}")
    add_library(LibTorch::cuda INTERFACE IMPORTED)
    target_include_directories(LibTorch::cuda SYSTEM INTERFACE ${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES})
    target_link_libraries(LibTorch::cuda INTERFACE LibTorch::cpu
      "${LibTorch_DIR}/lib/libtorch_cuda.so" "${LibTorch_DIR}/lib/libc10_cuda.so")
  endif()
else()
  message(STATUS "CUDA: off (BASIN_CUDA is OFF)")
endif()
