# What cmake --install and cpack give: the component `sdk` (sdk/CMakeLists.txt), and here `program`.
#
#   PREFIX/bin/basin          the front door, which finds LibTorch (docs/architecture.md, "Packages")
#   PREFIX/lib/basin/         as a build folder: bin/basin the real program, lib/ its late-loaded parts, plugins/
#
# As files and not as targets: CMake would want them linked anew for it, and nothing but the way to this machine's LibTorch
# is to be taken out.
foreach(part basin basin_image_module basin_cuda_module)
  if(TARGET ${part})
    set(place lib/basin/lib)
    if(part STREQUAL "basin")
      set(place lib/basin/bin)
    endif()
    install(PROGRAMS "$<TARGET_FILE:${part}>" DESTINATION ${place} COMPONENT program)
    install(CODE "file(RPATH_REMOVE FILE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${place}/$<TARGET_FILE_NAME:${part}>\")"
      COMPONENT program)
  endif()
endforeach()
get_target_property(targets plugins MANUALLY_ADDED_DEPENDENCIES)
install(TARGETS ${targets} LIBRARY DESTINATION lib/basin/plugins COMPONENT program)
install(FILES "${CMAKE_SOURCE_DIR}/plugins/models/small_features/small_features.safetensors" DESTINATION lib/basin/plugins
  COMPONENT program)
install(PROGRAMS "${CMAKE_SOURCE_DIR}/cmake/front_door.sh" DESTINATION bin RENAME basin COMPONENT program)
install(FILES "${CMAKE_SOURCE_DIR}/cmake/libtorch.sh" "${CMAKE_SOURCE_DIR}/cmake/libtorch.py" DESTINATION lib/basin
  COMPONENT program)
install(FILES "${CMAKE_SOURCE_DIR}/docs/reference/basin.lua" DESTINATION share/basin/lua COMPONENT program)
install(FILES "${CMAKE_SOURCE_DIR}/LICENSE" DESTINATION share/doc/basin RENAME copyright COMPONENT program)
install(FILES "${CMAKE_SOURCE_DIR}/LICENSE" DESTINATION share/doc/basin-sdk RENAME copyright COMPONENT sdk)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME basin)
set(CPACK_PACKAGE_CONTACT "The Basin project <no-address@basin.invalid>")  # docs/architecture.md says why
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL sdk program)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)

set(CPACK_DEBIAN_SDK_PACKAGE_NAME basin-sdk)
set(CPACK_DEBIAN_SDK_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_SDK_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_SDK_PACKAGE_RECOMMENDS "cmake, g++ | c++-compiler, make")
set(CPACK_DEBIAN_SDK_PACKAGE_SUGGESTS basin)
set(CPACK_COMPONENT_SDK_DESCRIPTION "Headers, CMake package and templates for plugins of Basin")

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME basin)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION science)
# The libraries of Debian's that the files link; LibTorch comes from no package, so it is told where to be passed over.
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${LibTorch_DIR}/lib")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS "bash")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS "python3-pip, curl, basin-sdk (= ${PROJECT_VERSION})")
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION "Basin, a research platform for the loss landscape of diffusion models
 Run 'basin setup' once: it fetches LibTorch ${LibTorch_VERSION}, which is not part of the package.")
include(CPack)
