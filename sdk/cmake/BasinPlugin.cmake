# basin_plugin(sam SOURCES sam.cpp): builds sam.basin.so, a portable plugin.
#
#   SOURCES       C or C++ files
#   LIBRARIES     what else it links; into the file where static, so that a colleague needs nothing beside it
#   PINNED        may include LibTorch's headers (basin/libtorch.hpp); loads with exactly the LibTorch that
#                 find_package(LibTorch) found here
#
# Only the entry symbol is exported, and nothing is shared between plugins or between two builds of one.
function(basin_plugin name)
  cmake_parse_arguments(ARG "PINNED" "" "SOURCES;LIBRARIES" ${ARGN})
  if(NOT ARG_SOURCES)
    message(FATAL_ERROR "basin_plugin(${name}): name the source files after SOURCES.")
  endif()
  set(target plugin_${name})
  set(exports "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map")
  add_library(${target} MODULE ${ARG_SOURCES})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name} PREFIX "" SUFFIX ".basin.so"
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON CXX_SCAN_FOR_MODULES OFF
    LINK_DEPENDS "${exports}")
  if(BASIN_PLUGIN_FOLDER)  # Basin's own
    set_target_properties(${target} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${BASIN_PLUGIN_FOLDER}")
    add_dependencies(plugins ${target})
  endif()
  target_compile_features(${target} PRIVATE cxx_std_17)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique>)
  endif()
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    target_compile_options(${target} PRIVATE -O2)  # a plugin built without a word about it is not a slow one
  endif()
  target_link_options(${target} PRIVATE "LINKER:--version-script=${exports}" "LINKER:--exclude-libs,ALL"
    "LINKER:--as-needed")
  target_link_libraries(${target} PRIVATE BasinSDK::sdk ${ARG_LIBRARIES})
  if(TARGET basin_warnings)
    target_link_libraries(${target} PRIVATE basin_warnings)
  endif()
  if(ARG_PINNED)
    if(NOT TARGET LibTorch::cpu)
      find_package(LibTorch REQUIRED)
    endif()
    target_compile_definitions(${target} PRIVATE BASIN_PLUGIN_ENGINE="${LibTorch_VERSION}")
    target_link_libraries(${target} PRIVATE LibTorch::cpu)
  endif()
endfunction()

# basin_plugin_test(sam test.lua): ctest runs the script with the plugin that was just built, where the program basin is on
# the PATH (or BASIN_PROGRAM names it); enable_testing() goes before. Always with --fresh: results of an earlier build must
# not be loaded; and on one thread: small tensors gain nothing from more, and lose much on a busy machine.
function(basin_plugin_test name script)
  find_program(BASIN_PROGRAM basin DOC "The program that runs the tests of plugins")
  if(NOT BASIN_PROGRAM)
    return()
  endif()
  add_test(NAME ${name} COMMAND "${BASIN_PROGRAM}" run --fresh --threads 1 --runs "${CMAKE_CURRENT_BINARY_DIR}/runs" "${script}"
    WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "BASIN_PLUGIN_PATH=$<TARGET_FILE_DIR:plugin_${name}>")
endfunction()
