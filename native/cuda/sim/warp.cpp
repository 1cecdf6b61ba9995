#include "cuda/sim/warp.h"

#include <cstring>

#include "cuda/sim/device.h"
#include "cuda/sim/memory.h"
#include "ops/numeric.h"

namespace evalrun::cuda::sim {
namespace {

constexpr int kRows = 16, kColumns = 8;  // of a product

struct Exchange {
  uint64_t given;
  int source;
  uint64_t taken;
};

void perform_exchange(void* const (&lanes)[32]) {
  for (int i = 0; i < 32; ++i) {
    Exchange* lane = static_cast<Exchange*>(lanes[i]);
    const bool exists = lane->source >= 0 && lane->source < 32;
    lane->taken = static_cast<Exchange*>(lanes[exists ? lane->source : i])->given;
  }
}

struct Vote {
  bool predicate;
  uint32_t votes;
};

void perform_ballot(void* const (&lanes)[32]) {
  uint32_t votes = 0;
  for (int i = 0; i < 32; ++i) votes |= static_cast<uint32_t>(static_cast<Vote*>(lanes[i])->predicate) << i;
  for (int i = 0; i < 32; ++i) static_cast<Vote*>(lanes[i])->votes = votes;
}

struct MatrixLoad {
  const void* row;
  uint32_t* registers;
  int count;
  bool transposed;
};

void perform_load(void* const (&lanes)[32]) {
  const auto lane = [&](int i) -> const MatrixLoad& { return *static_cast<const MatrixLoad*>(lanes[i]); };
  const int count = lane(0).count;
  for (int matrix = 0; matrix < count; ++matrix) {
    uint16_t elements[8][8];
    for (int row = 0; row < 8; ++row) std::memcpy(elements[row], lane(matrix * 8 + row).row, 16);
    for (int i = 0; i < 32; ++i) {
      const int group = i / 4, place = 2 * (i % 4);
      const bool transposed = lane(0).transposed;
      const uint32_t low = transposed ? elements[place][group] : elements[group][place];
      const uint32_t high = transposed ? elements[place + 1][group] : elements[group][place + 1];
      lane(i).registers[matrix] = low | high << 16;
    }
  }
}

struct Product {
  float* d;
  const uint32_t* a;
  const uint32_t* b;
};

// PTX ISA, "Matrix Fragments for mma.m16n8k16 with floating point type" and "Matrix Fragments for mma.m16n8k32": with n elements
// in a register (2 or 4), group = lane / 4 and place = lane % 4, k = 8 * n in all:
//   a: register r holds row group + 8 * (r % 2), columns place * n + 4 * n * (r / 2) and the n - 1 after it
//   b: register r holds rows place * n + 4 * n * r and the n - 1 after it, column group
//   d: element i is row group + 8 * (i / 2), column 2 * place + i % 2
//
// A CPU with AVX takes a row of d at once, and eight rows in turns: the products and sums are the same, one by one.
template <int Depth>
void add_products(const float (&a)[kRows][Depth], const float (&b)[Depth][kColumns], float (&d)[kRows][kColumns]) {
  for (int row = 0; row < kRows; ++row) {
    for (int k = 0; k < Depth; ++k) {
      for (int column = 0; column < kColumns; ++column) d[row][column] += a[row][k] * b[k][column];
    }
  }
}

#if defined(__x86_64__)
using FloatRow [[gnu::vector_size(sizeof(float) * kColumns)]] = float;

template <int Depth>
[[gnu::target("avx")]] void add_products_avx(const float (&a)[kRows][Depth], const float (&b)[Depth][kColumns],
                                             float (&d)[kRows][kColumns]) {
  constexpr int kTogether = 8;
  for (int first = 0; first < kRows; first += kTogether) {
    FloatRow sums[kTogether];
    std::memcpy(sums, d[first], sizeof sums);
    for (int k = 0; k < Depth; ++k) {
      FloatRow factors;
      std::memcpy(&factors, b[k], sizeof factors);
      for (int i = 0; i < kTogether; ++i) sums[i] += a[first + i][k] * factors;
    }
    std::memcpy(d[first], sums, sizeof sums);
  }
}
const bool has_avx = __builtin_cpu_supports("avx");
#endif

template <int N, class Decode>
void multiply(void* const (&lanes)[32], Decode decode) {
  constexpr int kDepth = 8 * N;
  float a[kRows][kDepth], b[kDepth][kColumns], d[kRows][kColumns];
  for (int lane = 0; lane < 32; ++lane) {
    const Product& product = *static_cast<const Product*>(lanes[lane]);
    const int group = lane / 4, place = lane % 4;
    for (int r = 0; r < 4; ++r) {
      for (int i = 0; i < N; ++i) a[group + 8 * (r % 2)][place * N + 4 * N * (r / 2) + i] = decode(product.a[r], i);
    }
    for (int r = 0; r < 2; ++r) {
      for (int i = 0; i < N; ++i) b[place * N + 4 * N * r + i][group] = decode(product.b[r], i);
    }
    for (int i = 0; i < 4; ++i) d[group + 8 * (i / 2)][2 * place + i % 2] = product.d[i];
  }
#if defined(__x86_64__)
  if (has_avx) {
    add_products_avx(a, b, d);
  } else
#endif
  {
    add_products(a, b, d);
  }
  for (int lane = 0; lane < 32; ++lane) {
    const Product& product = *static_cast<const Product*>(lanes[lane]);
    for (int i = 0; i < 4; ++i) product.d[i] = d[lane / 4 + 8 * (i / 2)][2 * (lane % 4) + i % 2];
  }
}

void perform_mma_bf16(void* const (&lanes)[32]) {
  multiply<2>(lanes, [](uint32_t bits, int i) { return bits_to_float(i == 0 ? bits << 16 : bits & 0xffff0000u); });
}

// f16_to_float without a call for subnormals: the bits, read as a float32's, are too small by 2^112.
float decode_f16(uint32_t half) {
  const uint32_t magnitude = (half & 0x7fffu) << 13;
  const float value = bits_to_float(magnitude) * bits_to_float((112u + 127u) << 23);
  const uint32_t bits = magnitude >= 0x7c00u << 13 ? magnitude | 0x7f800000u : float_to_bits(value);
  return bits_to_float(bits | (half & 0x8000u) << 16);
}

void perform_mma_f16(void* const (&lanes)[32]) {
  multiply<2>(lanes, [](uint32_t bits, int i) { return decode_f16(bits >> (16 * i) & 0xffffu); });
}

void perform_mma_e4m3(void* const (&lanes)[32]) {
  multiply<4>(lanes, [](uint32_t bits, int i) { return e4m3_to_float(static_cast<uint8_t>(bits >> (8 * i))); });
}

void check_aligned(const char* what, const void* address, int bytes) {
  if (reinterpret_cast<uintptr_t>(address) % static_cast<uintptr_t>(bytes) != 0) {
    fail(std::string(what) + " of an address that is not a multiple of " + std::to_string(bytes));
  }
}

}  // namespace

int lane() { return static_cast<int>((threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)) % 32); }

void check_shared(const char* what, const void* address, int bytes) {
  if (!is_shared(address, bytes)) fail(std::string(what) + " of an address outside of the block's shared memory");
  check_aligned(what, address, bytes);
}

void check_global(const char* what, const void* address, int bytes) {
  if (!is_device(address, static_cast<size_t>(bytes))) {
    fail(std::string(what) + " from outside of what cudaMalloc gave");
  }
  check_aligned(what, address, bytes);
}

uint64_t exchange_bits(const char* kind, uint64_t bits, int source, Site site) {
  Exchange exchange{bits, source, 0};
  collective(kind, site, &exchange, perform_exchange, true);
  return exchange.taken;
}

uint32_t ballot(bool predicate, Site site) {
  Vote vote{predicate, 0};
  collective("ballot", site, &vote, perform_ballot, true);
  return vote.votes;
}

void load_matrix(const char* kind, uint32_t* registers, int count, bool transposed, const void* row, Site site) {
  if (lane() < 8 * count) check_shared(kind, row, 16);
  MatrixLoad load{row, registers, count, transposed};
  collective(kind, site, &load, perform_load, true);
}

void mma_bf16(float* d, const uint32_t* a, const uint32_t* b, Site site) {
  Product product{d, a, b};
  collective("mma_bf16", site, &product, perform_mma_bf16, true);
}

void mma_f16(float* d, const uint32_t* a, const uint32_t* b, Site site) {
  Product product{d, a, b};
  collective("mma_f16", site, &product, perform_mma_f16, true);
}

void mma_e4m3(float* d, const uint32_t* a, const uint32_t* b, Site site) {
  if (compute_capability() < 89) fail("mma_e4m3 on compute capability 8.0, which has none");
  Product product{d, a, b};
  collective("mma_e4m3", site, &product, perform_mma_e4m3, true);
}

}  // namespace evalrun::cuda::sim
