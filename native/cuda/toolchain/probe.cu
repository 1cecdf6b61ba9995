// Proves that nvcc, the host's compiler and the static CUDA runtime work together: compiled, linked and run by find_nvcc.cmake on
// a machine that may have no driver. Prints the runtime's version.
#include <cuda_runtime.h>

#include <cstdio>

__global__ void probe(float* values) { values[threadIdx.x] = fmaf(values[threadIdx.x], 2.0f, 1.0f); }

int main() {
  if (cudaGetLastError() == cudaErrorUnknown) probe<<<1, 32>>>(nullptr);  // never here: it keeps the kernel in the program
  int version = 0;
  if (cudaRuntimeGetVersion(&version) != cudaSuccess) return 1;
  std::printf("%d\n", version);
  return 0;
}
