#include "check/random_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "ops/numeric.h"

namespace evalrun::check {
namespace {

constexpr int64_t kStrip = 8 << 20;

// SplitMix64: a number as good as random for every counter.
uint64_t mixed(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// Nearly normal with mean 0 and deviation 1: the sum of four uniform numbers of 16 bits.
float nearly_normal(uint64_t counter) {
  const uint64_t bits = mixed(counter);
  int sum = 0;
  for (int i = 0; i < 4; ++i) sum += static_cast<int>(bits >> (16 * i) & 0xffff);
  return (sum / 65536.0f - 2) * 1.7320508f;
}

void fill(char* strip, int64_t first, int64_t count, const RandomFile& random) {
  const int64_t size = element_size(random.dtype);
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t counter = static_cast<uint64_t>(random.file) << 48 | static_cast<uint64_t>(first + i);
    const float value = static_cast<float>(random.mean + random.deviation * nearly_normal(counter));
    const uint16_t half = float_to_bf16(value);
    const uint8_t code = float_to_e4m3(value);
    const void* from = random.dtype == DType::kF32 ? static_cast<const void*>(&value)
                       : random.dtype == DType::kBF16 ? static_cast<const void*>(&half) : static_cast<const void*>(&code);
    std::memcpy(strip + i * size, from, size);
  }
}

void write_strips(int file, int64_t size, const RandomFile& random, std::atomic<int64_t>& next, std::atomic<bool>& failed) {
  std::vector<char> strip(kStrip);
  for (int64_t at = next.fetch_add(kStrip); at < size && !failed; at = next.fetch_add(kStrip)) {
    const int64_t bytes = std::min(kStrip, size - at);
    fill(strip.data(), at / element_size(random.dtype), bytes / element_size(random.dtype), random);
    if (pwrite(file, strip.data(), bytes, at) != bytes) failed = true;
  }
}

}  // namespace

RandomFiles::RandomFiles(Plan& plan, const std::filesystem::path& parent, int threads) {
  std::string pattern = (parent / "evalrun-random-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a folder in " + parent.string() + ": " + std::strerror(errno));
  folder_ = pattern;
  for (const RandomFile& random : plan.random) {
    if (random.dtype == DType::kF16) throw std::runtime_error("random files of F16 are not made");
    FileRef& ref = plan.files[random.file];
    ref.path = (folder_ / std::to_string(random.file)).string();
    const int file = open(ref.path.c_str(), O_CREAT | O_WRONLY, 0600);
    std::atomic<int64_t> next{0};
    std::atomic<bool> failed{file < 0};
    std::vector<std::thread> workers;
    for (int t = 0; t < threads; ++t) workers.emplace_back([&] { write_strips(file, ref.size, random, next, failed); });
    for (std::thread& worker : workers) worker.join();
    if (file >= 0) close(file);
    if (failed) {
      const std::string path = ref.path;
      std::filesystem::remove_all(folder_);
      throw std::runtime_error("cannot write " + std::to_string(ref.size) + " bytes of random numbers to " + path);
    }
  }
}

RandomFiles::~RandomFiles() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace evalrun::check
