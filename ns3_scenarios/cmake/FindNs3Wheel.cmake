# FindNs3Wheel
# ------------
#
# Finds the headers and shared libraries of ns-3 inside the PyPI wheel `ns3` and gives each requested
# component an imported target `ns3::<component>`.
#
#   find_package(Ns3Wheel 3.44 REQUIRED COMPONENTS core network internet)
#
# Where it looks, in this order:
#   1. NS3_WHEEL_DIR (CMake variable, else environment): the unpacked `ns3/` folder of the wheel, the
#      one that holds include/ and lib64/;
#   2. the site-packages of the Python that builds;
#   3. the copy that an earlier configure unpacked, else a download of NS3_WHEEL_REQUIREMENT with
#      `python -m pip download --no-deps` to NS3_WHEEL_CACHE (default: the build tree). `--no-deps`
#      because the wheel's one dependency, cppyy, serves its Python bindings only.
#
# The wheel's own ns3Config.cmake names folders of the machine that built it, which is why this module
# takes its place.
#
# Result variables: Ns3Wheel_FOUND, Ns3Wheel_VERSION, Ns3Wheel_INCLUDE_DIR, Ns3Wheel_LIBRARY_DIR.
# Functions: ns3_wheel_install_runtime() installs every library of the wheel that a program needs.

include_guard(GLOBAL)

set(NS3_WHEEL_REQUIREMENT "ns3==3.44.post0" CACHE STRING "What pip is asked for when there is no ns-3 yet")
set(NS3_WHEEL_DIR "" CACHE PATH "The unpacked ns3/ folder of the ns3 wheel (holds include/ and lib64/)")
set(NS3_WHEEL_CACHE "${CMAKE_BINARY_DIR}/ns3-wheel" CACHE PATH "Where a downloaded ns3 wheel is unpacked")

set(_ns3_module_dir "${CMAKE_CURRENT_LIST_DIR}")

# Sets `result` to `folder` when that looks like the unpacked wheel, else to "".
function(_ns3_wheel_accept folder result)
  set(${result} "" PARENT_SCOPE)
  if(folder AND EXISTS "${folder}/include/ns3/core-module.h")
    file(GLOB core "${folder}/lib64/libns3*-core.so" "${folder}/lib/libns3*-core.so")
    if(core)
      set(${result} "${folder}" PARENT_SCOPE)
    endif()
  endif()
endfunction()

function(_ns3_wheel_in_site_packages result)
  execute_process(
    COMMAND "${Python_EXECUTABLE}" "${_ns3_module_dir}/ns3_wheel.py" installed
    OUTPUT_VARIABLE folder OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  _ns3_wheel_accept("${folder}" accepted)
  set(${result} "${accepted}" PARENT_SCOPE)
endfunction()

function(_ns3_wheel_download result)
  _ns3_wheel_accept("${NS3_WHEEL_CACHE}/ns3" accepted)
  if(NOT accepted)
    message(STATUS "Ns3Wheel: getting ${NS3_WHEEL_REQUIREMENT} with pip (about 70 MB, once)")
    execute_process(
      COMMAND "${Python_EXECUTABLE}" "${_ns3_module_dir}/ns3_wheel.py" download
              "${NS3_WHEEL_REQUIREMENT}" "${NS3_WHEEL_CACHE}"
      RESULT_VARIABLE failed)
    if(failed)
      message(FATAL_ERROR
        "Ns3Wheel: could not get ${NS3_WHEEL_REQUIREMENT}; what pip said stands above.\n"
        "Without a package index, unpack that wheel yourself and pass -DNS3_WHEEL_DIR=<its ns3/ folder>.")
    endif()
    _ns3_wheel_accept("${NS3_WHEEL_CACHE}/ns3" accepted)
  endif()
  set(${result} "${accepted}" PARENT_SCOPE)
endfunction()

function(_ns3_wheel_locate result)
  set(folder "${NS3_WHEEL_DIR}")
  if(NOT folder AND DEFINED ENV{NS3_WHEEL_DIR})
    set(folder "$ENV{NS3_WHEEL_DIR}")
  endif()
  if(folder)
    _ns3_wheel_accept("${folder}" accepted)
    if(NOT accepted)
      message(FATAL_ERROR "Ns3Wheel: NS3_WHEEL_DIR=${folder} holds no include/ns3/core-module.h and lib64/libns3*-core.so")
    endif()
  else()
    find_package(Python 3 REQUIRED COMPONENTS Interpreter)
    _ns3_wheel_in_site_packages(accepted)
    if(NOT accepted)
      _ns3_wheel_download(accepted)
    endif()
  endif()
  set(${result} "${accepted}" PARENT_SCOPE)
endfunction()

_ns3_wheel_locate(_ns3_root)

find_path(Ns3Wheel_INCLUDE_DIR ns3/core-module.h
  PATHS "${_ns3_root}/include" NO_DEFAULT_PATH NO_CACHE)
file(GLOB _ns3_core "${_ns3_root}/lib64/libns3*-core.so" "${_ns3_root}/lib/libns3*-core.so")
list(GET _ns3_core 0 _ns3_core)
get_filename_component(Ns3Wheel_LIBRARY_DIR "${_ns3_core}" DIRECTORY)
string(REGEX REPLACE ".*/lib(ns3.*)-core\\.so$" "\\1" _ns3_prefix "${_ns3_core}")
string(REGEX REPLACE "^ns3\\.?" "3." Ns3Wheel_VERSION "${_ns3_prefix}")

foreach(_component IN LISTS Ns3Wheel_FIND_COMPONENTS)
  set(_library "${Ns3Wheel_LIBRARY_DIR}/lib${_ns3_prefix}-${_component}.so")
  if(NOT EXISTS "${_library}")
    set(Ns3Wheel_${_component}_FOUND FALSE)
    continue()
  endif()
  set(Ns3Wheel_${_component}_FOUND TRUE)
  if(NOT TARGET ns3::${_component})
    add_library(ns3::${_component} SHARED IMPORTED)
    set_target_properties(ns3::${_component} PROPERTIES
      IMPORTED_LOCATION "${_library}"
      INTERFACE_INCLUDE_DIRECTORIES "${Ns3Wheel_INCLUDE_DIR}"
      # The wheel is a release build with logging and assertions on: the inline functions of its
      # headers must be compiled the same way on our side.
      INTERFACE_COMPILE_DEFINITIONS "NS3_BUILD_PROFILE_RELEASE;NS3_LOG_ENABLE;NS3_ASSERT_ENABLE;__LINUX__"
      # --allow-shlib-undefined: the dynamic loader finds the libraries that the wheel bundles, the
      # link editor need not. --no-as-needed: a module whose TypeIds are only named in strings must
      # be loaded too.
      INTERFACE_LINK_OPTIONS "LINKER:--allow-shlib-undefined;LINKER:--no-as-needed")
  endif()
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Ns3Wheel
  REQUIRED_VARS Ns3Wheel_INCLUDE_DIR Ns3Wheel_LIBRARY_DIR
  VERSION_VAR Ns3Wheel_VERSION
  HANDLE_COMPONENTS)

# ns3_wheel_install_runtime(PROGRAM <target> DESTINATION <folder>)
#
# Installs every library of the wheel that the program needs, directly or not (ns-3 modules, gsl,
# sqlite, ...). They find each other through the $ORIGIN that they carry. System libraries stay the
# system's.
function(ns3_wheel_install_runtime)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "PROGRAM;DESTINATION" "")
  file(REAL_PATH "${Ns3Wheel_LIBRARY_DIR}" bundled)
  install(CODE "
    set(program \"$<TARGET_FILE:${arg_PROGRAM}>\")
    set(bundled \"${bundled}\")
    set(destination \"\${CMAKE_INSTALL_PREFIX}/${arg_DESTINATION}\")")
  install(CODE [[
    file(GET_RUNTIME_DEPENDENCIES
      EXECUTABLES "${program}"
      RESOLVED_DEPENDENCIES_VAR needed
      UNRESOLVED_DEPENDENCIES_VAR unresolved
      DIRECTORIES "${bundled}"
      PRE_EXCLUDE_REGEXES "^ld-linux")
    if(unresolved)
      message(FATAL_ERROR "${program} needs libraries that this system lacks: ${unresolved}")
    endif()
    foreach(library IN LISTS needed)
      file(REAL_PATH "${library}" library)
      cmake_path(IS_PREFIX bundled "${library}" ours)
      if(ours)
        file(INSTALL "${library}" DESTINATION "${destination}")
      endif()
    endforeach()]])
endfunction()
