#include "check/plan_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "check/plan_line.h"
#include "ops/numeric.h"

namespace evalrun::check {
namespace {

Precision precision(Line& line) {
  return line.choose<Precision>({{"f32", Precision::kF32}, {"bf16", Precision::kBF16}, {"fp8", Precision::kFP8}});
}

DType dtype(Line& line) {
  return line.choose<DType>({{"F32", DType::kF32}, {"F16", DType::kF16}, {"BF16", DType::kBF16}, {"F8_E4M3", DType::kF8E4M3}});
}

// The fields of ArchSpec by the names that plan-text.ts gives them.
void read_field(Line& line, ArchSpec& spec) {
  const std::string name = line.word();
  MlaSpec& mla = spec.mla;
  GqaSpec& gqa = spec.gqa;
  MoeSpec& moe = spec.moe;
  const std::map<std::string, int*> integers = {
      {"vocab", &spec.vocab}, {"width", &spec.width}, {"layers", &spec.layers}, {"mtp_layers", &spec.mtp_layers},
      {"dense_width", &spec.dense_width}, {"context_length", &spec.context_length}, {"rope_dim", &spec.rope_dim},
      {"mla_heads", &mla.heads}, {"q_lora_rank", &mla.q_lora_rank}, {"kv_lora_rank", &mla.kv_lora_rank},
      {"nope_dim", &mla.nope_dim}, {"mla_rope_dim", &mla.rope_dim}, {"v_dim", &mla.v_dim},
      {"gqa_heads", &gqa.heads}, {"kv_heads", &gqa.kv_heads}, {"head_dim", &gqa.head_dim},
      {"experts", &moe.experts}, {"experts_per_token", &moe.experts_per_token}, {"expert_width", &moe.width},
      {"shared_width", &moe.shared_width}, {"groups", &moe.groups}, {"groups_per_token", &moe.groups_per_token}};
  const std::map<std::string, bool*> flags = {
      {"latent", &spec.latent}, {"rope_interleaved", &spec.rope_interleaved}, {"mlp_bias", &spec.mlp_bias},
      {"tied_head", &spec.tied_head}, {"attention_bias", &mla.attention_bias}, {"qkv_bias", &gqa.qkv_bias},
      {"output_bias", &gqa.output_bias}, {"qk_norm", &gqa.qk_norm}, {"selection_bias", &moe.selection_bias},
      {"normalize", &moe.normalize}};
  const std::map<std::string, float*> reals = {
      {"softmax_scale", &spec.softmax_scale}, {"norm_eps", &spec.norm_eps}, {"rope_factor", &spec.rope_attention_factor},
      {"latent_norm_eps", &mla.latent_norm_eps}, {"qk_norm_eps", &gqa.qk_norm_eps}, {"routed_scale", &moe.routed_scale}};
  if (const auto at = integers.find(name); at != integers.end()) {
    *at->second = line.integer<int>();
  } else if (const auto flag = flags.find(name); flag != flags.end()) {
    *flag->second = line.integer<int>() != 0;
  } else if (const auto real = reals.find(name); real != reals.end()) {
    *real->second = static_cast<float>(line.real());
  } else if (name == "scoring") {
    moe.scoring = line.choose<Scoring>({{"sigmoid", Scoring::kSigmoid}, {"softmax", Scoring::kSoftmax}});
  } else if (name == "group_score") {
    moe.group_score = line.choose<GroupScore>({{"max", GroupScore::kMax}, {"top2-sum", GroupScore::kTop2Sum}});
  } else if (name == "rope_frequencies") {
    while (!line.done()) spec.inverse_frequencies.push_back(static_cast<float>(line.real()));
  } else if (name == "layer_is_moe") {
    while (!line.done()) spec.layer_is_moe.push_back(line.integer<int>() != 0);
  } else if (name == "sliding_windows") {
    while (!line.done()) spec.sliding_windows.push_back(line.integer<int>());
  } else {
    line.fail("unknown field " + name + " of the spec");
  }
}

void read_numerics(Line& line, Plan& plan) {
  const std::string name = line.word();
  Numerics numerics;
  numerics.linear = precision(line);
  numerics.head = precision(line);
  numerics.attention = precision(line);
  numerics.kv_b = precision(line);
  numerics.kv = line.choose<DType>({{"f32", DType::kF32}, {"bf16", DType::kBF16}});
  numerics.round_normalized = line.integer<int>() != 0;
  numerics.short_fp8_sums = line.integer<int>() != 0;
  plan.numerics[name] = numerics;
}

int file_index(Line& line, const Plan& plan) {
  const int file = line.integer<int>();
  if (file < 0 || static_cast<size_t>(file) >= plan.files.size()) line.fail("there is no file " + std::to_string(file));
  return file;
}

// Bytes [offset, offset + bytes) of a file, checked.
int64_t place(Line& line, const Plan& plan, int file, int64_t bytes) {
  const int64_t offset = line.integer<int64_t>();
  const int64_t size = plan.files[file].size;
  if (offset < 0 || bytes < 0 || bytes > size || offset > size - bytes) {
    line.fail(std::to_string(bytes) + " bytes from " + std::to_string(offset) + " do not lie inside a file of " + std::to_string(size));
  }
  return offset;
}

void read_file(Line& line, Plan& plan, const std::filesystem::path& folder) {
  const int64_t size = line.integer<int64_t>();
  const std::filesystem::path path = folder / line.rest();
  std::error_code error;
  const auto found = std::filesystem::file_size(path, error);
  if (error) line.fail("cannot read " + path.string() + ": " + error.message());
  if (static_cast<int64_t>(found) != size) {
    line.fail(path.string() + " has " + std::to_string(found) + " bytes, expected " + std::to_string(size));
  }
  plan.files.push_back({path.string(), size});
}

void read_tensor(Line& line, Plan& plan) {
  TensorRef tensor;
  tensor.name = line.word();
  tensor.dtype = dtype(line);
  const int rank = line.integer<int>();
  if (rank < 1 || rank > 4) line.fail("a tensor of rank " + std::to_string(rank));
  int64_t elements = 1;
  for (int i = 0; i < rank; ++i) {
    tensor.shape.push_back(line.integer<int64_t>());
    if (tensor.shape.back() < 1 || tensor.shape.back() > (int64_t{1} << 40) / elements) line.fail("an impossible shape");
    elements *= tensor.shape.back();
  }
  tensor.file = file_index(line, plan);
  tensor.offset = place(line, plan, tensor.file, elements * element_size(tensor.dtype));
  if (!line.done()) {
    if (rank != 2) line.fail("scales of a tensor that is no matrix");
    tensor.has_scale = true;
    tensor.scale_dtype = dtype(line);
    tensor.scale_file = file_index(line, plan);
    const int64_t blocks = (tensor.shape[0] + kQuantBlock - 1) / kQuantBlock * ((tensor.shape[1] + kQuantBlock - 1) / kQuantBlock);
    tensor.scale_offset = place(line, plan, tensor.scale_file, blocks * element_size(tensor.scale_dtype));
  }
  plan.tensors.push_back(std::move(tensor));
}

void read_prompt(Line& line, Plan& plan) {
  Prompt prompt;
  prompt.id = line.word();
  while (!line.done()) {
    prompt.tokens.push_back(line.integer<int32_t>());
    if (prompt.tokens.back() < 0 || prompt.tokens.back() >= plan.spec.vocab) line.fail("a token outside the vocabulary");
  }
  if (prompt.tokens.empty()) line.fail("a prompt without tokens");
  if (static_cast<int>(prompt.tokens.size()) > plan.spec.context_length) line.fail("a prompt beyond the model's context");
  plan.prompts.push_back(std::move(prompt));
}

// Of the prompt named last.
void read_expected(Line& line, Plan& plan) {
  if (plan.prompts.empty()) line.fail("expected values before a prompt");
  Prompt& prompt = plan.prompts.back();
  const std::string kind = line.choose<std::string>({{"logits", "logits"}, {"logits_mtp", "logits_mtp"}, {"logits_w8a8", "logits_w8a8"}});
  FloatsRef ref;
  ref.file = file_index(line, plan);
  const int64_t rows = static_cast<int64_t>(prompt.tokens.size()) - (kind == "logits_mtp" ? 1 : 0);
  ref.count = rows * plan.spec.vocab;
  ref.offset = place(line, plan, ref.file, ref.count * 4);
  prompt.expected[kind] = ref;
}

void check_spec(const Plan& plan, const std::string& path) {
  const ArchSpec& spec = plan.spec;
  const auto require = [&](bool condition, const std::string& what) {
    if (!condition) throw PlanError(path + ": " + what);
  };
  const size_t layers = spec.layers + spec.mtp_layers;
  require(spec.vocab > 0 && spec.width > 0 && spec.layers > 0 && spec.context_length > 0 && spec.heads() > 0,
          "the spec lacks vocab, width, layers, context_length or heads");
  require(spec.layer_is_moe.size() == layers && spec.sliding_windows.size() == layers,
          "layer_is_moe and sliding_windows need one entry per layer");
  require(spec.rope_dim == static_cast<int>(2 * spec.inverse_frequencies.size()), "rope_dim is not twice the number of frequencies");
  require(!plan.numerics.empty(), "there are no numerics");
  require(!plan.tensors.empty(), "there are no tensors");
}

}  // namespace

Plan read_plan(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw PlanError("cannot open the plan " + path);
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  Plan plan;
  std::string text;
  int number = 0;
  while (std::getline(in, text)) {
    Line line(path, ++number, text);
    const std::string keyword = line.word();
    if (number == 1) {
      if (keyword != "evalrun-plan") line.fail("this is no plan: it does not begin with evalrun-plan");
      if (const int version = line.integer<int>(); version != 1) line.fail("version " + std::to_string(version) + " of the format, expected 1");
    } else if (keyword == "name") {
      plan.name = line.word();
    } else if (keyword == "spec") {
      read_field(line, plan.spec);
    } else if (keyword == "numerics") {
      read_numerics(line, plan);
    } else if (keyword == "file") {
      read_file(line, plan, folder);
    } else if (keyword == "random") {
      const int64_t size = line.integer<int64_t>();
      if (size < 1) line.fail("a random file without bytes");
      const DType type = dtype(line);
      const double mean = line.real();
      plan.random.push_back({static_cast<int>(plan.files.size()), type, mean, line.real()});
      plan.files.push_back({"", size});
    } else if (keyword == "tensor") {
      read_tensor(line, plan);
    } else if (keyword == "prompt") {
      read_prompt(line, plan);
    } else if (keyword == "expected") {
      read_expected(line, plan);
    } else if (keyword == "cost") {
      plan.weight_flops = line.real();
      plan.context_flops = line.real();
      plan.kv_elements = line.real();
    } else if (keyword == "end") {
      if (line.integer<int>() != number) line.fail("lines are missing");
      line.finish();
      check_spec(plan, path);
      return plan;
    } else {
      line.fail("unknown keyword " + keyword);
    }
    line.finish();
  }
  throw PlanError(path + " is truncated: it ends after line " + std::to_string(number) + " without an end line; write it again");
}

std::vector<std::string> list_plans(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  if (std::filesystem::is_regular_file(folder, error)) return {folder};
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".plan") paths.push_back(entry.path().string());
  }
  if (paths.empty()) throw PlanError("there are no plans in " + folder + "; write them with: npm run gpu:plans");
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::vector<float> read_floats(const Plan& plan, const FloatsRef& ref) {
  const std::string& path = plan.files.at(ref.file).path;
  std::ifstream in(path, std::ios::binary);
  std::vector<float> values(ref.count);
  in.seekg(ref.offset);
  in.read(reinterpret_cast<char*>(values.data()), ref.count * 4);
  if (!in || in.gcount() != ref.count * 4) throw PlanError(path + " is shorter than the plan " + plan.name + " says");
  return values;
}

}  // namespace evalrun::check
