# evalrun_emulated_test and evalrun_emulated_check: the op tests and the checks of whole models, with the kernels for AVX-512 and AMX compiled
# for AVX2 and what that lacks emulated, so that they are proven on CPUs without. Everything else is linked as it is.
file(GLOB EMULATED_SOURCES CONFIGURE_DEPENDS cpu/*_avx512.cpp cpu/*_avx512bf16.cpp cpu/*_amx.cpp)
list(APPEND EMULATED_SOURCES ${CMAKE_SOURCE_DIR}/cpu/features.cpp ${CMAKE_SOURCE_DIR}/test/lane_ops_avx512.cpp)
set(EMULATED_WRAPPERS "")
# A file has one set of flags in this build, so here it goes through one that includes it.
foreach(source ${EMULATED_SOURCES})
  get_filename_component(name ${source} NAME)
  set(wrapper ${CMAKE_CURRENT_BINARY_DIR}/emulated/${name})
  file(CONFIGURE OUTPUT ${wrapper} CONTENT "#include \"test/emulated/instructions.h\"\n#include \"${source}\"\n" @ONLY)
  list(APPEND EMULATED_WRAPPERS ${wrapper})
endforeach()

add_library(evalrun_emulated OBJECT ${EMULATED_WRAPPERS})
target_include_directories(evalrun_emulated PRIVATE ${CMAKE_SOURCE_DIR})
target_compile_definitions(evalrun_emulated PRIVATE EVALRUN_EMULATED)
target_compile_options(evalrun_emulated PRIVATE -Og -mavx2 -mfma -mf16c -Wno-psabi)

# A program of the objects that are given, but for those that are emulated.
function(evalrun_add_emulated name)
  set(emulated "(_avx512|_avx512bf16|_amx|/features)\\.cpp")
  set(objects "")
  foreach(target evalrun_kernels ${ARGN})
    list(APPEND objects $<FILTER:$<TARGET_OBJECTS:${target}>,EXCLUDE,${emulated}>)
  endforeach()
  add_executable(${name} ${objects} $<TARGET_OBJECTS:evalrun_emulated> $<TARGET_OBJECTS:evalrun_model>)
  target_link_libraries(${name} PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
endfunction()
evalrun_add_emulated(evalrun_emulated_test evalrun_ops_test)
evalrun_add_emulated(evalrun_emulated_check evalrun_sim_check evalrun_cuda_sim)
