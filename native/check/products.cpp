// Every tile of the matrix products on the shapes of published models: what the choice among tiles is fitted to.
#include <cstdio>

#include "check/commands.h"
#include "cuda/gpu.h"

namespace evalrun::check {

bool measure_products(const Options& options, Records& records) {
  const int gpu = gpu_of(options);
  if (gpu < 0) throw UsageError("products are measured on a GPU: --device cuda");
  const cuda::ProductRates found = cuda::measure_products(gpu);
  if (!found.without_partner.empty()) std::printf("without cuBLASLt to compare with: %s\n", found.without_partner.c_str());
  for (const cuda::ProductRate& rate : found.rates) {
    const double weights = static_cast<double>(rate.outputs) * rate.columns * (rate.precision == Precision::kFP8 ? 1 : 2) *
                           (rate.experts == 0 ? 1 : rate.experts);
    records.push_back(Record()
                          .add("product", rate.precision == Precision::kFP8 ? "fp8" : "bf16")
                          .add("by", rate.by)
                          .add("rows", rate.rows)
                          .add("experts", rate.experts)
                          .add("outputs", rate.outputs)
                          .add("columns", rate.columns)
                          .add("tile", rate.tile_rows == 0 ? "" : std::to_string(rate.tile_rows) + "x" + std::to_string(rate.tile_columns))
                          .add("chosen", rate.chosen ? "*" : "")
                          .add("us", 1e6 * rate.seconds)
                          .add("TFLOP/s", 2e-12 * rate.rows * rate.outputs * rate.columns / rate.seconds)
                          .add("weights GB/s", 1e-9 * weights / rate.seconds)
                          .add("apart", rate.apart.has_value() ? std::to_string(*rate.apart) : ""));
  }
  return true;
}

}  // namespace evalrun::check
