# How every target of Basin is compiled. Plugins outside this repository get none of this; see sdk/cmake.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 99)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2")  # asserts stay on: they cost nothing beside a convolution

option(BASIN_ASAN "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
if(BASIN_ASAN)
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")  # asserts stay on; lines enough for a report, half the size
  add_compile_options(-fsanitize=address,undefined -fno-omit-frame-pointer)
  # Checks at every access through a pointer: they double the time of the build. AddressSanitizer sees an address of 0
  # and memory that is too small as well; what is lost is alignment, which x86 mostly forgives.
  add_compile_options(-fno-sanitize=null,alignment,object-size,vptr)
  add_link_options(-fsanitize=address,undefined)
  add_library(basin_sanitizers OBJECT "${CMAKE_CURRENT_SOURCE_DIR}/tests/sanitizers.c")  # options and suppressions
  target_compile_options(basin_sanitizers PRIVATE -fno-sanitize=all)
  link_libraries("$<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:$<TARGET_OBJECTS:basin_sanitizers>>")
endif()

find_program(BASIN_CCACHE ccache)
if(BASIN_CCACHE)
  # ccache needs to be told that the precompiled header's time stamps do not matter
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${BASIN_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${BASIN_CCACHE})
  add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fpch-preprocess>)
endif()
find_program(BASIN_MOLD mold)
if(BASIN_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(basin_warnings INTERFACE)
set(BASIN_WERROR -Werror)
if(BASIN_ASAN)
  set(BASIN_WERROR -Wno-array-bounds)  # GCC 12 warns of instrumented code what is not so, of std::variant's bounds
endif()
target_compile_options(basin_warnings INTERFACE  # nvcc knows none of these
  "$<$<COMPILE_LANGUAGE:C,CXX>:-Wall;-Wextra;-Wpedantic;${BASIN_WERROR};-Wno-missing-field-initializers>")
