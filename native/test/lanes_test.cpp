// The vector types of every instruction set, bit for bit against plain arrays. Kernels are written over these types alone, so that
// those with equally many lanes, AVX2 and NEON, give the same scores.
#include "test/lane_ops.h"
#include "test/plain_lanes.h"
#include "test/test_data.h"
#include "test/test_runner.h"

namespace evalrun::test {
namespace {

constexpr int kRounds = 3000;

// What decides about rounding, signs and ends of ranges, beside ordinary numbers and any bits at all.
float operand(Random& random) {
  constexpr float kInfinity = __builtin_inff();
  constexpr float kSpecial[] = {0.0f,  -0.0f,  1.0f,    -1.0f,  0.5f,       -0.5f,       1.5f,     2.5f,     kInfinity, -kInfinity, 1e-45f,
                                448.0f, 464.0f, -448.0f, -87.0f, 0x1p-6f, 0x1.8p-10f, 0x1.fep127f, 0x1p23f, 0x1.8p23f, -125.5f,   -104.0f, 89.0f};
  switch (random.below(8)) {
    case 0:
      return kSpecial[random.below(static_cast<int>(sizeof(kSpecial) / sizeof(float)))];
    case 1:
      return random.below(4) == 0 ? __builtin_nanf("") : static_cast<float>(random.below(64) - 32) / 16;
    case 2:
      return random.normal() * 100;
    case 3: {
      const float any = bits_to_float(random.bits());
      return any == any ? any : -__builtin_nanf("");
    }
    default:
      return random.normal();
  }
}

bool same(uint32_t a, uint32_t b) {
  const float x = bits_to_float(a), y = bits_to_float(b);
  return a == b || (x != x && y != y);
}

template <int kLanes>
std::string gives_the_bits_of_plain_arrays(const LaneTable& table) {
  const LaneTable plain = lane_table<PlainLanes<kLanes>>();
  expect(table.count == plain.count && table.lanes == kLanes, "the tables differ");
  Random random(5);
  long compared = 0;
  std::vector<uint32_t> in(kLaneOperands);
  for (int round = 0; round < kRounds; ++round) {
    for (uint32_t& word : in) word = float_to_bits(operand(random));
    for (int op = 0; op < table.count; ++op) {
      // Untouched words are equal as well.
      std::vector<uint32_t> expected(kLaneResults, 0x7f7f7f7fu), found = expected;
      plain.ops[op].run(in.data(), expected.data());
      table.ops[op].run(in.data(), found.data());
      for (int word = 0; word < kLaneResults; ++word, ++compared) {
        if (same(found[word], expected[word])) continue;
        throw Failure(print("%s: word %d is %08x, expected %08x; the first operand is %a", table.ops[op].name, word, found[word],
                            expected[word], bits_to_float(in[word % kLanes])));
      }
    }
  }
  return print("%d operations, %ld words", table.count, compared);
}

template <int kLanes>
void declare(const char* name, const LaneTable& table, bool present) {
  add(std::string("lanes of ") + name + " give the bits of plain arrays", [=, &table] {
    return present ? gives_the_bits_of_plain_arrays<kLanes>(table) : std::string("skipped: this CPU has no ") + name;
  });
}

const Suite kSuite([] {
#if defined(__x86_64__)
  declare<8>("avx2", kLaneOpsAvx2, cpu_features().avx2);
  declare<16>("avx512", kLaneOpsAvx512, cpu_features().avx512);
#elif defined(__aarch64__)
  declare<8>("neon", kLaneOpsNeon, cpu_features().neon);
#endif
});

}  // namespace
}  // namespace evalrun::test
