# How every target of ours is compiled, and short forms for declaring one.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# -O2 as ns-3's own release; no -DNDEBUG, so that assert() keeps its word as NS_ASSERT does.
set(CMAKE_CXX_FLAGS_RELEASE "-O2")

# In the build tree CMake points programs at the wheel; installed, at the libraries beside them.
set(CMAKE_INSTALL_RPATH "$ORIGIN/../lib")

option(COSIM_WARNINGS_AS_ERRORS "Stop at a compiler warning" OFF)

function(_cosim_compile_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual)
  if(COSIM_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

# Sets `result` to those of the named targets that exist: a target without sources is left out.
function(cosim_present result)
  set(present)
  foreach(library IN LISTS ARGN)
    if(TARGET ${library})
      list(APPEND present ${library})
    endif()
  endforeach()
  set(${result} ${present} PARENT_SCOPE)
endfunction()

# cosim_add_library(<name> SOURCES ... LIBRARIES ...): an object library. Headers are included by their
# path from ns3_scenarios/, e.g. #include "bridge/wire.h".
function(cosim_add_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  if(NOT arg_SOURCES)
    return()
  endif()
  cosim_present(libraries ${arg_LIBRARIES})
  # An object library: a TypeId that is only named in a string must not be dropped by the linker.
  add_library(${name} OBJECT ${arg_SOURCES})
  target_include_directories(${name} PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
  target_link_libraries(${name} PUBLIC ${libraries})
  _cosim_compile_options(${name})
endfunction()

# cosim_add_program(<name> SOURCES ... LIBRARIES ...)
function(cosim_add_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  if(NOT arg_SOURCES)
    return()
  endif()
  cosim_present(libraries ${arg_LIBRARIES})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${libraries})
  _cosim_compile_options(${name})
endfunction()
