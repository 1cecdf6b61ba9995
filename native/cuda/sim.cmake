# The GPU kernels compiled as C++ against the simulation, with the op tests of cuda/test: evalrun_cuda_sim_test.
option(EVALRUN_SIM_SANITIZE "build the simulation with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)

file(GLOB SIM_SOURCES CONFIGURE_DEPENDS cuda/sim/*.cpp cuda/test/*.cpp)
file(GLOB SIM_KERNEL_SOURCES CONFIGURE_DEPENDS cuda/*.cu)
# A .cu file may be compiled by nvcc in this build as well, so here it goes through a C++ file that includes it.
foreach(source ${SIM_KERNEL_SOURCES})
  get_filename_component(name ${source} NAME_WE)
  set(wrapper ${CMAKE_CURRENT_BINARY_DIR}/cuda_sim/${name}.cpp)
  file(CONFIGURE OUTPUT ${wrapper} CONTENT "#include \"${source}\"\n" @ONLY)
  list(APPEND SIM_SOURCES ${wrapper})
endforeach()

add_executable(evalrun_cuda_sim_test ${SIM_SOURCES} test/test_data.cpp test/test_runner.cpp $<TARGET_OBJECTS:evalrun_kernels>
  $<TARGET_OBJECTS:evalrun_model>)
target_include_directories(evalrun_cuda_sim_test PRIVATE ${CMAKE_SOURCE_DIR})
target_compile_definitions(evalrun_cuda_sim_test PRIVATE EVALRUN_CUDA_SIM)
# Device code reads four floats as a uint4 and the like, which nvcc allows.
target_compile_options(evalrun_cuda_sim_test PRIVATE -O2 -g1 -fno-strict-aliasing -Wno-unknown-pragmas)
target_link_libraries(evalrun_cuda_sim_test PRIVATE Threads::Threads)
if(EVALRUN_SIM_SANITIZE)
  target_compile_options(evalrun_cuda_sim_test PRIVATE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(evalrun_cuda_sim_test PRIVATE -fsanitize=address,undefined)
endif()
