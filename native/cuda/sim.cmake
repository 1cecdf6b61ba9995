# The GPU kernels compiled as C++ against the simulation, with the op tests of cuda/test: evalrun_cuda_sim_test, and the same with
# AddressSanitizer and UndefinedBehaviorSanitizer (not of the CPU's kernels, which are linked as they are).
file(GLOB SIM_TEST_SOURCES CONFIGURE_DEPENDS cuda/test/*.cpp)
file(GLOB SIM_SOURCES CONFIGURE_DEPENDS cuda/sim/*.cpp cuda/*.cpp)
list(REMOVE_ITEM SIM_SOURCES ${CMAKE_SOURCE_DIR}/cuda/no_cuda.cpp)
file(GLOB SIM_KERNEL_SOURCES CONFIGURE_DEPENDS cuda/*.cu)
evalrun_join_small_kernels(SIM_KERNEL_SOURCES ${SIM_KERNEL_SOURCES})
# A .cu file may be compiled by nvcc in this build as well, so here it goes through a C++ file that includes it.
foreach(source ${SIM_KERNEL_SOURCES})
  get_filename_component(name ${source} NAME_WE)
  set(wrapper ${CMAKE_CURRENT_BINARY_DIR}/cuda_sim/${name}.cpp)
  file(CONFIGURE OUTPUT ${wrapper} CONTENT "#include \"${source}\"\n" @ONLY)
  list(APPEND SIM_SOURCES ${wrapper})
endforeach()

# Tests wait longer for the compiler than for their own loops, but for those of the kernels and of the simulation.
function(use_sim target)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR})
  target_compile_definitions(${target} PRIVATE EVALRUN_CUDA_SIM)
  # Device code reads four floats as a uint4 and the like, which nvcc allows.
  target_compile_options(${target} PRIVATE ${ARGN} -fno-strict-aliasing -Wno-unknown-pragmas)
  evalrun_precompile_headers(${target})
endfunction()

# NVIDIA's library of products, played by one of our own.
add_library(evalrun_fake_cublas_lt SHARED test/fake/cublas_lt.cpp)
set_source_files_properties(cuda/test/cublas_lt_test.cpp PROPERTIES
  COMPILE_DEFINITIONS "EVALRUN_FAKE_CUBLASLT=\"$<TARGET_FILE:evalrun_fake_cublas_lt>\"")

function(add_sim_test name optimise)
  add_executable(${name} ${SIM_TEST_SOURCES} ${ARGN} test/test_data.cpp test/test_runner.cpp
    $<TARGET_OBJECTS:evalrun_kernels>
    $<TARGET_OBJECTS:evalrun_model>)
  use_sim(${name} ${optimise})
  target_link_libraries(${name} PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
  add_dependencies(${name} evalrun_fake_cublas_lt)
endfunction()

set_source_files_properties(cuda/sim/warp.cpp cuda/sim/wgmma.cpp PROPERTIES COMPILE_OPTIONS -O3)

add_library(evalrun_cuda_sim OBJECT ${SIM_SOURCES})
use_sim(evalrun_cuda_sim -O2)
add_sim_test(evalrun_cuda_sim_test -O1 $<TARGET_OBJECTS:evalrun_cuda_sim>)
# Whole models on the simulated GPU: check/README.md.
evalrun_add_check(evalrun_sim_check $<TARGET_OBJECTS:evalrun_cuda_sim>)
target_compile_options(evalrun_sim_check PRIVATE -O1)
target_precompile_headers(evalrun_sim_check REUSE_FROM evalrun_ops_test)
set_target_properties(evalrun_sim_check PROPERTIES EXCLUDE_FROM_ALL OFF)
# The addon with the simulated GPU in the place of CUDA, for tests alone: build/evalrun_sim.node is no part of what is installed.
if(EVALRUN_ADDON)
  evalrun_add_addon(evalrun_sim_addon evalrun_sim $<TARGET_OBJECTS:evalrun_cuda_sim>)
  target_link_libraries(evalrun_sim_addon PRIVATE ${CMAKE_DL_LIBS})
endif()

# Compiling it takes as long as all the rest of the simulation.
option(EVALRUN_SIM_SANITIZE "build evalrun_cuda_sim_asan_test" OFF)
if(EVALRUN_SIM_SANITIZE)
  set(sanitizers -fsanitize=address,undefined)
  add_sim_test(evalrun_cuda_sim_asan_test -g1 ${SIM_SOURCES})
  target_compile_options(evalrun_cuda_sim_asan_test PRIVATE -O1 ${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(evalrun_cuda_sim_asan_test PRIVATE ${sanitizers})
endif()
