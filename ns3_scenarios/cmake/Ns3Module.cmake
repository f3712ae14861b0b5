# ns-3's own functions for a module, on top of the wheel, so that iab/CMakeLists.txt is the one list of the
# module's files: here, and under the contrib/ of an ns-3 source tree.
#
# As there, lib<module> names what to link; ns3_module_libraries() sets that for modules of the wheel.

macro(ns3_module_libraries)
  foreach(_module IN ITEMS ${ARGN})
    set(lib${_module} ns3::${_module})
  endforeach()
endmacro()

# Makes `#include "ns3/<header>"` find a header of ours, as ns-3 does: by a stub of that name in the build tree.
function(_ns3_module_headers target)
  set(stubs "${CMAKE_BINARY_DIR}/include")
  foreach(header IN LISTS ARGN)
    get_filename_component(name "${header}" NAME)
    if(EXISTS "${Ns3Wheel_INCLUDE_DIR}/ns3/${name}")
      message(FATAL_ERROR "${header}: ns-3 has a header ns3/${name} of its own; give ours another name")
    endif()
    file(CONFIGURE OUTPUT "${stubs}/ns3/${name}" CONTENT "#include \"${CMAKE_CURRENT_SOURCE_DIR}/${header}\"\n")
  endforeach()
  target_include_directories(${target} PUBLIC "${stubs}")
endfunction()

# build_lib(LIBNAME <name> SOURCE_FILES ... HEADER_FILES ... LIBRARIES_TO_LINK ... TEST_SOURCES ...): the object
# libraries <name> and, of its test suites, <name>-suites; and the module's examples.
function(build_lib)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "LIBNAME" "SOURCE_FILES;HEADER_FILES;LIBRARIES_TO_LINK;TEST_SOURCES")
  cosim_add_library(${arg_LIBNAME} SOURCES ${arg_SOURCE_FILES} LIBRARIES ${arg_LIBRARIES_TO_LINK})
  _ns3_module_headers(${arg_LIBNAME} ${arg_HEADER_FILES})
  cosim_add_library(${arg_LIBNAME}-suites SOURCES ${arg_TEST_SOURCES} LIBRARIES ${arg_LIBNAME})
  set_target_properties(${arg_LIBNAME}-suites PROPERTIES EXCLUDE_FROM_ALL ON)
  set(lib${arg_LIBNAME} ${arg_LIBNAME})
  add_subdirectory(examples)
endfunction()

# build_lib_example(NAME <name> SOURCE_FILES ... LIBRARIES_TO_LINK ...): a program.
function(build_lib_example)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME" "SOURCE_FILES;LIBRARIES_TO_LINK")
  cosim_add_program(${arg_NAME} SOURCES ${arg_SOURCE_FILES} LIBRARIES ${arg_LIBRARIES_TO_LINK})
  set_target_properties(${arg_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
endfunction()
