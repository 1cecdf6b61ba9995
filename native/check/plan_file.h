// A plan: what a machine without Node.js needs to run a model that the TypeScript side has read: the graph's spec, where every tensor
// lies, prompts, and the values that a reference computed for them. bench/gpu/plan-text.ts writes plans and documents the format.
#pragma once
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "model/arch_spec.h"
#include "model/weights.h"

namespace evalrun::check {

struct PlanError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A file of seeded random numbers that stands in for a checkpoint where only speed is measured.
struct RandomFile {
  int file = 0;  // index into Plan::files, whose path is empty until the file is made
  DType dtype = DType::kBF16;
  double mean = 0;
  double deviation = 1;
};

// Where a reference's numbers lie: `count` float32 from byte `offset` of a file.
struct FloatsRef {
  int file = -1;
  int64_t offset = 0;
  int64_t count = 0;
};

struct Prompt {
  std::string id;
  std::vector<int32_t> tokens;
  // What was computed: "logits" float32 [T, V], "logits_mtp" [T-1, V], "logits_w8a8" [T, V].
  std::map<std::string, FloatsRef> expected;
};

struct Plan {
  std::string name;
  ArchSpec spec;
  std::map<std::string, Numerics> numerics;  // by --dtype: f32, bf16, fp8
  std::vector<FileRef> files;
  std::vector<RandomFile> random;
  std::vector<TensorRef> tensors;
  std::vector<Prompt> prompts;
  // What the TypeScript side counts, per token: see engine/accounting; 0 where the plan does not say.
  double weight_flops = 0, context_flops = 0, kv_elements = 0;
};

// Throws PlanError "<path>, line N: <what is wrong>"; a truncated plan is one. Every file named must be there with its size, and every
// tensor and expectation must lie inside its file.
Plan read_plan(const std::string& path);

// Paths of the *.plan files of a folder, sorted; of one file, itself. Throws PlanError when there is none.
std::vector<std::string> list_plans(const std::string& folder);

// Throws PlanError when the file is shorter than its reference says.
std::vector<float> read_floats(const Plan& plan, const FloatsRef& ref);

}  // namespace evalrun::check
