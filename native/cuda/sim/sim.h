// The simulated GPU that .cu files are compiled against where EVALRUN_CUDA_SIM is defined. See grid.h for what it can find.
#pragma once
#include "cuda/sim/grid.h"
#include "cuda/sim/language.h"
#include "cuda/sim/runtime_api.h"
