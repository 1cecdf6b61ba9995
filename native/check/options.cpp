#include "check/options.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <thread>

#include "cpu/cpu_device.h"
#include "cuda/gpu.h"

namespace evalrun::check {

Options::Options(const std::vector<std::string>& arguments, const std::vector<std::string>& allowed) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument.rfind("--", 0) != 0) {
      if (!target_.empty()) throw UsageError("more than one plan or folder: " + target_ + ", " + argument);
      target_ = argument;
    } else if (std::find(allowed.begin(), allowed.end(), argument) == allowed.end()) {
      throw UsageError("unknown option " + argument);
    } else if (i + 1 == arguments.size()) {
      throw UsageError(argument + " needs a value");
    } else {
      values_[argument] = arguments[++i];
    }
  }
}

std::string Options::text(const std::string& name, const std::string& otherwise) const {
  const auto at = values_.find(name);
  return at == values_.end() ? otherwise : at->second;
}

int Options::integer(const std::string& name, int otherwise) const {
  const auto at = values_.find(name);
  if (at == values_.end()) return otherwise;
  int value = 0;
  const char* end = at->second.data() + at->second.size();
  const auto [stop, error] = std::from_chars(at->second.data(), end, value);
  if (error != std::errc() || stop != end || value < 1) throw UsageError(name + " is not a positive whole number: " + at->second);
  return value;
}

bool Options::selects(const std::string& name, const std::string& value) const {
  const auto at = values_.find(name);
  if (at == values_.end()) return true;
  std::istringstream list(at->second);
  for (std::string item; std::getline(list, item, ',');) {
    if (item == value) return true;
  }
  return false;
}

int threads_of(const Options& options) {
  return options.integer("--threads", std::max(1, static_cast<int>(std::thread::hardware_concurrency())));
}

int gpu_of(const Options& options) {
  const std::string name = options.text("--device", "cuda");
  if (name == "cpu" || name == "cpu-reference") return -1;
  if (name == "cuda") return 0;
  int index = 0;
  const char* end = name.data() + name.size();
  if (name.rfind("cuda:", 0) == 0 && std::from_chars(name.data() + 5, end, index).ptr == end && index >= 0) return index;
  throw UsageError("there is no device " + name + "; there are cpu, cpu-reference, cuda and cuda:N");
}

std::shared_ptr<Device> open_device(const Options& options, const Numerics& numerics) {
  const int threads = threads_of(options);
  const int gpu = gpu_of(options);
  if (gpu >= 0) return cuda::create_cuda_device(gpu, threads, numerics.short_fp8_sums);
  return create_cpu_device(threads, options.text("--device", "cuda") == "cpu-reference");
}

}  // namespace evalrun::check
