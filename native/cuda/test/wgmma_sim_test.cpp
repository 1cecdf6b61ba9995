// The simulation of wgmma: its products, and that each mistake it is there to find is found. Kernels here are wrong on purpose.
#include <cmath>
#include <cstdlib>

#include "cuda/kernels/wgmma.cuh"
#include "cuda/launch.h"
#include "cuda/matmul.h"
#include "cuda/test/harness.h"

#if defined(EVALRUN_CUDA_SIM)

namespace evalrun::cuda::test {
namespace {

using evalrun::test::print;

constexpr int kColumnsOfB = 16;
constexpr int kOperandBytes = kWgmmaRows * kPanelRowBytes, kSharedBytes = kOperandBytes + kColumnsOfB * kPanelRowBytes;

enum class Mistake {
  kNone,
  kNoCopyWait,
  kNoProxyFence,
  kLateProxyFence,
  kNoFence,
  kTouchesSums,
  kReadsSums,
  kOverwrites,
  kNoWait,
  kNoCommit,
  kWaitsTooLittle,
  kStride,
  kLayout,
  kNotSwizzled,
  kStepOf16Bytes,
  kWarpsDiffer,
  kOneWarpLess,
};

// y [64, 16] = a . b^T over one panel, a and b [rows, 128 bytes].
__global__ void product(const unsigned char* a, const unsigned char* b, float* y, bool e4m3, Mistake mistake) {
  unsigned char* shared = shared_memory();
  const auto is = [&](Mistake other) { return mistake == other; };
  for (int i = static_cast<int>(threadIdx.x); i < (kWgmmaRows + kColumnsOfB) * kChunks; i += kWarpgroup) {
    const int row = i / kChunks, chunk = i % kChunks;
    const unsigned char* from = row < kWgmmaRows ? a + row * kPanelRowBytes : b + (row - kWgmmaRows) * kPanelRowBytes;
    const int place = is(Mistake::kNotSwizzled) ? row * kPanelRowBytes + chunk * kChunkBytes : chunk_place(row, chunk);
    copy_async_16(shared + place, from + chunk * kChunkBytes, true);
  }
  copy_async_commit();
  if (!is(Mistake::kNoCopyWait)) copy_async_wait<0>();
  if (!is(Mistake::kNoProxyFence) && !is(Mistake::kLateProxyFence)) fence_proxy_async();
  __syncthreads();
  if (is(Mistake::kLateProxyFence)) fence_proxy_async();

  float d[2][4] = {};
  uint64_t of_a = wgmma_descriptor(shared), of_b = wgmma_descriptor(shared + kOperandBytes);
  if (is(Mistake::kStride)) of_a ^= uint64_t{(1024 ^ 512) >> 4} << 32;
  if (is(Mistake::kLayout)) of_a ^= uint64_t{3} << 62;
  if (is(Mistake::kWarpsDiffer) && threadIdx.x / 32 == 2) of_b = of_a;
  if (!is(Mistake::kNoFence)) wgmma_fence<2>(d);
  for (int step = 0; step < kStepsOfPanel; ++step) {
    if (is(Mistake::kOneWarpLess) && threadIdx.x / 32 == 3 && step == 3) continue;
    const auto further = static_cast<uint64_t>(step * (is(Mistake::kStepOf16Bytes) ? 1 : 2));
    if (e4m3) {
      wgmma_e4m3<2>(d, of_a + further, of_b + further, step > 0);
    } else {
      wgmma_bf16<2>(d, of_a + further, of_b + further, step > 0);
    }
    if (is(Mistake::kTouchesSums) && step == 1) d[0][0] = 0;
  }
  if (!is(Mistake::kNoCommit)) wgmma_commit();
  if (is(Mistake::kOverwrites) && threadIdx.x == 77) shared[37 * kPanelRowBytes] ^= 1;  // its warp reads it
  if (is(Mistake::kWaitsTooLittle)) {
    wgmma_wait<1, 2>(d);
  } else if (!is(Mistake::kNoWait) && !is(Mistake::kReadsSums)) {
    wgmma_wait<0, 2>(d);
  }
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  for (int j = 0; j < 2; ++j) {
    for (int e = 0; e < 4; ++e) y[(16 * warp + lane / 4 + e / 2 * 8) * kColumnsOfB + 8 * j + lane % 4 * 2 + e % 2] = d[j][e];
  }
  if (is(Mistake::kReadsSums)) wgmma_wait<0, 2>(d);
}

struct Operands {
  std::vector<unsigned char> a, b;
  std::vector<float> y;  // expected
};

Operands operands(bool e4m3) {
  Random random(1);
  const int depth = e4m3 ? kPanelRowBytes : kPanelRowBytes / 2;
  const auto rows = [&](int count, std::vector<float>& values) {
    std::vector<unsigned char> bytes;
    for (int i = 0; i < count * depth; ++i) {
      const float value = static_cast<float>(random.below(15) - 7);  // exact in e4m3, and so are all sums in float32
      values.push_back(value);
      if (e4m3) {
        bytes.push_back(to_e4m3(value));
      } else {
        bytes.push_back(static_cast<unsigned char>(to_bf16(value) & 0xff));
        bytes.push_back(static_cast<unsigned char>(to_bf16(value) >> 8));
      }
    }
    return bytes;
  };
  Operands out;
  std::vector<float> a, b;
  out.a = rows(kWgmmaRows, a);
  out.b = rows(kColumnsOfB, b);
  for (int row = 0; row < kWgmmaRows; ++row) {
    for (int column = 0; column < kColumnsOfB; ++column) {
      float sum = 0;
      for (int k = 0; k < depth; ++k) sum += a[row * depth + k] * b[column * depth + k];
      out.y.push_back(sum);
    }
  }
  return out;
}

// How many of y differ from what they should be; throws what the simulation found.
int wrong_outputs(bool e4m3, Mistake mistake) {
  const Operands in = operands(e4m3);
  const DeviceArray<unsigned char> a(in.a), b(in.b);
  const DeviceArray<float> y(kWgmmaRows * kColumnsOfB);
  sim::run_grid("product", dim3(1), dim3(kWarpgroup), kSharedBytes, [&] { product(a.data(), b.data(), y.data(), e4m3, mistake); });
  const std::vector<float> found = y.host();
  int wrong = 0;
  for (size_t i = 0; i < found.size(); ++i) wrong += found[i] != in.y[i];
  return wrong;
}

enum class OtherMistake { kNone, kOneWarpsRegisters, kChangesRegisters, kKMajor, kStride, kWide };

// y [64, 64] = a . b over one k16 step: a [64, 16] from registers, b [16, 64] as it lies.
__global__ void product_of_registers(const uint16_t* a, const uint16_t* b, float* y, OtherMistake mistake) {
  unsigned char* shared = shared_memory();
  const auto is = [&](OtherMistake other) { return mistake == other; };
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, warp = thread / 32;
  copy_async_16(shared + chunk_place(thread / kChunks, thread % kChunks), b + thread * 8, true);
  copy_async_commit();
  copy_async_wait<0>();
  fence_proxy_async();
  __syncthreads();
  uint32_t registers[4];
  for (int i = 0; i < 4; ++i) {
    const int row = is(OtherMistake::kOneWarpsRegisters) ? 0 : 16 * warp;
    const uint16_t* from = a + (row + lane / 4 + i % 2 * 8) * 16 + i / 2 * 8 + lane % 4 * 2;
    registers[i] = from[0] | static_cast<uint32_t>(from[1]) << 16;
  }
  float d[8][4] = {};
  wgmma_fence<8>(d);
  const uint64_t of_b = wgmma_descriptor_n(shared) ^ (is(OtherMistake::kStride) ? uint64_t{(1024 ^ 512) >> 4} << 32 : 0);
  if (is(OtherMistake::kWide)) {
    float wide[2][4] = {};
    sim::wgmma({false, &wide[0][0], 2, registers, 0, of_b, Major::kN, true}, {"wgmma_sim_test.cpp", 0});
  } else if (is(OtherMistake::kKMajor)) {
    wgmma_bf16_registers<Major::kK>(d, registers, of_b, true);
  } else {
    wgmma_bf16_registers<Major::kN>(d, registers, of_b, true);
  }
  wgmma_commit();
  if (is(OtherMistake::kChangesRegisters) && thread == 70) registers[2] ^= 1;
  wgmma_wait<0, 8>(d);
  for (int j = 0; j < 8; ++j) {
    for (int e = 0; e < 4; ++e) y[(16 * warp + lane / 4 + e / 2 * 8) * 64 + 8 * j + lane % 4 * 2 + e % 2] = d[j][e];
  }
}

int wrong_outputs(OtherMistake mistake) {
  Random random(2);
  std::vector<uint16_t> a, b;
  for (int i = 0; i < 64 * 16; ++i) a.push_back(to_bf16(static_cast<float>(random.below(15) - 7)));
  for (int i = 0; i < 16 * 64; ++i) b.push_back(to_bf16(static_cast<float>(random.below(15) - 7)));
  const DeviceArray<uint16_t> of_a(a), of_b(b);
  const DeviceArray<float> y(64 * 64);
  sim::run_grid("product_of_registers", dim3(1), dim3(kWarpgroup), 64 * kPanelRowBytes,
                [&] { product_of_registers(of_a.data(), of_b.data(), y.data(), mistake); });
  const std::vector<float> found = y.host();
  int wrong = 0;
  for (int row = 0; row < 64; ++row) {
    for (int column = 0; column < 64; ++column) {
      float sum = 0;
      for (int k = 0; k < 16; ++k) sum += from_bf16(a[static_cast<size_t>(row * 16 + k)]) * from_bf16(b[static_cast<size_t>(k * 64 + column)]);
      wrong += found[static_cast<size_t>(row * 64 + column)] != sum;
    }
  }
  return wrong;
}

std::string multiplies_registers() {
  expect(wrong_outputs(OtherMistake::kNone) == 0, "products of registers and N-major rows are wrong");
  const auto error_of = [](OtherMistake mistake) -> std::string {
    try {
      wrong_outputs(mistake);
    } catch (const sim::Error& error) {
      return error.what();
    }
    return "";
  };
  expect(error_of(OtherMistake::kChangesRegisters).find("registers were changed") != std::string::npos,
         "changed registers: " + error_of(OtherMistake::kChangesRegisters));
  expect(error_of(OtherMistake::kWide).find("other than 64 columns") != std::string::npos, "16 columns: " + error_of(OtherMistake::kWide));
  const int warps = wrong_outputs(OtherMistake::kOneWarpsRegisters), stride = wrong_outputs(OtherMistake::kStride);
  expect(warps > 2500 && stride > 2500, print("other warps' registers left all but %d products right, another stride %d", warps, stride));
  // As rows of k there would be 64 of them, of which the copies wrote 16.
  const int by_k = wrong_outputs(OtherMistake::kKMajor);
  expect(by_k > 3500, print("b as rows of k left all but %d products right", by_k));
  return "64 x 64 exact sums";
}

std::string multiplies() {
  for (const bool e4m3 : {false, true}) {
    const int wrong = wrong_outputs(e4m3, Mistake::kNone);
    expect(wrong == 0, print("%d of 1024 products of %s are wrong", wrong, e4m3 ? "e4m3" : "bfloat16"));
  }
  return "64 x 16 exact sums of bfloat16 and of e4m3";
}

std::string finds_mistakes() {
  const struct {
    Mistake mistake;
    const char* found;
  } kFound[] = {{Mistake::kNoCopyWait, "has yet to write"},
                {Mistake::kNoProxyFence, "without fence_proxy_async"},
                {Mistake::kLateProxyFence, "without fence_proxy_async"},
                {Mistake::kNoFence, "without wgmma_fence"},
                {Mistake::kTouchesSums, "were touched"},
                {Mistake::kOverwrites, "was written while wgmma reads it"},
                {Mistake::kNoWait, "returned before wgmma_wait"},
                {Mistake::kNoCommit, "returned before wgmma_wait"},
                {Mistake::kWaitsTooLittle, "returned before wgmma_wait"},
                {Mistake::kLayout, "layout 2"},
                {Mistake::kWarpsDiffer, "warps of a warpgroup issue different"},
                {Mistake::kOneWarpLess, "fewer wgmma products"}};
  for (const auto& [mistake, found] : kFound) {
    std::string error;
    const uint64_t seed = sim::seed();
    // A late fence is in time in some orders; everything else must show in any.
    for (uint64_t i = 0; error.empty() && i < (mistake == Mistake::kLateProxyFence ? 20 : 1); ++i) {
      sim::set_seed(seed + i);
      try {
        wrong_outputs(false, mistake);
      } catch (const sim::Error& thrown) {
        error = thrown.what();
      }
    }
    sim::set_seed(seed);
    expect(error.find(found) != std::string::npos, print("mistake %d: \"", static_cast<int>(mistake)) + error + "\" does not say \"" + found + "\"");
  }
  return print("%zu mistakes, each by its name", std::size(kFound));
}

std::string shows_wrong_addresses() {
  for (const Mistake mistake : {Mistake::kStride, Mistake::kNotSwizzled, Mistake::kStepOf16Bytes, Mistake::kReadsSums}) {
    const int wrong = wrong_outputs(false, mistake);
    expect(wrong > 500, print("mistake %d left all but %d products right", static_cast<int>(mistake), wrong));
  }
  return "another stride, no swizzle, half steps and early reads give wrong numbers";
}

std::string refuses_other_blocks() {
  const auto error_with = [](unsigned threads) -> std::string {
    try {
      sim::run_grid("product", dim3(1), dim3(threads), kSharedBytes, [] {
        float d[2][4] = {};
        wgmma_fence<2>(d);
        wgmma_bf16<2>(d, wgmma_descriptor(shared_memory()), wgmma_descriptor(shared_memory()), false);
      });
    } catch (const sim::Error& error) {
      return error.what();
    }
    return "";
  };
  expect(error_with(96).find("warpgroups of 128") != std::string::npos, "96 threads: " + error_with(96));
  setenv("EVALRUN_SIM_COMPUTE", "80", 1);
  const std::string error = error_with(128);
  unsetenv("EVALRUN_SIM_COMPUTE");
  expect(error.find("8.0, which has none") != std::string::npos, "compute capability 8.0: " + error);
  return "96 threads, and compute capability 8.0";
}

std::string is_asked_for() {
  const char* before = std::getenv("EVALRUN_CUDA_WGMMA");
  const std::string kept = before == nullptr ? "" : before;
  const auto answer = [](const char* value, int capability) -> std::string {
    setenv("EVALRUN_CUDA_WGMMA", value, 1);
    try {
      const Wgmma asked = wgmma_asked(capability);
      return asked == Wgmma::kAlways ? "always" : asked == Wgmma::kLargeBf16 ? "large" : "never";
    } catch (const CudaError& error) {
      return error.what();
    }
  };
  const std::string on = answer("1", 90), off = answer("0", 90), empty = answer("", 80), usual = answer("", 90);
  const std::string older = answer("1", 80), newer = answer("1", 100), other = answer("on", 90);
  setenv("EVALRUN_CUDA_WGMMA", kept.c_str(), 1);
  expect(on == "always" && off == "never" && empty == "never" && usual == "large", "1, 0 and nothing: " + on + ", " + off + ", " + empty + ", " + usual);
  expect(older.find("8.0; unset it") != std::string::npos, "1 on 8.0: " + older);
  expect(newer.find("10.0; unset it") != std::string::npos, "1 on 10.0: " + newer);
  expect(other.find("may be 0 or 1") != std::string::npos, "on: " + other);
  const auto attention = [](const char* value, int capability, Wgmma products) {
    setenv("EVALRUN_CUDA_WGMMA_ATTENTION", value, 1);
    const WgmmaAttention asked = wgmma_attention_asked(capability, products);
    unsetenv("EVALRUN_CUDA_WGMMA_ATTENTION");
    return asked;
  };
  expect(attention("", 90, Wgmma::kLargeBf16) == WgmmaAttention::kIfSame && attention("", 90, Wgmma::kNever) == WgmmaAttention::kNever &&
             attention("0", 90, Wgmma::kAlways) == WgmmaAttention::kNever && attention("1", 90, Wgmma::kNever) == WgmmaAttention::kAlways &&
             attention("", 80, Wgmma::kNever) == WgmmaAttention::kNever,
         "attention, asked for or not");
  return "1 on 9.0, and an error elsewhere";
}

// Nothing here is for a simulated 8.0.
std::string on_hopper(std::string (*test)()) { return context().compute_capability == 90 ? test() : "this GPU has no wgmma"; }

const evalrun::test::Suite kSuite([] {
  add("simulated wgmma: multiplies what descriptors name", [] { return on_hopper(multiplies); });
  add("simulated wgmma: multiplies registers by rows of columns", [] { return on_hopper(multiplies_registers); });
  add("simulated wgmma: finds mistakes in the order of things", [] { return on_hopper(finds_mistakes); });
  add("simulated wgmma: wrong addresses give wrong numbers", [] { return on_hopper(shows_wrong_addresses); });
  add("cuda wgmma: is used where EVALRUN_CUDA_WGMMA asks and the GPU has it", is_asked_for);
  add("simulated wgmma: refuses blocks and GPUs that have none", [] { return on_hopper(refuses_other_blocks); });
});

}  // namespace
}  // namespace evalrun::cuda::test

#endif
