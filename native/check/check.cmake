# evalrun_gpu_check: the engine's device proved and measured without Node.js, on the CPU and on a GPU where CUDA is compiled in.
#   evalrun_add_check(NAME OBJECTS...) makes one from the objects of a device: CUDA's, its simulation's, or none.
file(GLOB CHECK_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
function(evalrun_add_check name)
  add_executable(${name} EXCLUDE_FROM_ALL ${CHECK_SOURCES} ${ARGN} $<TARGET_OBJECTS:evalrun_kernels> $<TARGET_OBJECTS:evalrun_model>)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
endfunction()
