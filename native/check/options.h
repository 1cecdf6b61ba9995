// The command line of the check: a subcommand, a plan or folder of plans, and options.
#pragma once
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "check/plan_file.h"
#include "model/device.h"

namespace evalrun::check {

struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Options {
 public:
  // `allowed` are the options with a value, as --name. Throws UsageError for any other.
  Options(const std::vector<std::string>& arguments, const std::vector<std::string>& allowed);

  const std::string& target() const { return target_; }
  std::string text(const std::string& name, const std::string& otherwise) const;
  int integer(const std::string& name, int otherwise) const;
  // Comma-separated; everything passes where the option was not given.
  bool selects(const std::string& name, const std::string& value) const;

 private:
  std::string target_;
  std::map<std::string, std::string> values_;
};

// --device cpu | cpu-reference | cuda | cuda:N with --threads N, for models with these numerics. Throws UsageError or the device's own
// reason.
std::shared_ptr<Device> open_device(const Options& options, const Numerics& numerics = {});

// The device of open_device for one model after the other: opened at once, and again where numerics ask for another.
class Devices {
 public:
  explicit Devices(const Options& options) : options_(options), usual_(open_device(options)) {}
  std::shared_ptr<Device> of(const Numerics& numerics) {
    if (!numerics.short_fp8_sums) return usual_;
    if (short_sums_ == nullptr) short_sums_ = open_device(options_, numerics);
    return short_sums_;
  }

 private:
  const Options& options_;
  std::shared_ptr<Device> usual_, short_sums_;
};

// The index of the GPU that --device names, -1 where it names a processor. Throws UsageError where it names neither.
int gpu_of(const Options& options);

// Threads of --threads, or one for each hardware thread.
int threads_of(const Options& options);

}  // namespace evalrun::check
