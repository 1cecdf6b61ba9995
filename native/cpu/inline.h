// Forced inlining, for functions in files compiled for an instruction set: an out-of-line copy that is shared with
// other files could be the one the linker keeps, and would then run on machines without the instructions.
#pragma once

#define EVALRUN_INLINE inline __attribute__((always_inline))
