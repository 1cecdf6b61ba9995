// Measures single ops: evalrun_ops_bench [--threads N] [--only TEXT] prints GFLOP/s and GB/s of each kernel and shape.
// With --threads 1 it counts processor time, which other programs on the machine disturb less.
#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "cpu/packed_weight.h"
#include "cpu/scratch.h"
#include "cpu/thread_pool.h"
#include "ops/numeric.h"
#include "ops/registry.h"

using namespace evalrun;

namespace {

int threads = 2;
std::string only;

uint64_t state = 1;
float random_float() {
  state = state * 6364136223846793005ull + 1442695040888963407ull;
  return static_cast<float>(static_cast<int32_t>(state >> 32)) * 0x1p-31f;
}

// Weights of the given type; 4,000 random numbers over and over, since only the time matters.
std::vector<char> random_weights(int64_t count, DType dtype) {
  std::vector<char> data(count * element_size(dtype));
  std::vector<char> pattern(4000 * 4);
  for (int i = 0; i < 4000; ++i) {
    const float value = random_float();
    const uint16_t half = float_to_bf16(value);
    const uint8_t code = float_to_e4m3(value);
    if (dtype == DType::kF32) std::memcpy(&pattern[i * 4], &value, 4);
    if (dtype == DType::kBF16) std::memcpy(&pattern[i * 2], &half, 2);
    if (dtype == DType::kF16) std::memcpy(&pattern[i * 2], &half, 2);
    if (dtype == DType::kF8E4M3) std::memcpy(&pattern[i], &code, 1);
  }
  const size_t period = 4000 * element_size(dtype);
  for (size_t i = 0; i < data.size(); i += period)
    std::memcpy(&data[i], pattern.data(), std::min(period, data.size() - i));
  return data;
}

double now() {
  timespec t;
  clock_gettime(threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// Seconds of the fastest of several runs.
double time(const std::function<void()>& body) {
  body();
  double best = 1e9;
  double total = 0;
  for (int i = 0; i < 50 && (i < 3 || total < 0.4); ++i) {
    const double begin = now();
    body();
    const double seconds = now() - begin;
    best = std::min(best, seconds);
    total += seconds;
  }
  return best;
}

const char* name(Precision p) { return p == Precision::kF32 ? "f32" : p == Precision::kBF16 ? "bf16" : "fp8"; }
const char* name(DType d) {
  return d == DType::kF32 ? "f32" : d == DType::kBF16 ? "bf16" : d == DType::kF16 ? "f16" : "e4m3";
}

// The same weight as panels, where a kernel takes them.
class Panels {
 public:
  Panels(const Weight& weight, Precision precision) {
    if (!takes_packed(precision, weight.dtype, cpu_features())) return;
    data_ = memory_.get<char>(packed_weight_bytes(weight));
    for (int64_t p = 0; p < panels_of(weight.rows); ++p) {
      pack_panel(weight, p, data_ + p * panel_bytes(weight.dtype, weight.columns));
    }
  }
  const void* data() const { return data_; }

 private:
  Scratch memory_;
  char* data_ = nullptr;
};

void linear(ThreadPool& pool, Precision precision, DType dtype, int rows, int64_t n, int64_t k) {
  // Several copies when rows are few, so that weights come from memory, not from a cache.
  const int64_t bytes = n * k * element_size(dtype);
  const int copies = rows <= 4 ? static_cast<int>(std::max<int64_t>(1, (256 << 20) / bytes)) : 1;
  std::vector<std::vector<char>> weights;
  for (int i = 0; i < copies; ++i) weights.push_back(random_weights(n * k, dtype));
  std::vector<float> scale((n / 128 + 1) * (k / 128 + 1), 0.01f), x(rows * k), y(rows * n);
  for (float& v : x) v = random_float();
  std::vector<Panels> panels;
  for (auto& w : weights) panels.emplace_back(Weight{w.data(), dtype, n, k, scale.data()}, precision);
  for (const auto& kernel : Registry<LinearOp>::instance().all()) {
    if (kernel.priority == 0) continue;
    LinearOp op{x.data(), k, {weights[0].data(), dtype, n, k, scale.data(), panels[0].data()}, nullptr, precision, rows, y.data(), n};
    if (!kernel.accepts(op, cpu_features())) continue;
    if (std::string(kernel.name).find(only) == std::string::npos) continue;
    const double seconds = time([&] {
                             for (int i = 0; i < copies; ++i) {
                               op.weight.data = weights[i].data();
                               op.weight.packed = panels[i].data();
                               kernel.run(op, pool);
                             }
                           }) /
                           copies;
    std::printf("%-28s %-4s w %-4s rows %4d  N %5ld K %5ld  %8.1f us  %6.1f GFLOP/s  %5.1f GB/s\n", kernel.name,
                name(precision), name(dtype), rows, long(n), long(k), seconds * 1e6, 2e-9 * rows * n * k / seconds,
                bytes * 1e-9 / seconds);
  }
}

// Attention over a prefix that `questions` spans of `length` tokens share, as few-shot prompts do; decode: spans of one
// token.
struct SharedPrefix {
  SharedPrefix(int prefix, int questions, int length, bool decode) {
    const int shared = prefix / kPageTokens;  // whole pages; the prompt's rest is in each question's own
    const int own = (prefix + length + kPageTokens - 1) / kPageTokens - shared;
    pages = shared;
    for (int i = 0; i < questions; ++i) {
      spans.push_back({i * length, length, prefix, static_cast<int>(table.size()), decode});
      for (int p = 0; p < shared; ++p) table.push_back(p);
      for (int p = 0; p < own; ++p) table.push_back(pages++);
      for (int t = 0; t < length; ++t) pairs += prefix + t + 1;
    }
    rows = questions * length;
  }

  std::vector<Span> spans;
  std::vector<int32_t> table;
  int pages = 0;
  int rows = 0;
  double pairs = 0;  // of a query row and a key
};

template <class Op>
void measure(const Op& op, ThreadPool& pool, double operations, double bytes, const std::string& what) {
  for (const auto& kernel : Registry<Op>::instance().all()) {
    if (kernel.priority == 0 || !kernel.accepts(op, cpu_features())) continue;
    if (std::string(kernel.name).find(only) == std::string::npos) continue;
    const double seconds = time([&] { kernel.run(op, pool); });
    std::printf("%-27s %-70s %8.1f us  %6.1f GFLOP/s  %5.1f GB/s\n", kernel.name, what.c_str(), seconds * 1e6,
                operations * 1e-9 / seconds, bytes * 1e-9 / seconds);
  }
}

void attention(ThreadPool& pool, Precision precision, int heads, int kv_heads, int dim, const SharedPrefix& work) {
  const DType kv = precision == Precision::kBF16 ? DType::kBF16 : DType::kF32;
  const int64_t cached = static_cast<int64_t>(work.pages) * kPageTokens * kv_heads * dim;
  const std::vector<char> keys = random_weights(cached, kv), values = random_weights(cached, kv);
  const int64_t width = static_cast<int64_t>(heads) * dim;
  std::vector<float> q(work.rows * width), y(q.size());
  for (float& v : q) v = random_float();
  const AttentionOp op{q.data(),
                       width,
                       heads,
                       kv_heads,
                       dim,
                       0.1f,
                       0,
                       precision,
                       kv,
                       keys.data(),
                       values.data(),
                       Spans::shared(work.spans, work.table),
                       y.data(),
                       width};
  measure(op, pool, 4 * work.pairs * width, 2.0 * cached * element_size(kv),
          std::string(name(precision)) + " H " + std::to_string(heads) + " G " + std::to_string(kv_heads) + " D " +
              std::to_string(dim) + ", " + std::to_string(work.spans.size()) + " spans of " +
              std::to_string(work.spans[0].count) + " behind " + std::to_string(work.spans[0].start_position));
}

void latent_attention(ThreadPool& pool, Precision precision, const SharedPrefix& work) {
  const int heads = 16, nope = 128, rope = 64, v = 128, rank = 512;  // DeepSeek-V2-Lite
  const DType type = precision == Precision::kBF16 ? DType::kBF16 : DType::kF32;
  const int64_t cached = static_cast<int64_t>(work.pages) * kPageTokens * (rank + rope);
  const std::vector<char> cache = random_weights(cached, type),
                          kv_b = random_weights(heads * (nope + v) * int64_t{rank}, type);
  std::vector<float> q(work.rows * int64_t{heads * (nope + rope)}), y(work.rows * int64_t{heads * v});
  for (float& value : q) value = random_float();
  const LatentAttentionOp op{q.data(),
                             heads * (nope + rope),
                             heads,
                             nope,
                             rope,
                             v,
                             rank,
                             {kv_b.data(), type, heads * (nope + v), rank, nullptr},
                             0.1f,
                             precision,
                             type,
                             cache.data(),
                             Spans::shared(work.spans, work.table),
                             y.data(),
                             heads * v};
  const bool decode = work.spans[0].decode;
  const double per_pair = decode ? 2.0 * (rank + rope) + 2.0 * rank : 2.0 * (nope + rope + v);
  const double around =
      decode ? 2.0 * rank * (nope + v) * work.rows : 2.0 * rank * (nope + v) * work.pages * kPageTokens;
  measure(op, pool, heads * (work.pairs * per_pair + around), 1.0 * cached * element_size(type),
          std::string(name(precision)) + (decode ? " absorbed, " : " expanded, ") + std::to_string(work.spans.size()) +
              " spans of " + std::to_string(work.spans[0].count) + " behind " +
              std::to_string(work.spans[0].start_position));
}

void log_probs(ThreadPool& pool, int rows, int64_t vocabulary, int64_t columns) {
  const std::vector<char> head = random_weights(vocabulary * columns, DType::kBF16);
  std::vector<float> x(rows * columns), out(rows);
  for (float& v : x) v = random_float();
  std::vector<int32_t> ids(rows, 5), id_rows(rows);
  for (int i = 0; i < rows; ++i) id_rows[i] = i;
  const LogProbsOp op{x.data(),
                      {head.data(), DType::kBF16, vocabulary, columns, nullptr},
                      Precision::kBF16,
                      rows,
                      ids.data(),
                      id_rows.data(),
                      rows,
                      out.data(),
                      nullptr,
                      nullptr};
  measure(op, pool, 2.0 * rows * vocabulary * columns, 2.0 * vocabulary * columns,
          "bf16 rows " + std::to_string(rows) + " V " + std::to_string(vocabulary) + " C " + std::to_string(columns));
}

void row_ops(ThreadPool& pool) {
  const int rows = 512, columns = 2048;
  std::vector<float> x(rows * columns), up(x.size()), weight(columns, 1.0f), y(x.size());
  for (float& v : x) v = random_float();
  measure(GatedActOp{x.data(), up.data(), rows, columns, y.data()}, pool, 0, 12.0 * rows * columns, "512 x 2048");
  measure(RmsNormOp{x.data(),
                    columns,
                    {weight.data(), DType::kF32, 1, columns, nullptr},
                    1e-6f,
                    true,
                    rows,
                    columns,
                    y.data(),
                    columns},
          pool, 0, 8.0 * rows * columns, "512 x 2048");
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--threads") == 0) threads = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--only") == 0) only = argv[i + 1];
  }
  ThreadPool pool(threads);
  struct Kind {
    Precision precision;
    DType dtype;
  };
  const Kind kinds[] = {{Precision::kBF16, DType::kBF16},
                        {Precision::kFP8, DType::kF8E4M3},
                        {Precision::kF32, DType::kF32},
                        {Precision::kF32, DType::kBF16}};
  const int64_t shapes[][2] = {{512, 512}, {1408, 512}, {576, 2048}, {2048, 2048}, {4096, 4096}, {5632, 2048}, {2048, 5632}};
  for (const Kind& kind : kinds) {
    for (const auto& shape : shapes) linear(pool, kind.precision, kind.dtype, 512, shape[0], shape[1]);
    linear(pool, kind.precision, kind.dtype, 1, 2048, 2048);
    linear(pool, kind.precision, kind.dtype, 4, 2048, 2048);
    linear(pool, kind.precision, kind.dtype, 16, 2048, 2048);
  }
  for (Precision precision : {Precision::kBF16, Precision::kF32}) {
    attention(pool, precision, 8, 2, 64, {640, 20, 100, false});
    attention(pool, precision, 8, 2, 64, {0, 1, 700, false});
    attention(pool, precision, 16, 8, 128, {640, 20, 100, false});
    attention(pool, precision, 16, 8, 128, {700, 32, 1, false});
    latent_attention(pool, precision, {640, 20, 100, false});
    latent_attention(pool, precision, {700, 1, 1, true});
    latent_attention(pool, precision, {700, 32, 1, true});
  }
  log_probs(pool, 64, 32000, 1024);
  row_ops(pool);
  return 0;
}
