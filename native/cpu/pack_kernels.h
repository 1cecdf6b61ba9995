// Panels of packed_weight.h written with vector instructions: the border to the files compiled for them.
#pragma once
#include <cstdint>

#include "ops/ops.h"

namespace evalrun {

// As pack_panel(), for weights of bfloat16 and e4m3.
void pack_panel_avx2(const Weight& weight, int64_t panel, void* out);
void pack_panel_avx512(const Weight& weight, int64_t panel, void* out);
void pack_panel_neon(const Weight& weight, int64_t panel, void* out);

}  // namespace evalrun
