# The GPU's part of the addon: compiled where a working nvcc is found, and where it is not, no_cuda.cpp says why. EVALRUN_CUDA is
# auto, 0 (never) or 1 (the configuration fails without). cuda.json in the build folder tells what was decided.
include(${CMAKE_CURRENT_LIST_DIR}/toolchain/find_nvcc.cmake)
set(EVALRUN_CUDA auto CACHE STRING "compile for NVIDIA GPUs: auto, 0 or 1")
set(EVALRUN_CUDA_WHY_NOT "it was built with EVALRUN_CUDA=0" CACHE STRING "what is said where EVALRUN_CUDA is 0")

set(EVALRUN_NVCC "")
if(EVALRUN_CUDA STREQUAL "0")
  set(EVALRUN_NVCC_PROBLEM "${EVALRUN_CUDA_WHY_NOT}")
else()
  evalrun_find_nvcc()
endif()

# Only these: in C++ a string literal, in JSON a string, and in a shell an argument.
string(REGEX REPLACE "[^A-Za-z0-9 .,:;()/_+=-]" " " EVALRUN_NVCC_PROBLEM "${EVALRUN_NVCC_PROBLEM}")
string(REGEX REPLACE " +" " " EVALRUN_NVCC_PROBLEM "${EVALRUN_NVCC_PROBLEM}")
string(STRIP "${EVALRUN_NVCC_PROBLEM}" EVALRUN_NVCC_PROBLEM)
if(EVALRUN_NVCC)
  set(compiled true)
  set(reason "nvcc ${EVALRUN_NVCC_VERSION} (${EVALRUN_NVCC}) for ${EVALRUN_CUDA_TARGETS}")
  message(STATUS "CUDA: on, ${reason}")
else()
  set(compiled false)
  set(reason "${EVALRUN_NVCC_PROBLEM}")
  message(STATUS "CUDA: off, because ${reason}")
endif()
file(WRITE ${CMAKE_BINARY_DIR}/cuda.json "{\"compiled\": ${compiled}, \"reason\": \"${reason}\", \"nvcc\": \"${EVALRUN_NVCC_VERSION}\"}\n")
if(NOT EVALRUN_NVCC AND EVALRUN_CUDA STREQUAL "1")
  message(FATAL_ERROR "EVALRUN_CUDA=1 asks for CUDA, but ${EVALRUN_NVCC_PROBLEM}. Mend that, or unset EVALRUN_CUDA.")
endif()

if(NOT EVALRUN_NVCC)
  set_source_files_properties(cuda/no_cuda.cpp PROPERTIES COMPILE_DEFINITIONS "EVALRUN_NO_CUDA_REASON=\"${EVALRUN_NVCC_PROBLEM}\"")
  if(EVALRUN_ADDON)
    # Counters of GPUs need no CUDA.
    target_sources(evalrun_addon PRIVATE cuda/no_cuda.cpp cuda/nvml.cpp)
    target_link_libraries(evalrun_addon PRIVATE ${CMAKE_DL_LIBS})
  endif()
  evalrun_add_check(evalrun_gpu_check cuda/no_cuda.cpp)
  return()
endif()

# Objects of `sources`, compiled by nvcc as `language`: cu, or c++ for what holds no device code, which nvcc gives to the host's
# compiler alone. What ptxas says of each kernel (registers, spills) is in <object>.log.
function(evalrun_nvcc_objects result language)
  set(objects "")
  foreach(source ${ARGN})
    file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR} ${source})
    # What small_kernels.cmake made is in the build folder already, which may lie in the source's.
    file(RELATIVE_PATH made ${CMAKE_BINARY_DIR} ${source})
    if(NOT made MATCHES "^\\.\\.")
      set(name ${made})
    endif()
    set(object ${CMAKE_BINARY_DIR}/${name}.o)
    get_filename_component(folder ${object} DIRECTORY)
    file(MAKE_DIRECTORY ${folder})
    if(CMAKE_VERSION VERSION_LESS 3.20)
      file(GLOB headers CONFIGURE_DEPENDS cuda/*.cu cuda/*.h cuda/kernels/*.cuh ops/*.h model/*.h)
      set(depends DEPENDS ${source} ${headers})
    else()
      set(depends DEPENDS ${source} DEPFILE ${object}.d)
    endif()
    add_custom_command(OUTPUT ${object}
      COMMAND sh -c "log=\"$1\"; shift; \"$@\" >\"$log\" 2>&1 || { cat \"$log\" >&2; rm -f \"$log\"; exit 1; }" nvcc ${object}.log
              ${EVALRUN_NVCC} ${EVALRUN_NVCC_FLAGS} -ccbin ${EVALRUN_NVCC_HOST} -Xptxas -v -I ${CMAKE_SOURCE_DIR}
              -MD -MF ${object}.d -MT ${object} -x ${language} -c ${source} -o ${object}
      ${depends} COMMENT "nvcc ${name}" VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  set(${result} "${objects}" PARENT_SCOPE)
endfunction()

# Adds objects and the CUDA runtime to a target. `maker` is the custom target that makes the objects: two targets that share
# objects would otherwise make them twice.
function(evalrun_add_cuda target maker)
  target_sources(${target} PRIVATE ${ARGN})
  set_source_files_properties(${ARGN} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  add_dependencies(${target} ${maker})
  target_link_libraries(${target} PRIVATE ${EVALRUN_CUDART} Threads::Threads ${CMAKE_DL_LIBS} rt)
endfunction()

file(GLOB cuda_kernel_sources CONFIGURE_DEPENDS cuda/*.cu)
file(GLOB cuda_host_sources CONFIGURE_DEPENDS cuda/*.cpp)
list(REMOVE_ITEM cuda_host_sources ${CMAKE_SOURCE_DIR}/cuda/no_cuda.cpp)
evalrun_join_small_kernels(cuda_kernel_sources ${cuda_kernel_sources})
evalrun_nvcc_objects(cuda_kernel_objects cu ${cuda_kernel_sources})
evalrun_nvcc_objects(cuda_host_objects c++ ${cuda_host_sources})
set(cuda_objects ${cuda_kernel_objects} ${cuda_host_objects})
add_custom_target(evalrun_cuda_objects DEPENDS ${cuda_objects})
if(EVALRUN_ADDON)
  evalrun_add_cuda(evalrun_addon evalrun_cuda_objects ${cuda_objects})
endif()

# Programs for a machine with a GPU; not built unless asked for: cmake --build native/build --target evalrun_cuda_test
file(GLOB cuda_test_sources CONFIGURE_DEPENDS cuda/test/*.cpp cuda/test/*.cu)
if(cuda_test_sources)
  evalrun_nvcc_objects(cuda_test_objects cu ${cuda_test_sources})
  add_custom_target(evalrun_cuda_test_objects DEPENDS ${cuda_test_objects})
  add_executable(evalrun_cuda_test EXCLUDE_FROM_ALL test/test_data.cpp test/test_runner.cpp
    $<TARGET_OBJECTS:evalrun_kernels> $<TARGET_OBJECTS:evalrun_model>)
  target_include_directories(evalrun_cuda_test PRIVATE ${CMAKE_SOURCE_DIR})
  evalrun_add_cuda(evalrun_cuda_test evalrun_cuda_objects ${cuda_objects})
  evalrun_add_cuda(evalrun_cuda_test evalrun_cuda_test_objects ${cuda_test_objects})
endif()
evalrun_add_check(evalrun_gpu_check)
evalrun_add_cuda(evalrun_gpu_check evalrun_cuda_objects ${cuda_objects})
