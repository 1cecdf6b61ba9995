// Hash and search for NaN of a tensor's bytes, against the definition written word by word, and against hashes on record.
#include "model/byte_scan.h"

#include <algorithm>
#include <cmath>

#include "test/test_data.h"
#include "test/test_runner.h"

namespace evalrun::test {
namespace {

uint64_t defined_hash(const std::vector<uint8_t>& data) {
  constexpr uint64_t kPrime = 0x9e3779b97f4a7c15ull;
  uint64_t lanes[4] = {kPrime, kPrime * 3, kPrime * 5, kPrime * 7};
  for (size_t word = 0; word * 8 < data.size(); ++word) {
    uint64_t value = 0;
    for (size_t byte = 0; byte < 8 && word * 8 + byte < data.size(); ++byte) {
      value |= static_cast<uint64_t>(data[word * 8 + byte]) << (byte * 8);
    }
    uint64_t& lane = lanes[word % 4];
    lane = (lane ^ value) * kPrime;
    lane = (lane << 29) | (lane >> 35);
  }
  uint64_t hash = data.size();
  for (uint64_t lane : lanes) {
    hash = (hash ^ lane) * kPrime;
    hash ^= hash >> 32;
  }
  return hash;
}

std::vector<uint8_t> random_bytes(Random& random, size_t count) {
  std::vector<uint8_t> bytes(count);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.bits());
  return bytes;
}

std::string hashes_as_defined() {
  Random random(11);
  std::vector<size_t> sizes = {4064, 4095, 4096, 4097, 4128, 8192, 12345, 70001};
  for (size_t size = 0; size <= 130; ++size) sizes.push_back(size);
  for (size_t size : sizes) {
    const std::vector<uint8_t> bytes = random_bytes(random, size);
    // At the end of memory that cannot be read on, and unaligned where the size is.
    GuardedBytes guarded(size);
    std::copy(bytes.begin(), bytes.end(), guarded.data());
    for (size_t cut : {size_t{0}, size / 64 * 32, size / 32 * 32}) {
      ByteScan scan(DType::kF8E4M3);
      scan.update(guarded.data(), static_cast<int64_t>(cut));
      scan.update(guarded.data() + cut, static_cast<int64_t>(size - cut));
      expect(scan.hash() == defined_hash(bytes), print("%zu bytes, cut at %zu", size, cut));
    }
  }
  return print("%zu sizes, three cuts each", sizes.size());
}

std::string hashes_on_record() {
  std::vector<uint8_t> bytes(100);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 7 + 1);
  ByteScan scan(DType::kBF16);
  scan.update(bytes.data(), 100);
  expect(scan.hash() == 0xa0a37ec65b4f7b3dull, print("100 bytes give %016lx", scan.hash()));
  expect(ByteScan(DType::kF32).hash() == 0xed9e76f0c8d48590ull, print("no bytes give %016lx", ByteScan(DType::kF32).hash()));
  return "2 hashes";
}

std::string refuses_a_ragged_cut() {
  ByteScan scan(DType::kBF16);
  const char bytes[64] = {};
  scan.update(bytes, 34);
  try {
    scan.update(bytes, 2);
  } catch (const std::logic_error&) {
    return "34 bytes and 2 more";
  }
  throw Failure("nothing was thrown");
}

// Every code of a type in every place of a word, among the largest finite numbers.
std::string finds(DType dtype, const std::vector<uint32_t>& codes, uint32_t largest, const std::function<bool(uint32_t)>& finite) {
  const int64_t size = element_size(dtype);
  const int64_t count = 64 / size + 3;
  std::vector<uint8_t> bytes(static_cast<size_t>(count * size));
  for (uint32_t code : codes) {
    for (int64_t place = 0; place < count; ++place) {
      for (int64_t i = 0; i < count; ++i) std::memcpy(bytes.data() + i * size, i == place ? &code : &largest, size);
      ByteScan scan(dtype);
      scan.update(bytes.data(), count * size);
      const int64_t expected = finite(code) ? -1 : place;
      expect(scan.first_non_finite() == expected,
             print("%s %x at %ld: %ld", name_of(dtype), code, place, scan.first_non_finite()));
    }
  }
  return print("%zu codes in %ld places", codes.size(), count);
}

std::vector<uint32_t> all_codes(uint32_t count) {
  std::vector<uint32_t> codes(count);
  for (uint32_t code = 0; code < count; ++code) codes[code] = code;
  return codes;
}

std::string finds_the_first_of_several() {
  const int64_t count = 10000;  // of bfloat16: five blocks, the last one ragged
  for (int64_t first : {0, 15, 16, 2047, 2048, 4095, 6001, 9999}) {
    for (int64_t cut : {0, 16, 2048, 9984}) {
      std::vector<uint16_t> values(count, 0x3f80);
      for (int64_t i = first; i < count; i += 777) values[i] = i % 2 == 0 ? 0xff80 : 0x7fc1;
      ByteScan scan(DType::kBF16);
      scan.update(values.data(), cut * 2);
      scan.update(values.data() + cut, (count - cut) * 2);
      expect(scan.first_non_finite() == first, print("first at %ld, cut at %ld: %ld", first, cut, scan.first_non_finite()));
    }
  }
  return "8 places, 4 cuts";
}

const Suite suite([] {
  add("byte scan: the hash is the defined one for any length, however it is cut", hashes_as_defined);
  add("byte scan: hashes on record stay what they are", hashes_on_record);
  add("byte scan: a cut that is no multiple of 32 bytes is refused", refuses_a_ragged_cut);
  add("byte scan: the first of several NaN and infinities is the one told", finds_the_first_of_several);
  add("byte scan: NaN and infinity are found wherever they are, bf16", [] {
    return finds(DType::kBF16, all_codes(65536), 0x7f7f,
                 [](uint32_t code) { return std::isfinite(bf16_to_float(static_cast<uint16_t>(code))); });
  });
  add("byte scan: NaN and infinity are found wherever they are, f16", [] {
    return finds(DType::kF16, all_codes(65536), 0xfbff,
                 [](uint32_t code) { return std::isfinite(f16_to_float(static_cast<uint16_t>(code))); });
  });
  add("byte scan: NaN is found wherever it is, e4m3", [] {
    return finds(DType::kF8E4M3, all_codes(256), 0x7e,
                 [](uint32_t code) { return !std::isnan(e4m3_to_float(static_cast<uint8_t>(code))); });
  });
  add("byte scan: NaN and infinity are found wherever they are, f32", [] {
    const std::vector<uint32_t> codes = {0,          0x80000000, 0x00000001, 0x7f7fffff, 0xff7fffff, 0x7f800000,
                                         0xff800000, 0x7fc00000, 0xffffffff, 0x7f800001, 0x00800000, 0x007fffff};
    return finds(DType::kF32, codes, 0x7f7fffff, [](uint32_t c) { return std::isfinite(bits_to_float(c)); });
  });
});

}  // namespace
}  // namespace evalrun::test
