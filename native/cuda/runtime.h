// The CUDA runtime, or its simulation on the CPU: every .cu file and kernel header includes this and nothing of CUDA's.
//
// A .cu file is compiled twice: by nvcc (C++17) for the GPU, and by the host's compiler as C++ with EVALRUN_CUDA_SIM, where
// sim/ runs each lane of a block as a fiber. What the two have in common is written here once; what only one can do is in
// kernels/primitives.cuh (matrix instructions, asynchronous copies, shuffles).
#pragma once

#if defined(EVALRUN_CUDA_SIM)
#include "cuda/sim/sim.h"
#else
#include <cuda_runtime.h>
#endif
