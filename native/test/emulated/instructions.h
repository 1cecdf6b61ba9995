// The instructions of AVX-512 (F, BW, DQ, VL, VBMI, BF16) and AMX that the kernels use, for CPUs that have AVX2 and not these: what they
// compute is proven anywhere. Included before a kernel's file, which is then compiled for AVX2.
//
// Idea: functions of namespace evalrun hide the compiler's of the same name from the kernels, which are in that namespace. Each does what
// Intel's manual says (SDM, volume 2). An address that must be aligned is checked, and so is what tiles are allowed; a kernel that does what
// the CPU would refuse ends the program.
#pragma once
#include "test/emulated/amx.h"
#include "test/emulated/float.h"
#include "test/emulated/integer.h"
