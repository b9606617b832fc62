# sie_layer(NAME DEPENDS layers... LIBRARIES targets... DEFINITIONS macros...): the static library of one folder of
# src. What a layer may depend on stands in tests/layers/layers.txt, and tests/layers holds DEPENDS against it.
# Files called *_linux.cc and *_linux.h are the only ones with Linux-only headers; a portable build leaves them out.
set(precompiled_of_layers <algorithm> <array> <chrono> <cstdint> <functional> <map> <memory> <optional> <span> <string>
                          <string_view> <utility> <vector> <fmt/format.h> <tl/expected.hpp>)
# sie_precompile(TARGET FIRST headers...): with SIE_PRECOMPILE the headers that most files read are compiled once, for
# FIRST, and taken from there by the others (a third of the time of a build whose programs nobody installs). The release
# build does so in the tests alone, so that each file of src is seen to include what it needs.
function(sie_precompile target first)
  if(NOT SIE_PRECOMPILE STREQUAL "ON" AND NOT (SIE_PRECOMPILE STREQUAL "TESTS" AND target MATCHES "_test$"))
    return()
  endif()
  if(target STREQUAL first)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${first})
  endif()
endfunction()

# The layers that a packet passes: their objects hold what the link of an installed program needs for optimizing over
# files, and code as ever for all other programs (docs/performance.md).
set(layers_of_packets base net dns reassembly nmsg dnsqr capture spool sensor)

function(sie_layer name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBRARIES;DEFINITIONS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${name}/*.cc")
  file(GLOB headers CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${name}/*.h")
  if(SIE_PORTABLE)
    list(FILTER sources EXCLUDE REGEX "_linux\\.cc$")
  endif()
  if(sources)
    add_library(sie_${name} STATIC ${sources} ${headers})
    set(scope PUBLIC)
  else()
    add_library(sie_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(sie_${name} ${scope} "${CMAKE_SOURCE_DIR}/src")
  target_compile_definitions(sie_${name} ${scope} ${ARG_DEFINITIONS})
  if(sources AND SIE_WHOLE_PROGRAM AND name IN_LIST layers_of_packets)
    target_compile_options(sie_${name} PRIVATE -flto=auto -ffat-lto-objects)
  endif()
  if(sources)
    sie_precompile(sie_${name} sie_base ${precompiled_of_layers})
  endif()
  list(TRANSFORM ARG_DEPENDS PREPEND sie_)
  target_link_libraries(sie_${name} ${scope} ${ARG_DEPENDS} ${ARG_LIBRARIES})
endfunction()
