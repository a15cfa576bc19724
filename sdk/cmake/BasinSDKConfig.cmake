# find_package(BasinSDK) outside of Basin's own build: BasinSDK::sdk and basin_plugin().
if(NOT TARGET BasinSDK::sdk)
  add_library(BasinSDK::sdk INTERFACE IMPORTED)
  get_filename_component(_basin_include "${CMAKE_CURRENT_LIST_DIR}/../include" ABSOLUTE)
  target_include_directories(BasinSDK::sdk INTERFACE "${_basin_include}")
endif()
include("${CMAKE_CURRENT_LIST_DIR}/BasinPlugin.cmake")
set(BasinSDK_FOUND TRUE)
