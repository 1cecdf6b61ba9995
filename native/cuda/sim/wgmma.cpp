#include "cuda/kernels/wgmma.cuh"

#include <array>
#include <list>
#include <memory>
#include <vector>

#include "cuda/sim/device.h"
#include "ops/numeric.h"

namespace evalrun::cuda::sim {
namespace {

constexpr int kRowsOfWarp = 16, kStepBytes = 32, kUnit = 16;  // kUnit: what one copy writes

// Where the bytes of an operand are, by its descriptor alone.
struct OperandView {
  uint32_t start;   // of the first row that is read
  uint32_t stride;  // from 8 rows to the next 8
  int rows;
  int row_units;  // that are read of each row

  int units() const { return rows * row_units; }
  // Shared memory's offset of unit i, row by row.
  int offset(int i) const {
    const int row = i / row_units;
    const uint32_t address = start + static_cast<uint32_t>(row / 8) * stride + static_cast<uint32_t>(row % 8 * 128 + i % row_units * kUnit);
    return static_cast<int>((address ^ ((address >> 7 & 7) << 4)) - kSharedBase);
  }
};

// But for the registers, which are each lane's own.
bool same_product(const WgmmaIssue& x, const WgmmaIssue& y) {
  return x.e4m3 == y.e4m3 && x.across == y.across && x.a == y.a && x.b == y.b && x.add == y.add && x.major == y.major &&
         (x.registers == nullptr) == (y.registers == nullptr);
}

// Sums of a warp that products are adding to; the registers themselves are poisoned meanwhile.
struct Sums {
  std::array<float*, 32> registers;
  int across;
  std::vector<float> values;  // [16, 8 * across]
  int products = 0;           // unfinished
};

struct Product {
  WgmmaIssue issue;
  std::array<const uint32_t*, 32> registers;  // of a, where it is in registers
  OperandView a, b;                           // a: nothing where it is in registers
  std::vector<unsigned char> operands;  // as they were when it was issued
  Sums* sums;
  int group;
};

struct WarpState {
  bool fenced = false;
  int group = 0;  // of the next product
  std::list<Product> products;
  std::list<std::unique_ptr<Sums>> sums;
  size_t issued = 0;
};

enum class Copied : unsigned char { kDone, kAsked, kArrived };

std::vector<WarpState> warps;
std::vector<std::vector<WgmmaIssue>> issued;           // by warpgroup, in order
std::vector<Copied> copied;                        // of each 16 bytes of shared memory
std::vector<std::vector<int>> arrived_of_thread;   // not fenced yet

int thread_index() { return static_cast<int>(threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)); }
int warp_index() { return thread_index() / 32; }

int unit_of(const void* shared) { return static_cast<int>((static_cast<const unsigned char*>(shared) - shared_memory()) / kUnit); }

OperandView view_of(uint64_t descriptor, int first_row, int rows, int row_units) {
  const int layout = static_cast<int>(descriptor >> 62);
  if (layout != 1) fail("wgmma with layout " + std::to_string(layout) + " in a descriptor; the simulation knows 1, the 128-byte swizzle");
  if ((descriptor >> 49 & 7) != 0) fail("wgmma with a base offset in a descriptor: its operand must begin at a multiple of 1024 bytes");
  const auto stride = static_cast<uint32_t>((descriptor >> 32 & 0x3fff) << 4);
  const auto start = static_cast<uint32_t>((descriptor & 0x3fff) << 4);
  return {start + static_cast<uint32_t>(first_row / 8) * stride, stride, rows, row_units};
}

OperandView view_of_b(const WgmmaIssue& issue) {
  if (issue.major == Major::kK) return view_of(issue.b, 0, 8 * issue.across, kStepBytes / kUnit);
  if (issue.across != kAcrossOfRow) fail("wgmma with an N-major operand of other than 64 columns, whose leading byte offset the simulation does not know");
  return view_of(issue.b, 0, kStepBytes / 2, kAcrossOfRow);
}

void read_operand(const OperandView& view, std::vector<unsigned char>& out) {
  for (int i = 0; i < view.units(); ++i) {
    const int offset = view.offset(i);
    const unsigned char* bytes = shared_memory() + offset;
    if (!is_shared(bytes, kUnit)) fail("wgmma reads byte " + std::to_string(offset) + ", outside of the block's shared memory");
    out.insert(out.end(), bytes, bytes + kUnit);
  }
}

// A warp's rows of a from its lanes' registers, as they lie in shared memory otherwise: 16 rows of 16 bfloat16.
void read_registers(const std::array<const uint32_t*, 32>& lanes, std::vector<unsigned char>& out) {
  for (int row = 0; row < kRowsOfWarp; ++row) {
    for (int k = 0; k < kStepBytes / 2; ++k) {
      const uint32_t pair = lanes[static_cast<size_t>(row % 8 * 4 + k % 8 / 2)][row / 8 + k / 8 * 2];
      const uint32_t element = k % 2 == 0 ? pair & 0xffff : pair >> 16;
      out.push_back(static_cast<unsigned char>(element & 0xff));
      out.push_back(static_cast<unsigned char>(element >> 8));
    }
  }
}

// Both operands as they are now: a's rows of 32 bytes, then b's.
std::vector<unsigned char> read_operands(const Product& product) {
  std::vector<unsigned char> bytes;
  bytes.reserve(static_cast<size_t>(kRowsOfWarp * kStepBytes + product.b.units() * kUnit));
  if (product.issue.registers != nullptr) {
    read_registers(product.registers, bytes);
  } else {
    read_operand(product.a, bytes);
  }
  read_operand(product.b, bytes);
  return bytes;
}

void check_copies(const OperandView& view) {
  for (int i = 0; i < view.units(); ++i) {
    const Copied state = copied[static_cast<size_t>(view.offset(i)) / kUnit];
    if (state == Copied::kAsked) fail("wgmma reads what an asynchronous copy has yet to write");
    if (state == Copied::kArrived) fail("wgmma reads what an asynchronous copy wrote, without fence_proxy_async() by the copying thread");
  }
}

bool poisoned(const Sums& sums) {
  for (const float* registers : sums.registers) {
    for (int i = 0; i < 4 * sums.across; ++i) {
      if (__float_as_uint(registers[i]) != 0xffffffffu) return false;
    }
  }
  return true;
}

float& value_of(Sums& sums, int lane, int i) {
  const int row = lane / 4 + i % 4 / 2 * 8, column = i / 4 * 8 + lane % 4 * 2 + i % 2;
  return sums.values[static_cast<size_t>(row * 8 * sums.across + column)];
}

void perform_issue(void* const (&lanes)[32]) {
  const auto lane = [&](int i) -> const WgmmaIssue& { return *static_cast<const WgmmaIssue*>(lanes[i]); };
  const WgmmaIssue& first = lane(0);
  for (int i = 1; i < 32; ++i) {
    if (!same_product(lane(i), first)) fail("lanes of a warp issue different wgmma products");
  }
  WarpState& warp = warps[warp_index()];
  std::vector<WgmmaIssue>& group = issued[warp_index() / 4];
  if (warp.issued == group.size()) {
    group.push_back(first);
  } else if (!same_product(group[warp.issued], first)) {
    fail("warps of a warpgroup issue different wgmma products");
  }
  ++warp.issued;

  Product product{first, {}, {}, view_of_b(first), {}, nullptr, warp.group};
  if (first.registers == nullptr) product.a = view_of(first.a, warp_index() % 4 * kRowsOfWarp, kRowsOfWarp, kStepBytes / kUnit);
  for (int i = 0; i < 32; ++i) product.registers[static_cast<size_t>(i)] = lane(i).registers;
  product.operands = read_operands(product);
  check_copies(product.a);
  check_copies(product.b);
  for (const auto& sums : warp.sums) {
    if (sums->registers[0] == first.d) product.sums = sums.get();
  }
  if (product.sums == nullptr) {
    if (!warp.fenced) fail("wgmma without wgmma_fence() after its sums were last touched");
    auto sums = std::make_unique<Sums>();
    sums->across = first.across;
    sums->values.resize(static_cast<size_t>(kRowsOfWarp * 8 * first.across));
    for (int i = 0; i < 32; ++i) {
      sums->registers[i] = lane(i).d;
      for (int r = 0; r < 4 * first.across; ++r) {
        value_of(*sums, i, r) = lane(i).d[r];
        lane(i).d[r] = __uint_as_float(0xffffffffu);
      }
    }
    product.sums = sums.get();
    warp.sums.push_back(std::move(sums));
  } else if (!poisoned(*product.sums)) {
    fail("the sums of a wgmma product were touched before wgmma_wait()");
  }
  ++product.sums->products;
  warp.products.push_back(std::move(product));
}

// sums[16, columns] += a[16, depth] * b[depth, columns], term by term in the order of k. A CPU with AVX takes eight columns at once.
[[gnu::always_inline]] inline void add_products(const float* a, const float* b, float* sums, int depth, int columns) {
  for (int row = 0; row < kRowsOfWarp; ++row) {
    for (int k = 0; k < depth; ++k) {
      for (int column = 0; column < columns; ++column) sums[row * columns + column] += a[row * depth + k] * b[k * columns + column];
    }
  }
}

#if defined(__x86_64__)
[[gnu::target("avx")]] void add_products_avx(const float* __restrict a, const float* __restrict b, float* __restrict sums, int depth, int columns) {
  add_products(a, b, sums, depth, columns);
}
const bool has_avx = __builtin_cpu_supports("avx");
#endif

void compute(Product& product) {
  const std::vector<unsigned char> now = read_operands(product);
  if (now != product.operands) {
    const bool in_registers = !std::equal(now.begin(), now.begin() + kRowsOfWarp * kStepBytes, product.operands.begin()) && product.issue.registers != nullptr;
    fail(in_registers ? "registers were changed while wgmma reads them" : "shared memory was written while wgmma reads it");
  }
  const bool e4m3 = product.issue.e4m3;
  const int depth = e4m3 ? 32 : 16, columns = 8 * product.issue.across;
  const auto element = [&](int row, int k) {
    const unsigned char* bytes = now.data() + row * kStepBytes;
    if (e4m3) return e4m3_to_float(bytes[k]);
    return bf16_to_float(static_cast<uint16_t>(bytes[2 * k] | bytes[2 * k + 1] << 8));
  };
  std::vector<float> b(static_cast<size_t>(depth * columns));
  for (int column = 0; column < columns; ++column) {
    for (int k = 0; k < depth; ++k) {
      // N-major rows are 64 columns of one k: four of the rows of 16 that `element` counts in.
      const bool by_k = product.issue.major == Major::kK;
      b[static_cast<size_t>(k * columns + column)] =
          by_k ? element(kRowsOfWarp + column, k) : element(kRowsOfWarp + k * 4 + column / 16, column % 16);
    }
  }
  std::vector<float> a(static_cast<size_t>(kRowsOfWarp * depth));
  for (int row = 0; row < kRowsOfWarp; ++row) {
    for (int k = 0; k < depth; ++k) a[static_cast<size_t>(row * depth + k)] = element(row, k);
  }
  float* sums = product.sums->values.data();
  if (!product.issue.add) std::fill_n(sums, kRowsOfWarp * columns, 0.0f);
#if defined(__x86_64__)
  if (has_avx) return add_products_avx(a.data(), b.data(), sums, depth, columns);
#endif
  add_products(a.data(), b.data(), sums, depth, columns);
}

void perform_wait(void* const (&lanes)[32]) {
  WarpState& warp = warps[warp_index()];
  const int pending = *static_cast<const int*>(lanes[0]);
  while (!warp.products.empty() && warp.products.front().group < warp.group - pending) {
    compute(warp.products.front());
    --warp.products.front().sums->products;
    warp.products.pop_front();
  }
  for (auto sums = warp.sums.begin(); sums != warp.sums.end();) {
    if (!poisoned(**sums)) fail("the sums of a wgmma product were touched before wgmma_wait()");
    if ((*sums)->products > 0) {
      ++sums;
      continue;
    }
    for (int i = 0; i < 32; ++i) {
      for (int r = 0; r < 4 * (*sums)->across; ++r) (*sums)->registers[i][r] = value_of(**sums, i, r);
    }
    sums = warp.sums.erase(sums);
    warp.fenced = false;
  }
}

void perform_fence(void* const (&)[32]) { warps[warp_index()].fenced = true; }
void perform_commit(void* const (&)[32]) { ++warps[warp_index()].group; }

}  // namespace

uint32_t shared_address(const void* shared) {
  check_shared("wgmma_descriptor", shared, kWgmmaSwizzleBytes);
  return kSharedBase + static_cast<uint32_t>(static_cast<const unsigned char*>(shared) - shared_memory());
}

void fence_proxy_async() {
  for (const int unit : arrived_of_thread[thread_index()]) {
    if (copied[unit] == Copied::kArrived) copied[unit] = Copied::kDone;
  }
  arrived_of_thread[thread_index()].clear();
}

void wgmma_fence(Site site) { collective("wgmma_fence", site, nullptr, perform_fence, true); }

void wgmma(WgmmaIssue issue, Site site) {
  if (compute_capability() != 90) fail("wgmma on compute capability 8.0, which has none");
  if (blockDim.x * blockDim.y * blockDim.z % kWarpgroup != 0) fail("wgmma in a block that is not made of warpgroups of 128 threads");
  collective("wgmma", site, &issue, perform_issue, true);
}

void wgmma_commit(Site site) { collective("wgmma_commit", site, nullptr, perform_commit, true); }

void wgmma_wait(int pending, Site site) { collective("wgmma_wait", site, &pending, perform_wait, true); }

void wgmma_begin_block(int threads) {
  warps.clear();
  warps.resize(static_cast<size_t>(threads + 31) / 32);
  issued.assign(warps.size() / 4 + 1, {});
  copied.assign(kLargestShared / kUnit, Copied::kDone);
  arrived_of_thread.resize(static_cast<size_t>(threads));
  for (auto& units : arrived_of_thread) units.clear();
}

std::string wgmma_end_block() {
  for (size_t i = 0; i < warps.size(); ++i) {
    if (!warps[i].products.empty()) return "returned before wgmma_wait() for its products";
    if (warps[i].issued != issued[i / 4].size()) return "some warps of a warpgroup issued fewer wgmma products than others";
  }
  return "";
}

void shared_copy_asked(const void* shared, int bytes) {
  for (int unit = unit_of(shared); unit < unit_of(shared) + bytes / kUnit; ++unit) copied[unit] = Copied::kAsked;
}

void shared_copy_arrived(const void* shared, int bytes) {
  for (int unit = unit_of(shared); unit < unit_of(shared) + bytes / kUnit; ++unit) {
    copied[unit] = Copied::kArrived;
    arrived_of_thread[thread_index()].push_back(unit);
  }
}

}  // namespace evalrun::cuda::sim
