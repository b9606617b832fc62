# What a program that reads hostile octets is linked and compiled with, where optimisation is on.
include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)
include(CheckCXXCompilerFlag)

# Nobody puts another function in the place of one of ours, so the compiler may inline what it sees (-fPIC alone
# forbids that).
add_compile_options(-fno-semantic-interposition)
add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong)
check_cxx_compiler_flag(-fstack-clash-protection SIE_HAS_STACK_CLASH)
if(SIE_HAS_STACK_CLASH)
  add_compile_options(-fstack-clash-protection)
endif()
if(NOT APPLE)
  add_link_options(-Wl,-z,relro -Wl,-z,now)
endif()
