# Small kernel files compiled together: reading CUDA's headers and the standard library's, four times for each file, takes longer than the
# kernels do.
#   evalrun_join_small_kernels(RESULT SOURCES...) is SOURCES with files that include the small ones in their place.
set(EVALRUN_SMALL_KERNELS
  "rope combine store_latent store_kv rows attention_plan linear_operand gated_operand"
  "embed gated_act bucket limits sample route")

function(evalrun_join_small_kernels result)
  set(sources ${ARGN})
  set(number 0)
  foreach(group IN LISTS EVALRUN_SMALL_KERNELS)
    math(EXPR number "${number} + 1")
    set(text "")
    string(REPLACE " " ";" names ${group})
    foreach(name IN LISTS names)
      list(REMOVE_ITEM sources ${CMAKE_SOURCE_DIR}/cuda/${name}.cu)
      string(APPEND text "#include \"cuda/${name}.cu\"\n")
    endforeach()
    set(joined ${CMAKE_BINARY_DIR}/cuda/small_kernels_${number}.cu)
    file(CONFIGURE OUTPUT ${joined} CONTENT "${text}" @ONLY)
    list(APPEND sources ${joined})
  endforeach()
  set(${result} ${sources} PARENT_SCOPE)
endfunction()
