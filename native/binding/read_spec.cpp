#include "binding/read_spec.h"

#include <stdexcept>

namespace evalrun {
namespace {

Napi::Value field(const Napi::Object& object, const char* name) {
  if (!object.Has(name)) throw std::invalid_argument(std::string("missing field ") + name);
  return object.Get(name);
}

double number(const Napi::Object& object, const char* name) {
  const Napi::Value value = field(object, name);
  if (!value.IsNumber()) throw std::invalid_argument(std::string("field is not a number: ") + name);
  return value.As<Napi::Number>().DoubleValue();
}

int integer(const Napi::Object& object, const char* name) { return static_cast<int>(number(object, name)); }

bool boolean(const Napi::Object& object, const char* name) {
  const Napi::Value value = field(object, name);
  if (!value.IsBoolean()) throw std::invalid_argument(std::string("field is not a boolean: ") + name);
  return value.As<Napi::Boolean>().Value();
}

std::string text(const Napi::Object& object, const char* name) {
  const Napi::Value value = field(object, name);
  if (!value.IsString()) throw std::invalid_argument(std::string("field is not a string: ") + name);
  return value.As<Napi::String>().Utf8Value();
}

Napi::Array list(const Napi::Object& object, const char* name) {
  const Napi::Value value = field(object, name);
  if (!value.IsArray()) throw std::invalid_argument(std::string("field is not an array: ") + name);
  return value.As<Napi::Array>();
}

std::vector<int32_t> int32s(const Napi::Object& object, const char* name) {
  const Napi::Value value = field(object, name);
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array) {
    throw std::invalid_argument(std::string("field is not an Int32Array: ") + name);
  }
  const Napi::Int32Array array = value.As<Napi::Int32Array>();
  return std::vector<int32_t>(array.Data(), array.Data() + array.ElementLength());
}

template <class Enum>
Enum choose(const std::string& value, std::initializer_list<std::pair<const char*, Enum>> choices) {
  for (const auto& [name, choice] : choices) {
    if (value == name) return choice;
  }
  throw std::invalid_argument("unknown value " + value);
}

Precision precision(const Napi::Object& object, const char* name) {
  return choose<Precision>(text(object, name), {{"f32", Precision::kF32}, {"bf16", Precision::kBF16}, {"fp8", Precision::kFP8}});
}

DType dtype(const std::string& name) {
  return choose<DType>(name, {{"F32", DType::kF32}, {"F16", DType::kF16}, {"BF16", DType::kBF16}, {"F8_E4M3", DType::kF8E4M3}});
}

MlaSpec read_mla(const Napi::Object& o) {
  const Napi::Value rank = field(o, "qLoraRank");
  return {integer(o, "heads"), rank.IsNull() ? 0 : integer(o, "qLoraRank"), integer(o, "kvLoraRank"),
          integer(o, "qkNopeHeadDim"), integer(o, "qkRopeHeadDim"), integer(o, "vHeadDim"),
          boolean(o, "attentionBias"), static_cast<float>(number(o, "latentNormEps"))};
}

GqaSpec read_gqa(const Napi::Object& o) {
  return {integer(o, "heads"), integer(o, "kvHeads"), integer(o, "headDim"), boolean(o, "qkvBias"),
          boolean(o, "outputBias"), boolean(o, "qkNorm"), static_cast<float>(number(o, "qkNormEps"))};
}

MoeSpec read_moe(const Napi::Object& o) {
  MoeSpec moe;
  moe.experts = integer(o, "experts");
  moe.experts_per_token = integer(o, "expertsPerToken");
  moe.width = integer(o, "width");
  moe.shared_width = integer(o, "sharedWidth");
  moe.scoring = choose<Scoring>(text(o, "scoring"), {{"sigmoid", Scoring::kSigmoid}, {"softmax", Scoring::kSoftmax}});
  moe.group_score = choose<GroupScore>(text(o, "groupScore"), {{"max", GroupScore::kMax}, {"top2-sum", GroupScore::kTop2Sum}});
  moe.selection_bias = boolean(o, "selectionBias");
  moe.normalize = boolean(o, "normalizeTopK");
  moe.groups = integer(o, "groups");
  moe.groups_per_token = integer(o, "groupsPerToken");
  moe.routed_scale = static_cast<float>(number(o, "routedScale"));
  return moe;
}

}  // namespace

DeviceChoice read_device(const Napi::Object& o) {
  const bool cuda = choose<bool>(text(o, "kind"), {{"cpu", false}, {"cuda", true}});
  return {cuda, cuda ? integer(o, "index") : 0};
}

ArchSpec read_arch_spec(const Napi::Object& o) {
  ArchSpec spec;
  spec.vocab = integer(o, "vocabSize");
  spec.width = integer(o, "width");
  spec.layers = integer(o, "layers");
  spec.mtp_layers = integer(o, "mtpLayers") > 0 ? 1 : 0;
  spec.dense_width = integer(o, "denseWidth");
  spec.context_length = integer(o, "contextLength");
  const Napi::Object attention = field(o, "attention").As<Napi::Object>();
  spec.latent = text(attention, "kind") == "mla";
  if (spec.latent) {
    spec.mla = read_mla(attention);
  } else {
    spec.gqa = read_gqa(attention);
  }
  if (field(o, "moe").IsObject()) spec.moe = read_moe(field(o, "moe").As<Napi::Object>());
  spec.softmax_scale = static_cast<float>(number(o, "softmaxScale"));
  spec.norm_eps = static_cast<float>(number(o, "normEps"));
  const Napi::Object rope = field(o, "rope").As<Napi::Object>();
  spec.rope_interleaved = text(rope, "layout") == "interleaved";
  spec.rope_dim = integer(rope, "dim");
  spec.rope_attention_factor = static_cast<float>(number(rope, "attentionFactor"));
  const Napi::Array frequencies = list(rope, "inverseFrequencies");
  for (uint32_t i = 0; i < frequencies.Length(); ++i) {
    spec.inverse_frequencies.push_back(static_cast<float>(frequencies.Get(i).ToNumber().DoubleValue()));
  }
  const Napi::Array kinds = list(o, "feedForward");
  for (uint32_t i = 0; i < kinds.Length(); ++i) spec.layer_is_moe.push_back(kinds.Get(i).ToString().Utf8Value() == "moe");
  const Napi::Array windows = list(o, "slidingWindows");
  for (uint32_t i = 0; i < windows.Length(); ++i) spec.sliding_windows.push_back(windows.Get(i).ToNumber().Int32Value());
  spec.mlp_bias = boolean(o, "mlpBias");
  spec.tied_head = boolean(o, "tiedHead");
  const size_t layers = spec.layers + spec.mtp_layers;
  if (spec.layer_is_moe.size() < layers || spec.sliding_windows.size() < layers) {
    throw std::invalid_argument("feedForward and slidingWindows need one entry per layer");
  }
  if (static_cast<int>(spec.inverse_frequencies.size()) * 2 != spec.rope_dim) {
    throw std::invalid_argument("rope needs dim/2 inverse frequencies");
  }
  return spec;
}

Numerics read_numerics(const Napi::Object& o) {
  return {precision(o, "linear"), precision(o, "head"), precision(o, "attention"), precision(o, "kvB"),
          choose<DType>(text(o, "kv"), {{"f32", DType::kF32}, {"bf16", DType::kBF16}}), boolean(o, "roundNormalized"),
          boolean(o, "shortFp8Sums")};
}

std::vector<FileRef> read_files(const Napi::Array& array) {
  std::vector<FileRef> files;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Object o = array.Get(i).As<Napi::Object>();
    files.push_back({text(o, "path"), static_cast<int64_t>(number(o, "size"))});
  }
  return files;
}

std::vector<TensorRef> read_tensors(const Napi::Array& array) {
  std::vector<TensorRef> tensors;
  tensors.reserve(array.Length());
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::HandleScope scope(array.Env());
    const Napi::Object o = array.Get(i).As<Napi::Object>();
    TensorRef tensor;
    tensor.name = text(o, "name");
    tensor.dtype = dtype(text(o, "dtype"));
    const Napi::Array shape = list(o, "shape");
    for (uint32_t d = 0; d < shape.Length(); ++d) tensor.shape.push_back(shape.Get(d).ToNumber().Int64Value());
    tensor.file = integer(o, "file");
    tensor.offset = static_cast<int64_t>(number(o, "offset"));
    if (o.Has("scale") && o.Get("scale").IsObject()) {
      const Napi::Object scale = o.Get("scale").As<Napi::Object>();
      tensor.has_scale = true;
      tensor.scale_dtype = dtype(text(scale, "dtype"));
      tensor.scale_file = integer(scale, "file");
      tensor.scale_offset = static_cast<int64_t>(number(scale, "offset"));
    }
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

// Flat lists of one row each: temperature, top_p, min_p; and top_k, low and high half of the key, position.
static std::vector<SampleParams> read_sampling(const Napi::Object& o) {
  const std::vector<int32_t> integers = int32s(o, "sampleIntegers");
  const Napi::Value value = field(o, "sampleNumbers");
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_float32_array) {
    throw std::invalid_argument("field is not a Float32Array: sampleNumbers");
  }
  const Napi::Float32Array numbers = value.As<Napi::Float32Array>();
  const size_t rows = integers.size() / 4;
  if (integers.size() % 4 != 0 || numbers.ElementLength() != rows * 3) throw std::invalid_argument("sampling lists differ in length");
  std::vector<SampleParams> params(rows);
  for (size_t i = 0; i < rows; ++i) {
    const uint64_t low = static_cast<uint32_t>(integers[4 * i + 1]);
    const uint64_t high = static_cast<uint32_t>(integers[4 * i + 2]);
    params[i] = {numbers[3 * i], numbers[3 * i + 1], numbers[3 * i + 2], integers[4 * i], high << 32 | low,
                 static_cast<uint32_t>(integers[4 * i + 3])};
  }
  return params;
}

// `spans` is flat: count, start position, first page, decode (0 or 1) for each.
Step read_step(const Napi::Object& o) {
  Step step;
  step.tokens = int32s(o, "tokens");
  const std::vector<int32_t> spans = int32s(o, "spans");
  if (spans.size() % 4 != 0) throw std::invalid_argument("spans are not groups of four");
  int row = 0;
  for (size_t i = 0; i < spans.size(); i += 4) {
    step.spans.push_back({row, spans[i], spans[i + 1], spans[i + 2], spans[i + 3] != 0});
    row += spans[i];
  }
  step.page_table = int32s(o, "pageTable");
  step.page_copies = int32s(o, "pageCopies");
  step.rows = int32s(o, "rows");
  step.ids = int32s(o, "ids");
  step.id_rows = int32s(o, "idRows");
  step.want_best = boolean(o, "wantBest");
  step.sampling = read_sampling(o);
  step.want_logits = boolean(o, "wantLogits");
  step.next_tokens = int32s(o, "nextTokens");
  step.want_experts = boolean(o, "wantExperts");
  return step;
}

}  // namespace evalrun
