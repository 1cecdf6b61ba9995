// The speed of a published shape with random weights: loading, MMLU-shaped prompts, decoding, the cache's size.
#include <algorithm>
#include <functional>
#include <set>
#include <sstream>

#include "check/commands.h"
#include "check/shape_model.h"
#include "cuda/gpu.h"
#include "model/kv_cache.h"
#include "ops/numeric.h"

namespace evalrun::check {
namespace {

// MMLU, 5-shot: the subject's header and five answered questions, then one question whose four letters are asked for.
constexpr int kPrefixTokens = 600;
constexpr int kQuestionTokens = 110;
constexpr int kLetters = 4;
constexpr int kQuestions = 14042;
constexpr int kSubjects = 57;

struct Sizes {
  int batch_tokens, context, repeats, steps;
  bool kernels;
  std::vector<int> batches;
};

Sizes sizes_of(const Options& options) {
  Sizes sizes{options.integer("--batch-tokens", 8192), options.integer("--context", 1024), options.integer("--repeats", 5),
              options.integer("--steps", 16), options.integer("--kernels", 0) != 0, {}};
  std::istringstream list(options.text("--batches", "1,8,64"));
  for (std::string item; std::getline(list, item, ',');) {
    sizes.batches.push_back(std::atoi(item.c_str()));
    if (sizes.batches.back() < 1) throw UsageError("--batches is not a list of positive whole numbers: " + item);
  }
  return sizes;
}

int pages_of(int tokens) { return (tokens + kPageTokens - 1) / kPageTokens; }
int questions_per_step(const Sizes& sizes) { return std::max(1, sizes.batch_tokens / kQuestionTokens); }
int decode_pages(const Sizes& sizes) { return pages_of(sizes.context + sizes.steps * (sizes.repeats + 2) + 2); }

// Different tokens for each `seed`, none of them special.
int32_t token_of(int i, int seed, int vocab) { return static_cast<int32_t>((static_cast<int64_t>(i + 1) * 7919 + seed * int64_t{104729}) % vocab); }

class ShapeBench {
 public:
  ShapeBench(ShapeModel& shape, Device& device, const Sizes& sizes, double copy_rate, Records& records)
      : shape_(shape), device_(device), sizes_(sizes), copy_rate_(copy_rate), records_(records) {}

  // Questions behind a prefix that is in the cache already, as the scheduler of the engine makes them: full pages shared, the page where
  // they part copied, the last row of each through the head.
  void score() {
    const int vocab = shape_.spec().vocab;
    const int shared = kPrefixTokens / kPageTokens;
    const int pages = pages_of(kPrefixTokens + kQuestionTokens);
    Step prefix;
    for (int i = 0; i < kPrefixTokens; ++i) prefix.tokens.push_back(token_of(i, 0, vocab));
    prefix.spans = {{0, kPrefixTokens, 0, 0, false}};
    for (int p = 0; p < pages_of(kPrefixTokens); ++p) prefix.page_table.push_back(p);
    const Spread prefix_seconds = timed([&] { shape_.model().forward(prefix); });

    const int questions = questions_per_step(sizes_);
    Step step;
    for (int q = 0; q < questions; ++q) {
      const int own = pages_of(kPrefixTokens) + q * (pages - shared);
      step.spans.push_back({static_cast<int>(step.tokens.size()), kQuestionTokens, kPrefixTokens, static_cast<int>(step.page_table.size()), false});
      for (int p = 0; p < pages; ++p) step.page_table.push_back(p < shared ? p : own + p - shared);
      if (kPrefixTokens % kPageTokens != 0) step.page_copies.insert(step.page_copies.end(), {shared, own});
      for (int i = 0; i < kQuestionTokens; ++i) step.tokens.push_back(token_of(i, q + 1, vocab));
      for (int letter = 0; letter < kLetters; ++letter) {
        step.ids.push_back((letter + 32) % vocab);
        step.id_rows.push_back(q);
      }
      step.rows.push_back(static_cast<int32_t>(step.tokens.size()) - 1);
    }
    const Spread seconds = timed([&] { shape_.model().forward(step); });
    const double tokens = static_cast<double>(questions) * kQuestionTokens;
    const double flops = questions * shape_.flops(kQuestionTokens, kPrefixTokens, 1);
    const double all = kSubjects * prefix_seconds.median + static_cast<double>(kQuestions) / questions * seconds.median;
    records_.push_back(begun("score, shared prefix")
                           .add("tokens in a step", tokens)
                           .add("tokens/s", tokens / seconds.median)
                           .add("at least", tokens / seconds.most)
                           .add("at most", tokens / seconds.least)
                           .add("questions/s", questions / seconds.median)
                           .add("TFLOP/s", flops / seconds.median * 1e-12)
                           .add("s for 14,042 questions", all));
    kernels("score, shared prefix", [&] { shape_.model().forward(step); });
  }

  // Prompts of their own, nothing shared: what a harness without prefix sharing computes.
  void prompts() {
    const int vocab = shape_.spec().vocab;
    const int length = kPrefixTokens + kQuestionTokens;
    const int count = std::max(1, sizes_.batch_tokens / length);
    Step step;
    for (int q = 0; q < count; ++q) {
      step.spans.push_back({static_cast<int>(step.tokens.size()), length, 0, static_cast<int>(step.page_table.size()), false});
      for (int p = 0; p < pages_of(length); ++p) step.page_table.push_back(q * pages_of(length) + p);
      for (int i = 0; i < length; ++i) step.tokens.push_back(token_of(i, q, vocab));
      for (int letter = 0; letter < kLetters; ++letter) {
        step.ids.push_back((letter + 32) % vocab);
        step.id_rows.push_back(q);
      }
      step.rows.push_back(static_cast<int32_t>(step.tokens.size()) - 1);
    }
    const Spread seconds = timed([&] { shape_.model().forward(step); });
    const double tokens = static_cast<double>(count) * length;
    records_.push_back(begun("score, whole prompts")
                           .add("tokens in a step", tokens)
                           .add("tokens/s", tokens / seconds.median)
                           .add("at least", tokens / seconds.most)
                           .add("at most", tokens / seconds.least)
                           .add("questions/s", count / seconds.median)
                           .add("TFLOP/s", count * shape_.flops(length, 0, 1) / seconds.median * 1e-12)
                           .add("s for 14,042 questions", kQuestions / (count / seconds.median)));
    kernels("score, whole prompts", [&] { shape_.model().forward(step); });
  }

  void decode() {
    const int most = *std::max_element(sizes_.batches.begin(), sizes_.batches.end());
    std::vector<int32_t> next = fill(most);
    int position = sizes_.context;
    for (const int batch : sizes_.batches) {
      // Every measurement begins where the prompts end: what decoding wrote behind them is written again.
      position = sizes_.context;
      decode_step(batch, position++, next, false);
      const double experts = distinct_experts(decode_step(batch, position++, next, true).experts, batch);
      decode_step(batch, position++, next, false);
      std::vector<double> times;
      const int first = position;
      for (int i = 0; i < sizes_.steps * sizes_.repeats; ++i) {
        const double begin = now();
        decode_step(batch, position++, next, false);
        times.push_back(now() - begin);
      }
      const Spread seconds = spread_of(times);
      const double length = (first + position) / 2.0;
      const ShapeCounts& counts = shape_.counts();
      const double cache = batch * length * counts.kv_elements * element_size(shape_.plan().numerics.begin()->second.kv);
      const double bytes = counts.always_bytes + experts * counts.expert_bytes + cache;
      records_.push_back(begun("decoding")
                             .add("batch", batch)
                             .add("context", length)
                             .add("tokens/s", batch / seconds.median)
                             .add("ms a step", 1e3 * seconds.median)
                             .add("at least ms", 1e3 * seconds.least)
                             .add("at most ms", 1e3 * seconds.most)
                             .add("experts read", experts)
                             .add("GB a step", bytes * 1e-9)
                             .add("GB/s", bytes / seconds.median * 1e-9)
                             .add("of the copy rate", copy_rate_ > 0 ? bytes / seconds.median / copy_rate_ : 0));
      kernels("decoding " + std::to_string(batch), [&] { decode_step(batch, position, next, false); });
    }
  }

 private:
  Record begun(const std::string& what) const {
    return Record().add("shape", shape_.plan().name).add("layers", shape_.spec().layers).add("measured", what);
  }

  Spread timed(const std::function<void()>& work) const {
    work();  // memory is taken, weights that only steps read are loaded, kernels are chosen
    work();
    std::vector<double> seconds;
    for (int i = 0; i < sizes_.repeats; ++i) {
      const double begin = now();
      work();
      seconds.push_back(now() - begin);
    }
    return spread_of(seconds);
  }

  // Where a step's time goes, kernel by kernel.
  void kernels(const std::string& what, const std::function<void()>& work) {
    if (!sizes_.kernels) return;
    cuda::time_kernels(device_, true);
    work();
    cuda::take_kernel_times(device_);  // a warm-up
    const double begin = now();
    work();
    const double seconds = now() - begin;
    cuda::time_kernels(device_, false);
    double in_kernels = 0;
    for (const cuda::KernelTime& time : cuda::take_kernel_times(device_)) {
      in_kernels += time.seconds;
      add_kernel(what, time.name, time.launches, time.seconds, seconds);
    }
    add_kernel(what, "everything else", 0, seconds - in_kernels, seconds);
  }

  void add_kernel(const std::string& step, const std::string& name, int launches, double seconds, double of_step) {
    records_.push_back(
        begun(step).add("kernel", name).add("launches", launches).add("ms", 1e3 * seconds).add("of the step", seconds / of_step));
  }

  // Prompts of `context` tokens for `count` sequences into the cache; returns the token behind each.
  std::vector<int32_t> fill(int count) {
    const int vocab = shape_.spec().vocab;
    const int at_once = std::max(1, sizes_.batch_tokens / sizes_.context);
    std::vector<int32_t> next;
    for (int first = 0; first < count; first += at_once) {
      Step step;
      step.want_best = true;
      for (int s = first; s < std::min(count, first + at_once); ++s) {
        step.spans.push_back({static_cast<int>(step.tokens.size()), sizes_.context, 0, static_cast<int>(step.page_table.size()), false});
        for (int p = 0; p < pages_of(sizes_.context); ++p) step.page_table.push_back(s * decode_pages(sizes_) + p);
        for (int i = 0; i < sizes_.context; ++i) step.tokens.push_back(token_of(i, s, vocab));
        step.rows.push_back(static_cast<int32_t>(step.tokens.size()) - 1);
      }
      const StepResult result = shape_.model().forward(step);
      next.insert(next.end(), result.best.begin(), result.best.end());
    }
    return next;
  }

  StepResult decode_step(int batch, int position, std::vector<int32_t>& next, bool want_experts) {
    Step step;
    step.want_best = true;
    step.want_experts = want_experts;
    for (int s = 0; s < batch; ++s) {
      step.spans.push_back({s, 1, position, static_cast<int>(step.page_table.size()), true});
      for (int p = 0; p < pages_of(position + 1); ++p) step.page_table.push_back(s * decode_pages(sizes_) + p);
      step.tokens.push_back(next[s]);
      step.rows.push_back(s);
    }
    StepResult result = shape_.model().forward(step);
    std::copy(result.best.begin(), result.best.end(), next.begin());
    return result;
  }

  // Over all layers.
  double distinct_experts(const std::vector<uint16_t>& chosen, int batch) const {
    const size_t pairs = static_cast<size_t>(batch) * shape_.spec().moe.experts_per_token;
    double distinct = 0;
    for (size_t first = 0; pairs > 0 && first < chosen.size(); first += pairs) {
      distinct += static_cast<double>(std::set<uint16_t>(chosen.begin() + first, chosen.begin() + first + pairs).size());
    }
    return distinct;
  }

  ShapeModel& shape_;
  Device& device_;
  Sizes sizes_;
  double copy_rate_;
  Records& records_;
};

int64_t free_bytes(const Options& options) {
  const std::string name = options.text("--device", "cuda");
  if (name.rfind("cuda", 0) != 0) return 0;
  const size_t index = name.size() > 5 ? std::atoi(name.c_str() + 5) : 0;
  const cuda::GpuList list = cuda::list_gpus();
  return index < list.gpus.size() ? list.gpus[index].free_bytes : 0;
}

// What a token of cache takes: by the device's count of its free memory around the allocation, where it has one.
void measure_cache(const ShapeModel& shape, Device& device, const Options& options, int pages, Records& records) {
  const DType dtype = shape.plan().numerics.begin()->second.kv;
  const double tokens = static_cast<double>(pages) * kPageTokens;
  const int64_t before = free_bytes(options);
  const KvCache cache(device, shape.spec(), dtype, pages);
  const int64_t taken = before - free_bytes(options);
  records.push_back(Record()
                        .add("shape", shape.plan().name)
                        .add("measured", "cache, bytes a token")
                        .add("tokens", tokens)
                        .add("by the formula", shape.counts().kv_elements * element_size(dtype))
                        .add("asked for", cache.bytes() / tokens)
                        .add("taken from the device", before > 0 ? taken / tokens : 0));
}

// As many layers as the GPU has memory for, with room for the cache and the workspaces; 0: all of them.
int layers_that_fit(const Plan& plan, const Options& options) {
  constexpr int64_t kRoom = int64_t{10} << 30;
  const int64_t free = free_bytes(options);
  if (free == 0 || plan.spec.mtp_layers > 0) return 0;
  for (int layers = plan.spec.layers; layers > 1; --layers) {
    Plan fewer = plan;
    keep_layers(fewer, layers);
    if (count_shape(fewer).weight_bytes + kRoom <= free) return layers;
  }
  return 1;
}

}  // namespace

bool measure_shape(const Options& options, Records& records) {
  const Sizes sizes = sizes_of(options);
  const int prefix_pages = pages_of(kPrefixTokens) + questions_per_step(sizes) * 3;
  const int prompt_pages = std::max(1, sizes.batch_tokens / (kPrefixTokens + kQuestionTokens)) * pages_of(kPrefixTokens + kQuestionTokens);
  const int decoding = *std::max_element(sizes.batches.begin(), sizes.batches.end()) * decode_pages(sizes);
  const Plan plan = read_plan(options.target());
  const std::shared_ptr<Device> device = open_device(options, plan.numerics.begin()->second);
  const int layers = options.integer("--layers", layers_that_fit(plan, options));
  ShapeModel shape(plan, layers, device, options, std::max({prefix_pages, prompt_pages, decoding}));
  const double bytes = static_cast<double>(shape.counts().weight_bytes);
  records.push_back(Record()
                        .add("shape", shape.plan().name)
                        .add("layers", shape.spec().layers)
                        .add("measured", "loading")
                        .add("weights GB", bytes * 1e-9)
                        .add("seconds", shape.load_seconds())
                        .add("GB/s", bytes / shape.load_seconds() * 1e-9)
                        .add("page cache GB/s", shape.file_read_rate(threads_of(options)) * 1e-9));
  ShapeBench bench(shape, *device, sizes, std::atof(options.text("--copy-gbs", "0").c_str()) * 1e9, records);
  cuda::split_decoding(options.integer("--split-pages", 0));
  const auto asked = [&](const char* measurement) { return options.selects("--measure", measurement); };
  if (asked("score")) bench.score();
  if (asked("prompts")) bench.prompts();
  if (asked("decoding")) bench.decode();
  if (asked("cache")) measure_cache(shape, *device, options, std::max(1, sizes.batch_tokens / 4), records);
  records.push_back(Record()
                        .add("shape", shape.plan().name)
                        .add("measured", "memory, GB")
                        .add("weights on the device", shape.model().converted_bytes() * 1e-9)
                        .add("cache", shape.model().cache_bytes() * 1e-9)
                        .add("workspace", shape.model().workspace_bytes() * 1e-9));
  return true;
}

}  // namespace evalrun::check
