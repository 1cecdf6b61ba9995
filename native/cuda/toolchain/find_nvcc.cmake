# Finds an nvcc that works with this host's compiler. Sets
#   EVALRUN_NVCC            its path, empty where there is none
#   EVALRUN_NVCC_VERSION    "13.0"
#   EVALRUN_CUDART          libcudart_static.a
#   EVALRUN_NVCC_PROBLEM    why there is none, one sentence without a final period
# nvcc is called by our own commands. CMake's CUDA language would end the configuration where it does not like a compiler, and
# a GPU that cannot be used must never be more than a sentence to those who have none.

# What every .cu file is compiled with: Ampere, Hopper, and PTX that later GPUs' drivers compile.
set(EVALRUN_NVCC_FLAGS -std=c++17 -O3
  -gencode "arch=compute_80,code=[sm_80,compute_80]" -gencode arch=compute_90a,code=sm_90a
  -Xcompiler=-fPIC,-fvisibility=hidden,-ffp-contract=off,-fno-math-errno)
set(EVALRUN_PROBE ${CMAKE_CURRENT_LIST_DIR}/probe.cu)
set(EVALRUN_CUDA_TARGETS "sm_80, sm_90a and PTX for later GPUs")
set(EVALRUN_CUDA_ARCH "" CACHE STRING "compile for this GPU alone, such as 90a: half the time, for a machine whose GPU is known")
if(EVALRUN_CUDA_ARCH)
  # wgmma is in the "a" variant alone, and the host launches it on all of Hopper.
  if(EVALRUN_CUDA_ARCH STREQUAL "90")
    set(EVALRUN_CUDA_ARCH 90a)
  endif()
  set(EVALRUN_NVCC_FLAGS -std=c++17 -O3 -gencode arch=compute_${EVALRUN_CUDA_ARCH},code=sm_${EVALRUN_CUDA_ARCH}
    -Xcompiler=-fPIC,-fvisibility=hidden,-ffp-contract=off,-fno-math-errno)
  set(EVALRUN_CUDA_TARGETS "sm_${EVALRUN_CUDA_ARCH} alone")
endif()

function(evalrun_find_nvcc)
  set(EVALRUN_NVCC "" PARENT_SCOPE)
  set(folder ${CMAKE_BINARY_DIR}/cuda/probe)
  file(MAKE_DIRECTORY ${folder})

  set(nvcc "$ENV{CUDACXX}")
  if(NOT nvcc)
    unset(EVALRUN_FOUND_NVCC CACHE)  # asked anew each time: it may have come or gone
    find_program(EVALRUN_FOUND_NVCC nvcc HINTS $ENV{CUDA_HOME}/bin $ENV{CUDA_PATH}/bin PATHS /usr/local/cuda/bin /opt/cuda/bin)
    set(nvcc "${EVALRUN_FOUND_NVCC}")
    unset(EVALRUN_FOUND_NVCC CACHE)
  endif()
  if(NOT nvcc OR NOT EXISTS "${nvcc}")
    set(looked "in CUDACXX, CUDA_HOME, on the PATH and in /usr/local/cuda/bin")
    if(nvcc)
      set(looked "at ${nvcc}, which CUDACXX names")
    endif()
    set(EVALRUN_NVCC_PROBLEM "no nvcc was found (looked ${looked})" PARENT_SCOPE)
    return()
  endif()

  # The host's compiler that nvcc hands C++ to.
  set(host "$ENV{CUDAHOSTCXX}")
  if(NOT host)
    set(host ${CMAKE_CXX_COMPILER})
  endif()
  set(EVALRUN_NVCC_HOST ${host} PARENT_SCOPE)

  execute_process(COMMAND ${nvcc} --version OUTPUT_VARIABLE version ERROR_VARIABLE complaint RESULT_VARIABLE status TIMEOUT 60)
  if(NOT status EQUAL 0 OR NOT version MATCHES "release ([0-9]+\\.[0-9]+)")
    evalrun_first_line(complaint)
    set(EVALRUN_NVCC_PROBLEM "${nvcc} does not say its version (exit status ${status}) ${complaint}" PARENT_SCOPE)
    return()
  endif()
  set(number ${CMAKE_MATCH_1})
  if(number VERSION_LESS 12.0)
    set(EVALRUN_NVCC_PROBLEM "${nvcc} is version ${number}, and 12.0 or newer is needed" PARENT_SCOPE)
    return()
  endif()

  # The compiler says itself where its libraries are; a distribution's package has them elsewhere than NVIDIA's.
  execute_process(COMMAND ${nvcc} --dryrun -x cu -c /dev/null -o ${folder}/none.o OUTPUT_VARIABLE dry ERROR_VARIABLE dry_too TIMEOUT 60)
  string(REGEX MATCHALL "-L[^\" \n]+" folders "${dry}${dry_too}")
  list(TRANSFORM folders REPLACE "^-L" "")
  unset(EVALRUN_FOUND_CUDART CACHE)
  find_library(EVALRUN_FOUND_CUDART cudart_static PATHS ${folders})
  set(cudart "${EVALRUN_FOUND_CUDART}")
  unset(EVALRUN_FOUND_CUDART CACHE)
  if(NOT cudart)
    set(EVALRUN_NVCC_PROBLEM "${nvcc} has no libcudart_static.a: its toolkit is incomplete" PARENT_SCOPE)
    return()
  endif()

  # What worked is not tried again until one of these changes.
  set(key "${nvcc}\n${version}\n${host}\n${CMAKE_CXX_COMPILER}\n${CMAKE_CXX_COMPILER_VERSION}\n${cudart}\n${EVALRUN_NVCC_FLAGS}\n")
  set(tried "")
  if(EXISTS ${folder}/works.txt)
    file(READ ${folder}/works.txt tried)
  endif()
  if(NOT tried STREQUAL key)
    file(REMOVE ${folder}/works.txt)
    evalrun_try_nvcc(problem ${nvcc} ${host} ${cudart} ${folder})
    if(problem)
      set(EVALRUN_NVCC_PROBLEM "nvcc ${number} (${nvcc}) does not work: ${problem}" PARENT_SCOPE)
      return()
    endif()
    file(WRITE ${folder}/works.txt "${key}")
  endif()
  set(EVALRUN_NVCC ${nvcc} PARENT_SCOPE)
  set(EVALRUN_NVCC_VERSION ${number} PARENT_SCOPE)
  set(EVALRUN_CUDART ${cudart} PARENT_SCOPE)
endfunction()

# Compiles, links and runs probe.cu as the addon is compiled and linked; `result` is empty or says which of them fails.
function(evalrun_try_nvcc result nvcc host cudart folder)
  set(${result} "" PARENT_SCOPE)
  execute_process(COMMAND ${nvcc} ${EVALRUN_NVCC_FLAGS} -ccbin ${host} -c ${EVALRUN_PROBE} -o ${folder}/probe.o
    OUTPUT_VARIABLE out ERROR_VARIABLE out RESULT_VARIABLE status TIMEOUT 120)
  if(NOT status EQUAL 0)
    evalrun_first_line(out)
    set(${result} "a small kernel does not compile with ${host}: ${out}" PARENT_SCOPE)
    return()
  endif()
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} ${folder}/probe.o ${cudart} -ldl -lrt -lpthread -o ${folder}/probe
    OUTPUT_VARIABLE out ERROR_VARIABLE out RESULT_VARIABLE status TIMEOUT 120)
  if(NOT status EQUAL 0)
    evalrun_first_line(out)
    set(${result} "a small program does not link with ${cudart}: ${out}" PARENT_SCOPE)
    return()
  endif()
  execute_process(COMMAND ${folder}/probe OUTPUT_VARIABLE out ERROR_VARIABLE out RESULT_VARIABLE status TIMEOUT 60)
  if(NOT status EQUAL 0)
    evalrun_first_line(out)
    set(${result} "a small program does not run (${status}): ${out}" PARENT_SCOPE)
  endif()
endfunction()

# The line of a tool's output that says most: its first error, else its first line.
function(evalrun_first_line variable)
  string(STRIP "${${variable}}" text)
  if(text MATCHES "([^\n]*([Ee]rror|fatal)[^\n]*)")
    set(text "${CMAKE_MATCH_1}")
  endif()
  string(REGEX REPLACE "\n.*" "" text "${text}")
  string(SUBSTRING "${text}" 0 300 text)
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()
