// Reference checkpoints on the device. In float32 the judge is another program's float32 forward pass, which the plan refers to. In bf16 and
// fp8 every product's operands are rounded, so the judge is the CPU's scalar reference, which rounds in the same places. Sums of another
// order move a value across the edge between two codes now and then; what follows from it is rounded otherwise as well, so that two right
// engines end up apart by a part of what rounding itself does to a row. The scale is therefore the reference's distance from float32.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

#include "check/commands.h"
#include "check/compare.h"
#include "check/sequences.h"
#include "cpu/cpu_device.h"

namespace evalrun::check {
namespace {

// The references in float64 differ from themselves in float32 by up to 1e-4 (test/fixtures/README.md); one wrong detail moves a logit by 3.
constexpr double kLogitTolerance = 5e-4;
// A log-probability is a logit minus a log-sum-exp, which moves by no more than the logits do.
constexpr double kLogProbTolerance = 2 * kLogitTolerance;

struct Form {
  const char* name;
  int chunk;
  bool decode;
};
constexpr Form kForms[] = {{"whole", 1 << 20, false}, {"chunks of 5", 5, false}, {"decoding", 1, true}};

struct Case {
  const Plan& plan;
  const Options& options;
  std::string dtype;
};

std::unique_ptr<Model> open_model(const Plan& plan, const std::string& dtype, std::shared_ptr<Device> device, int pages) {
  auto model = std::make_unique<Model>(std::move(device), plan.spec, plan.numerics.at(dtype), plan.files, plan.tensors, pages);
  model->prepare();
  return model;
}

std::vector<Prompt> prompts_of(const Plan& plan, const Options& options) {
  const int most = options.integer("--max-tokens", 1 << 20);
  std::vector<Prompt> prompts;
  for (const Prompt& prompt : plan.prompts) {
    if (static_cast<int>(prompt.tokens.size()) <= most) prompts.push_back(prompt);
  }
  if (prompts.empty()) throw PlanError("the plan " + plan.name + " has no prompts of at most " + std::to_string(most) + " tokens");
  return prompts;
}

std::vector<float> expected_of(const Plan& plan, const Prompt& prompt, const std::string& kind) {
  const auto at = prompt.expected.find(kind);
  if (at == prompt.expected.end()) throw PlanError("the plan " + plan.name + " has no " + kind + " for prompt " + prompt.id);
  return read_floats(plan, at->second);
}

// The largest difference between log-probabilities that the device computed and those of the reference's logits.
double log_prob_difference(const Rows& rows, const Sequence& sequence, const std::vector<float>& reference, int vocab) {
  double worst = 0;
  for (size_t row = 0; row < sequence.tokens.size(); ++row) {
    const std::vector<int32_t> ids = asked_ids(sequence, static_cast<int>(row), vocab);
    for (int i = 0; i < kAsked; ++i) {
      const double apart = std::fabs(rows.log_probs[row * kAsked + i] - log_prob(reference.data() + row * vocab, vocab, ids[i]));
      if (!(apart <= worst)) worst = apart;
    }
  }
  return worst;
}

void append(std::vector<float>& to, const std::vector<float>& from) { to.insert(to.end(), from.begin(), from.end()); }

struct Totals {
  std::vector<float> ours, reference;  // logits of all prompts, then drafts
  std::vector<float> unrounded;        // what float32 gives
  double log_probs = 0;
};

Record begun(const Case& test, const char* form, size_t rows, const Difference& found, double log_probs) {
  return Record()
      .add("model", test.plan.name)
      .add("dtype", test.dtype)
      .add("form", form)
      .add("rows", static_cast<int64_t>(rows))
      .add("max abs error", found.max_abs)
      .add("cosine distance", found.cosine_distance)
      .add("log-prob error", log_probs);
}

bool float32_form(const Case& test, const Form& form, SequenceRunner& runner, Records& records) {
  const ArchSpec& spec = test.plan.spec;
  Totals all;
  for (const Prompt& prompt : prompts_of(test.plan, test.options)) {
    const Sequence sequence{prompt.tokens, pages_from(0, static_cast<int>(prompt.tokens.size()))};
    const Rows rows = runner.alone(sequence, form.chunk, form.decode);
    const std::vector<float> reference = expected_of(test.plan, prompt, "logits");
    append(all.ours, rows.logits);
    append(all.reference, reference);
    all.log_probs = std::max(all.log_probs, log_prob_difference(rows, sequence, reference, spec.vocab));
    if (rows.mtp_logits.empty()) continue;
    append(all.ours, rows.mtp_logits);
    append(all.reference, expected_of(test.plan, prompt, "logits_mtp"));
  }
  const Difference found = difference(all.ours, all.reference);
  const bool passed = found.finite && found.max_abs <= kLogitTolerance && all.log_probs <= kLogProbTolerance;
  records.push_back(begun(test, form.name, all.ours.size() / spec.vocab, found, all.log_probs)
                        .add("tolerance", kLogitTolerance)
                        .add("passed", passed));
  return passed;
}

// Of a rounded precision. The bounds: another order of summation may not move a typical row further than the rounding itself does, nor be
// less exact than the scalar reference by more than the spread that such an order makes. Where no value crosses an edge, rows are closer by
// six orders of magnitude; how many are is shown.
constexpr double kApart = 1.0;   // measured between the CPU's vector kernels and its scalar ones: at most 0.62
constexpr double kError = 1.1;   // measured likewise: 0.977 to 1.012
constexpr double kCloseRow = 1e-3;

bool rounded_form(const Case& test, const Form& form, SequenceRunner& runner, SequenceRunner& judge, Records& records) {
  const int vocab = test.plan.spec.vocab;
  Totals all;
  for (const Prompt& prompt : prompts_of(test.plan, test.options)) {
    const Sequence sequence{prompt.tokens, pages_from(0, static_cast<int>(prompt.tokens.size()))};
    const Rows rows = runner.alone(sequence, form.chunk, form.decode);
    const Rows reference = judge.alone(sequence, form.chunk, form.decode);
    append(all.ours, rows.logits);
    append(all.reference, reference.logits);
    append(all.unrounded, expected_of(test.plan, prompt, "logits"));
    all.log_probs = std::max(all.log_probs, log_prob_difference(rows, sequence, reference.logits, vocab));
    if (rows.mtp_logits.empty()) continue;
    append(all.ours, rows.mtp_logits);
    append(all.reference, reference.mtp_logits);
    append(all.unrounded, expected_of(test.plan, prompt, "logits_mtp"));
  }
  const Difference found = difference(all.ours, all.reference);
  const std::vector<double> apart = row_rms(all.ours, all.reference, vocab);
  const double rounding = quantile(row_rms(all.reference, all.unrounded, vocab), 0.5);
  const double typical = quantile(apart, 0.5) / rounding;
  const double error = quantile(row_rms(all.ours, all.unrounded, vocab), 0.5) / rounding;
  const auto close = std::count_if(apart.begin(), apart.end(), [&](double row) { return row <= kCloseRow * rounding; });
  const bool passed = found.finite && typical <= kApart && error <= kError;
  records.push_back(begun(test, form.name, apart.size(), found, all.log_probs)
                        .add("apart / rounding", typical)
                        .add("error / reference's", error)
                        .add("close rows", static_cast<double>(close) / apart.size())
                        .add("passed", passed));
  return passed;
}

// Where a reference computed fp8 itself, activations quantised too. A value on the edge between two codes falls by the last bit
// of a float32 sum, about once in all prompts, wherever the order of a kernel's additions puts it: before that the rows of a
// prompt are the reference's to the last bits, and after it still nearer to it than to the weights alone.
bool near_w8a8(const Case& test, SequenceRunner& runner, Records& records) {
  constexpr double kSame = 1e-5;
  const int vocab = test.plan.spec.vocab;
  std::vector<double> near, far;
  int64_t untouched = 0, prompts = 0;
  bool begins_right = true;
  for (const Prompt& prompt : prompts_of(test.plan, test.options)) {
    if (prompt.expected.count("logits_w8a8") == 0) continue;
    const std::vector<float> ours =
        runner.alone({prompt.tokens, pages_from(0, static_cast<int>(prompt.tokens.size()))}, 1 << 20, false).logits;
    const std::vector<double> rows = row_rms(ours, expected_of(test.plan, prompt, "logits_w8a8"), vocab);
    const int64_t same = std::find_if(rows.begin(), rows.end(), [](double row) { return !(row <= kSame); }) - rows.begin();
    untouched += same;
    ++prompts;
    begins_right = begins_right && same >= 1;
    near.insert(near.end(), rows.begin(), rows.end());
    const std::vector<double> apart = row_rms(ours, expected_of(test.plan, prompt, "logits"), vocab);
    far.insert(far.end(), apart.begin(), apart.end());
  }
  if (near.empty()) return true;
  const double share = quantile(near, 0.5) / quantile(far, 0.5);
  const bool passed = begins_right && untouched >= 2 * prompts && share < 1 && quantile(far, 0.0) > 100 * kSame;
  records.push_back(Record()
                        .add("model", test.plan.name)
                        .add("dtype", test.dtype)
                        .add("form", "against W8A8")
                        .add("rows", static_cast<int64_t>(near.size()))
                        .add("distance to W8A8 / to weights only", share)
                        .add("rows before a code falls", untouched)
                        .add("passed", passed));
  return passed;
}

bool check_dtype(const Case& test, const std::shared_ptr<Device>& device, Records& records) {
  int longest = 0;
  for (const Prompt& prompt : test.plan.prompts) longest = std::max(longest, static_cast<int>(prompt.tokens.size()));
  const int pages = pages_for(longest);
  const ArchSpec& spec = test.plan.spec;
  const std::unique_ptr<Model> model = open_model(test.plan, test.dtype, device, pages);
  SequenceRunner runner(*model, spec.vocab, spec.mtp_layers > 0);
  std::unique_ptr<Model> judge_model;
  bool passed = true;
  for (const Form& form : kForms) {
    if (!test.options.selects("--forms", form.name)) continue;
    if (test.dtype == "f32") {
      passed = float32_form(test, form, runner, records) && passed;
      continue;
    }
    if (!judge_model) judge_model = open_model(test.plan, test.dtype, create_cpu_device(threads_of(test.options), true), pages);
    SequenceRunner judge(*judge_model, spec.vocab, spec.mtp_layers > 0);
    passed = rounded_form(test, form, runner, judge, records) && passed;
  }
  if (test.dtype == "fp8" && test.options.selects("--forms", "whole")) passed = near_w8a8(test, runner, records) && passed;
  return passed;
}

}  // namespace

bool check_oracles(const Options& options, Records& records) {
  Devices devices(options);
  return check_each(options, records, [&](const Plan& plan, const std::string& dtype) {
    return check_dtype({plan, options, dtype}, devices.of(plan.numerics.at(dtype)), records);
  });
}

}  // namespace evalrun::check
