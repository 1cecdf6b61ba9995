// measure_products: every tile of matmul.h on the products of published shapes.
#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "cuda/cublas_lt.h"
#include "cuda/gpu.h"
#include "cuda/linear_operand.h"
#include "cuda/matmul.h"
#include "cuda/stopwatch.h"

namespace evalrun::cuda {
namespace {

struct Shape {
  int rows, experts;
  int64_t outputs, columns;
};

#if defined(EVALRUN_CUDA_SIM)
constexpr Shape kShapes[] = {{3, 0, 40, 128}, {6, 4, 40, 128}};
constexpr int64_t kWeightBytes = 1 << 16;
constexpr int kLaunches = 1;
constexpr int kAllRows = 8;
#else
// A large one; DeepSeek-V2-Lite's: queries, latents, what attention gives, the dense layer's, the shared experts', the routed experts';
// then the same for 1, 8 and 64 tokens. The last two are DeepSeek-V3's experts.
constexpr Shape kShapes[] = {
    {8192, 0, 8192, 8192},   {8192, 0, 3072, 2048},   {8192, 0, 576, 2048},    {8192, 0, 2048, 2048},  {8192, 0, 10944, 2048}, {8192, 0, 2816, 2048},
    {49152, 64, 1408, 2048}, {49152, 64, 2048, 1408}, {1, 0, 3072, 2048},      {1, 0, 576, 2048},      {1, 0, 2816, 2048},     {1, 0, 102400, 2048},
    {6, 64, 1408, 2048},     {6, 64, 2048, 1408},     {8, 0, 3072, 2048},      {48, 64, 1408, 2048},   {64, 0, 3072, 2048},    {64, 0, 2816, 2048},
    {64, 0, 576, 2048},      {384, 64, 1408, 2048},   {384, 64, 2048, 1408},   {65536, 256, 2048, 7168}, {512, 256, 2048, 7168}};
// Many times the second-level cache; weights of a shape are taken from one place of it after the other.
constexpr int64_t kWeightBytes = int64_t{8} << 30;
constexpr int kLaunches = 12;
constexpr int kAllRows = 8192;
#endif
constexpr MatmulTile kTiles[] = {MatmulTile::k16x16,   MatmulTile::k16x64,   MatmulTile::k32x32, MatmulTile::k64x64,
                                 MatmulTile::k128x128, MatmulTile::k128x256, MatmulTile::k64x16};
static_assert(std::size(kTiles) == kMatmulTiles);

// Memory that any of the shapes may read as activations, weights or scales, and one to write to.
struct Memory {
  explicit Memory(Context& ctx) {
    int64_t most_x = 0, most_y = 0, most_scales = 0;
    for (const Shape& s : kShapes) {
      const int64_t rows = s.experts == 0 ? std::max(s.rows, kAllRows) : s.rows;
      most_x = std::max(most_x, rows * s.columns);
      most_y = std::max(most_y, rows * s.outputs);
      most_scales = std::max(most_scales, std::max(1, s.experts) * ceil_div(s.outputs, kQuantBlock) * ceil_div(s.columns, kQuantBlock));
    }
    x = ctx.step_memory.take<float>(most_x, "activations");
    y = ctx.step_memory.take<float>(most_y, "a product");
    scales = ctx.step_memory.take<float>(most_scales, "scales");
    weights = ctx.step_memory.take<char>(kWeightBytes, "weights");
    // Not zeros: they are cheaper to multiply. Bytes that are no NaN, neither as e4m3 nor as bfloat16: exponents around 1.
    fill(x, most_x * 4, [](uint32_t at) { return 0x3f000000u | (at * 2654435761u >> 9) | (at * 40503u << 31); });
    fill(scales, most_scales * 4, [](uint32_t) { return 0x3f800000u; });
    fill(weights, kWeightBytes, [](uint32_t at) { return ((at * 2654435761u) & 0xbfbfbfbfu) | (at * 40503u & 0x80008000u); });
  }

  template <class Word>
  static void fill(void* memory, int64_t bytes, Word word) {
    std::vector<uint32_t> piece(1 << 20);
    for (size_t i = 0; i < piece.size(); ++i) piece[i] = word(static_cast<uint32_t>(i));
    for (int64_t at = 0; at < bytes;) {
      const int64_t some = std::min<int64_t>(bytes - at, static_cast<int64_t>(piece.size()) * 4);
      // From the device itself once it has a piece.
      if (at == 0) check(cudaMemcpy(memory, piece.data(), static_cast<size_t>(some), cudaMemcpyHostToDevice), "random numbers");
      else check(cudaMemcpy(static_cast<char*>(memory) + at, memory, static_cast<size_t>(some), cudaMemcpyDeviceToDevice), "random numbers");
      at += some;
    }
  }

  float *x, *y, *scales;
  char* weights;
};

// Rows of experts differ, as routing has it: expert e's share is 1/2 to 3/2 of the mean.
std::vector<int32_t> offsets_of(const Shape& s) {
  std::vector<int32_t> offsets = {0};
  double parts = 0;
  for (int e = 0; e < s.experts; ++e) parts += 0.5 + e * 37 % s.experts / static_cast<double>(s.experts);
  double sum = 0;
  for (int e = 0; e < s.experts; ++e) {
    sum += 0.5 + e * 37 % s.experts / static_cast<double>(s.experts);
    offsets.push_back(static_cast<int32_t>(s.rows * sum / parts + 1e-9));
  }
  if (s.experts > 0) offsets.back() = s.rows;
  return offsets;
}

void measure_shape(Context& ctx, const Memory& memory, const Shape& s, Precision precision, Stopwatch& stopwatch, std::vector<ProductRate>& rates) {
  const bool fp8 = precision == Precision::kFP8;
  Matmul product;
  product.weight.dtype = fp8 ? DType::kF8E4M3 : DType::kBF16;
  product.weight.rows = s.outputs;
  product.weight.columns = s.columns;
  product.weight.stride = round_up(s.columns * (fp8 ? 1 : 2), kRowBytes) / (fp8 ? 1 : 2);
  product.weight.scale = fp8 ? memory.scales : nullptr;
  product.x = linear_operand(ctx, {memory.x, s.columns, s.rows, s.columns, precision});
  product.y = memory.y;
  product.y_stride = s.outputs;
  product.rows = s.rows;
  product.experts = s.experts;
  product.weight_step = round_up(s.columns * (fp8 ? 1 : 2), kRowBytes) * s.outputs;
  product.scale_step = fp8 ? ceil_div(s.outputs, kQuantBlock) * ceil_div(s.columns, kQuantBlock) : 0;
  const std::vector<int32_t> offsets = offsets_of(s);
  if (s.experts > 0) product.offsets = ctx.stage(offsets.data(), static_cast<int64_t>(offsets.size()), "offsets");
  const int64_t bytes = std::max(1, s.experts) * product.weight_step;
  const int64_t places = std::max<int64_t>(1, kWeightBytes / bytes);
  for (const bool wgmma : {false, true}) {
    if (wgmma && ctx.compute_capability != 90) continue;
    ctx.wgmma = wgmma ? Wgmma::kAlways : Wgmma::kNever;
    const MatmulTile engines = choose_tile(precision, s.rows, s.experts, s.outputs, ctx.multiprocessors, wgmma_asked(ctx.compute_capability));
    for (const MatmulTile tile : kTiles) {
      if (!has_tile(tile, precision, ctx.wgmma)) continue;
      const bool chosen = tile == engines && wgmma == by_wgmma(tile, precision, wgmma_asked(ctx.compute_capability));
      // What no engine would choose would take long.
      if (s.rows >= 4096 && rows_of(tile) < 64 && !chosen) continue;
      int64_t place = 0;
      const auto run = [&] {
        product.weight.data = memory.weights + place * bytes;
        place = (place + 1) % places;
        run_matmul(ctx, product, tile);
      };
      run();
      run();
      const double seconds = stopwatch.seconds([&] { for (int i = 0; i < kLaunches; ++i) run(); }) / kLaunches;
      rates.push_back({precision, wgmma ? "wgmma" : "mma", s.rows, s.experts, s.outputs, s.columns, rows_of(tile), columns_of(tile), chosen, seconds});
    }
  }
}

// A product's results by cuBLASLt, with the weights of place 0.
std::vector<float> results(Context& ctx, const Memory& memory, const CublasLt& partner, const Shape& s, int64_t count) {
  const CublasLt::Product product(partner, {s.rows, s.outputs, s.columns});
  const Operand x = linear_operand(ctx, {memory.x, s.columns, s.rows, s.columns, Precision::kBF16});
  check(cudaStreamSynchronize(ctx.stream), "converting activations");
  product.run(x.values, memory.weights, memory.y, ctx.stream);
  check(cudaStreamSynchronize(ctx.stream), "cuBLASLt");
  std::vector<float> y(static_cast<size_t>(count));
  check(cudaMemcpy(y.data(), memory.y, y.size() * sizeof(float), cudaMemcpyDeviceToHost), "a product");
  return y;
}

void measure_partner(Context& ctx, const Memory& memory, const CublasLt& partner, const Shape& s, Stopwatch& stopwatch,
                     std::vector<ProductRate>& rates) {
  const int64_t count = s.rows * s.outputs, bytes = s.columns * 2 * s.outputs, places = std::max<int64_t>(1, kWeightBytes / bytes);
  const CublasLt::Product product(partner, {s.rows, s.outputs, s.columns});
  const Operand x = linear_operand(ctx, {memory.x, s.columns, s.rows, s.columns, Precision::kBF16});
  int64_t place = 0;
  const auto run = [&] {
    product.run(x.values, memory.weights + place * bytes, memory.y, ctx.stream);
    place = (place + 1) % places;
  };
  run();
  run();
  const double seconds = stopwatch.seconds([&] { for (int i = 0; i < kLaunches; ++i) run(); }) / kLaunches;
  rates.push_back({Precision::kBF16, "cublasLt", s.rows, 0, s.outputs, s.columns, 0, 0, false, seconds});
  if (s.rows >= kAllRows) return;
  const std::vector<float> alone = results(ctx, memory, partner, s, count);
  const std::vector<float> of_all = results(ctx, memory, partner, {kAllRows, 0, s.outputs, s.columns}, count);
  int64_t apart = 0;
  for (size_t i = 0; i < alone.size(); ++i) apart += std::memcmp(&alone[i], &of_all[i], sizeof(float)) != 0;
  rates.back().apart = apart;
}

// Null where there is none, with the reason.
std::unique_ptr<CublasLt> open_partner(std::string& reason) {
  const std::string named = cublas_lt_named();
#if defined(EVALRUN_CUDA_SIM)
  if (named.empty()) {
    reason = "NVIDIA's libraries do not run on a simulated GPU";
    return nullptr;
  }
#endif
  try {
    return std::make_unique<CublasLt>(named);
  } catch (const std::runtime_error& error) {
    reason = error.what();
    return nullptr;
  }
}

}  // namespace

ProductRates measure_products(int index) {
  check(cudaSetDevice(index), "choosing the GPU");
  cudaDeviceProp properties;
  check(cudaGetDeviceProperties(&properties, index), "asking for the GPU's properties");
  Context ctx;
  ctx.multiprocessors = properties.multiProcessorCount;
  ctx.compute_capability = properties.major * 10 + properties.minor;
  ctx.step = 1;
  const Memory memory(ctx);
  Stopwatch stopwatch(ctx.stream);
  ProductRates found;
  const std::unique_ptr<CublasLt> partner = open_partner(found.without_partner);
  for (const Precision precision : {Precision::kBF16, Precision::kFP8}) {
    for (const Shape& shape : kShapes) {
      measure_shape(ctx, memory, shape, precision, stopwatch, found.rates);
      if (partner != nullptr && precision == Precision::kBF16 && shape.experts == 0) {
        measure_partner(ctx, memory, *partner, shape, stopwatch, found.rates);
      }
    }
  }
  return found;
}

}  // namespace evalrun::cuda
