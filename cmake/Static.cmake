# SIE_STATIC: what the programs of a static build are made of. docs/packages.md says for whom they are.
if(SIE_TESTS OR SIE_SANITIZE OR SIE_FUZZ)
  message(FATAL_ERROR "SIE_STATIC makes the programs alone: -DSIE_TESTS=OFF, and no sanitizer")
endif()
# In the place of -pie, which would undo it.
set(CMAKE_CXX_LINK_OPTIONS_PIE -static-pie)
set(SIE_SIMDJSON_SOURCE "" CACHE PATH "Folder with simdjson.cpp and simdjson.h (scripts/static-sources fetches one)")

# Targets for what the distribution has as a shared library only. ISA-L is left out: libdeflate takes its place.
function(sie_static_libraries)
  if(NOT EXISTS "${SIE_SIMDJSON_SOURCE}/simdjson.cpp")
    message(FATAL_ERROR "no simdjson.cpp in SIE_SIMDJSON_SOURCE=${SIE_SIMDJSON_SOURCE}: "
                        "run make static, or scripts/static-sources FOLDER and give that folder")
  endif()
  # libpsl.a needs them behind it.
  set_property(TARGET PkgConfig::PSL APPEND PROPERTY INTERFACE_LINK_LIBRARIES idn2 unistring)
  if(fmt_VERSION VERSION_LESS 10)
    add_library(fmt_archive STATIC "${CMAKE_SOURCE_DIR}/cmake/static/fmt.cc")
    # As the shared one has it: the files of all layers are then compiled as for the preset release, and ccache knows them.
    target_compile_definitions(fmt_archive INTERFACE FMT_SHARED)
    target_compile_options(fmt_archive PRIVATE -w)
    set(SIE_FMT fmt_archive PARENT_SCOPE)
  else()
    set(SIE_FMT fmt::fmt-header-only PARENT_SCOPE)
  endif()
  add_library(simdjson STATIC "${SIE_SIMDJSON_SOURCE}/simdjson.cpp")
  target_include_directories(simdjson SYSTEM PUBLIC "${SIE_SIMDJSON_SOURCE}")
  target_compile_options(simdjson PRIVATE -w)
  add_library(simdjson::simdjson ALIAS simdjson)
endfunction()

# What the archives would want of libraries that have none, and how names are looked up.
function(sie_static_program name)
  target_sources(${name} PRIVATE "${CMAKE_SOURCE_DIR}/cmake/static/pcap_without_dbus.cc"
                                 "${CMAKE_SOURCE_DIR}/cmake/static/names_from_files.cc")
  # The linker warns of each function that may load a part of the C library; names_from_files.cc keeps it from that.
  # The map tells scripts/sbom what was linked.
  target_link_options(${name} PRIVATE -static-pie "LINKER:-Map=$<TARGET_FILE:${name}>.map")
endfunction()
