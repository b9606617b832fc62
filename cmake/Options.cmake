# Language level, warnings and the switches of the presets.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

# The compilers that the project promises to be clean with; a newer one may know warnings that nobody has seen yet, and
# where size_t has 32 bits casts are useless that are needed elsewhere.
set(known_compiler OFF)
if(CMAKE_SIZEOF_VOID_P EQUAL 8
   AND "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}" MATCHES "^(GNU 12|Clang 14)\\.")
  set(known_compiler ON)
endif()

option(SIE_TESTS "Build the tests" ON)
option(SIE_WERROR "Warnings are errors" ${known_compiler})
set(SIE_PRECOMPILE OFF CACHE STRING "Precompile the headers that most files read: ON, TESTS or OFF")
option(SIE_FUZZ "Build the libFuzzer targets (Clang)" OFF)
option(SIE_PORTABLE "Leave out what only Linux has" OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(whole ON)
else()
  set(whole OFF)
endif()
option(SIE_WHOLE_PROGRAM "Optimize the packet path over its files when a program is linked that is installed" ${whole})
# GCC does it for every program that holds such objects, unless told otherwise.
set(link_as_compiled $<$<BOOL:${SIE_WHOLE_PROGRAM}>:-fno-lto>)
option(SIE_STATIC "Programs alone, which need no library of the machine that they run on" OFF)
set(SIE_SANITIZE "" CACHE STRING "Sanitizers, as in -fsanitize=")

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
                    -Wcast-qual -Wcast-align -Wformat=2 -Wnon-virtual-dtor -Woverloaded-virtual
                    -Wdouble-promotion -Wimplicit-fallthrough -Wundef)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wuseless-cast)
else()
  # GCC's takes inlined library code for null pointers.
  add_compile_options(-Wnull-dereference)
endif()
if(SIE_WERROR)
  add_compile_options(-Werror)
endif()

if(SIE_SANITIZE)
  add_compile_options(-fsanitize=${SIE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SIE_SANITIZE})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  include(Hardening)
endif()
if(SIE_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "SIE_FUZZ needs Clang (libFuzzer); use the preset fuzz")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(SIE_PORTABLE)
  add_compile_definitions(SIE_PORTABLE=1)
endif()
if(SIE_STATIC)
  include(Static)
endif()

# Where time has 32 bits unless asked (i386), times and offsets have 64 all the same; src/CMakeLists.txt names the files
# that share structures with a library that has not been asked.
include(CheckTypeSize)
check_type_size(time_t SIE_TIME_T LANGUAGE CXX)
if(SIE_TIME_T EQUAL 4)
  set(SIE_TIME64 ON)
  add_compile_definitions(_TIME_BITS=64 _FILE_OFFSET_BITS=64)
endif()

# GCC fills a structure of a hundred octets with `rep stosq`, which takes longer to start than the stores take.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|i[3-6]86)$")
  add_compile_options(-mmemset-strategy=unrolled_loop:512:noalign,libcall:-1:noalign)
endif()
