# The system libraries: cosim::zmq (libzmq and its C++ header) and cosim::json (JSON and MessagePack).
# Header-only packages are looked up by header, because not every Debian release ships their CMake files.

# Stops with the Debian package to install when `found` is false.
function(_cosim_require found what package)
  if(NOT found)
    message(FATAL_ERROR "${what} is missing. On Debian or Ubuntu: apt-get install ${package}")
  endif()
endfunction()

find_path(COSIM_ZMQ_C_INCLUDE_DIR zmq.h)
find_library(COSIM_ZMQ_LIBRARY zmq)
find_path(COSIM_ZMQ_CPP_INCLUDE_DIR zmq.hpp)
find_path(COSIM_JSON_INCLUDE_DIR nlohmann/json.hpp)
mark_as_advanced(COSIM_ZMQ_C_INCLUDE_DIR COSIM_ZMQ_LIBRARY COSIM_ZMQ_CPP_INCLUDE_DIR COSIM_JSON_INCLUDE_DIR)

_cosim_require("${COSIM_ZMQ_C_INCLUDE_DIR}" "The header zmq.h of ZeroMQ" libzmq3-dev)
_cosim_require("${COSIM_ZMQ_LIBRARY}" "The library libzmq of ZeroMQ" libzmq3-dev)
_cosim_require("${COSIM_ZMQ_CPP_INCLUDE_DIR}" "The header zmq.hpp of cppzmq" cppzmq-dev)
_cosim_require("${COSIM_JSON_INCLUDE_DIR}" "The header nlohmann/json.hpp" nlohmann-json3-dev)

add_library(cosim::zmq INTERFACE IMPORTED)
target_include_directories(cosim::zmq INTERFACE "${COSIM_ZMQ_C_INCLUDE_DIR}" "${COSIM_ZMQ_CPP_INCLUDE_DIR}")
target_link_libraries(cosim::zmq INTERFACE "${COSIM_ZMQ_LIBRARY}")

add_library(cosim::json INTERFACE IMPORTED)
target_include_directories(cosim::json INTERFACE "${COSIM_JSON_INCLUDE_DIR}")
