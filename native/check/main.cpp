// evalrun_gpu_check: proofs and measurements of an engine's device without Node.js. See README.md of this folder.
#include <cstdio>
#include <exception>
#include <functional>
#include <map>

#include "check/commands.h"

namespace {

using namespace evalrun::check;

struct Command {
  bool (*run)(const Options&, Records&);
  std::vector<std::string> options;
};

const std::map<std::string, Command> kCommands = {
    {"devices", {list_devices, {}}},
    {"oracles", {check_oracles, {"--device", "--threads", "--dtypes", "--only", "--forms", "--max-tokens"}}},
    {"invariance", {check_invariance, {"--device", "--threads", "--dtypes", "--only", "--max-tokens"}}},
    {"limits", {measure_limits, {"--device", "--threads", "--repeats", "--copy-mib", "--product", "--scratch"}}},
    {"products", {measure_products, {"--device"}}},
    {"bench",
     {measure_shape,
      {"--device", "--threads", "--repeats", "--layers", "--batch-tokens", "--context", "--batches", "--steps", "--copy-gbs", "--kernels",
       "--split-pages", "--measure", "--scratch"}}}};

constexpr int kPassed = 0, kFailed = 1, kUsage = 3, kInternal = 4;

int usage() {
  std::fprintf(stderr,
               "usage: evalrun_gpu_check devices\n"
               "       evalrun_gpu_check oracles|invariance PLANS [--device cpu|cpu-reference|cuda|cuda:N] [--threads N]\n"
               "                         [--only NAME,..] [--dtypes f32,bf16,fp8,fp8-bf16] [--forms whole,..] [--max-tokens N]\n"
               "       evalrun_gpu_check limits [--device D] [--repeats N] [--copy-mib N] [--product N] [--scratch FOLDER]\n"
               "       evalrun_gpu_check products [--device cuda|cuda:N]\n"
               "       evalrun_gpu_check bench FILE.plan [--device D] [--layers N] [--batch-tokens N] [--context N] [--batches 1,8,64]\n"
               "                         [--steps N] [--repeats N] [--copy-gbs X] [--kernels 1] [--split-pages N]\n"
               "                         [--measure score,prompts,decoding,cache] [--scratch FOLDER]\n"
               "       each with --json FILE\n"
               "exit: 0 right or measured, 1 a check failed, 3 bad usage or input or no such device, 4 internal error\n");
  return kUsage;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return usage();
  const auto command = kCommands.find(arguments[1]);
  if (command == kCommands.end()) return usage();
  Records records;
  try {
    std::vector<std::string> allowed = command->second.options;
    allowed.push_back("--json");
    const Options options(std::vector<std::string>(arguments + 2, arguments + count), allowed);
    // What was found before an error is worth as much.
    std::exception_ptr error;
    bool passed = false;
    try {
      passed = command->second.run(options, records);
    } catch (...) {
      error = std::current_exception();
    }
    print_table(records);
    if (const std::string path = options.text("--json", ""); !path.empty()) write_json(path, records);
    if (error) std::rethrow_exception(error);
    if (!passed) std::fprintf(stderr, "%s: FAILED\n", arguments[1]);
    return passed ? kPassed : kFailed;
  } catch (const UsageError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return usage();
  } catch (const PlanError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return kUsage;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", arguments[1], error.what());
    return kInternal;
  }
}
