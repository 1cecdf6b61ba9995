// The op catalogue: every operation of the model graph as a plain argument struct with its contract.
//
// Activations are float32, row-major [rows, columns]. `Precision` says in which precision a product takes its operands;
// everything between two products stays float32 on every device, so a rounding happens only where it is written here.
// Letters: T tokens in this step, B sequences, C model width, H query heads, G kv heads, D head width, R latent rank,
// F ffn width, E experts, K experts per token, V vocabulary, P tokens in a page.
//
// The one rule for every kernel: an output row is a function of its own input row(s) alone. The order in which a kernel
// adds numbers may depend on the reduction length, never on how many rows, which other rows, or how many threads.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

namespace evalrun {

// Tokens in a page of the KV cache and, at the same time, keys in a block of the softmax: attention walks absolute blocks
// [0,64), [64,128).. of positions, so a score does not depend on where a prompt was cut.
constexpr int kPageTokens = 64;
// Width of the groups that FP8 quantisation scales together (activations 1x128, weights 128x128).
constexpr int kQuantBlock = 128;

enum class DType : uint8_t { kF32, kF16, kBF16, kF8E4M3 };

// Precision of a product's operands. Accumulation is float32 in all of them.
//  kF32   operands as they are.
//  kBF16  activations rounded to bfloat16 (nearest even), weights bfloat16.
//  kFP8   activations quantised per row in groups of 128 columns: s = max(amax, 1e-4) / 448, q = e4m3(x / s) (nearest even,
//         saturating); weights e4m3 with one float32 scale per 128x128 block. Per block of 128 columns
//         acc += dot(q, w) * (s * scale), dot and acc in float32; the last block may be narrower.
//         (DeepSeek-V3 inference/kernel.py act_quant_kernel, fp8_gemm_kernel.)
enum class Precision : uint8_t { kF32, kBF16, kFP8 };

// A weight matrix [rows (outputs), columns (inputs)], row-major without padding, not necessarily aligned.
struct Weight {
  const void* data = nullptr;
  DType dtype = DType::kF32;
  int64_t rows = 0;
  int64_t columns = 0;
  // kF8E4M3 only: float32 [ceil(rows/128), ceil(columns/128)], multiplies the decoded value.
  const float* scale = nullptr;
  // The same elements in the layout of cpu/packed_weight.h, or null. Where they are there, `data` may be slow to read.
  const void* packed = nullptr;
  // Elements from one row to the next where that is more than `columns`: rows on a GPU are padded with zeros to whole
  // groups of cuda::kRowBytes.
  int64_t stride = 0;
  // `packed` is in the layout of cpu/compact_panel.h instead, which only kernels with AMX read.
  bool compact = false;

  int64_t row_stride() const { return stride > 0 ? stride : columns; }
};

// y[i, :] = table[ids[i], :] as float32. ids in [0, V).
struct EmbedOp {
  const int32_t* ids;
  Weight table;  // [V, C]
  int rows;
  float* y;  // [rows, C]
};

// y = weight * x / sqrt(mean(x^2) + eps), statistics in float32 (sum in double in the reference). With `round_normalized` the
// normalised value is rounded to bfloat16 before the weight, as Hugging Face models do in bfloat16.
struct RmsNormOp {
  const float* x;  // [rows, columns], row stride x_stride
  int64_t x_stride;
  Weight weight;  // [1, columns]
  float eps;
  bool round_normalized;
  int rows;
  int columns;
  float* y;  // row stride y_stride; may be x
  int64_t y_stride;
};

// x += delta, then y = RmsNorm(x) as above. delta may be null (plain norm of x).
struct AddNormOp {
  float* x;            // [rows, columns] residual stream
  const float* delta;  // [rows, columns]
  Weight weight;       // [1, columns]; data may be null: no norm, y unused
  float eps;
  bool round_normalized;
  int rows;
  int columns;
  float* y;  // [rows, columns]
};

// y[i, :] = x[i, :] . W^T (+ bias). Accepts W in any dtype; precision kFP8 requires W.dtype kF8E4M3, and kBF16 takes kBF16,
// kF16 and kF32 weights only if they were rounded to bfloat16 beforehand (the loader does): W.dtype == kBF16.
struct LinearOp {
  const float* x;  // [rows, W.columns], row stride x_stride
  int64_t x_stride;
  Weight weight;      // [N, K]
  const float* bias;  // [N] or null
  Precision precision;
  int rows;
  float* y;  // [rows, N], row stride y_stride
  int64_t y_stride;
};

// The first `count` products, of which none reads what another writes: a device may make them side by side.
constexpr int kMostLinears = 3;
struct LinearsOp {
  std::array<LinearOp, kMostLinears> products;
  int count;
};

// Rotates `rope_dim` columns of each head in float32: angle = position * inverse_frequency (table of cos, sin per position).
struct RopeOp {
  float* x;  // [rows, heads * head_stride], row stride x_stride; the head's rotary part begins at column `offset`
  int64_t x_stride;
  int heads;
  int head_stride;
  int offset;
  int rope_dim;
  bool interleaved;           // pairs (0,1)(2,3).. or (0,d/2)(1,d/2+1)..
  const int32_t* positions;   // [rows]
  const float* cos_sin;       // [max_position, rope_dim]: cos of the rope_dim/2 pairs, then sin
  int rows;
};

// Rows of the cache that the tokens of this step fill.
// Dense layout of one layer: keys [pages, G, D, P] (transposed: lanes are keys) then values [pages, G, P, D].
// Latent layout of one layer: [pages, P, R + rope].
// Elements are float32 or bfloat16 (kv_dtype); rounding to bfloat16 is nearest even.
struct StoreKvOp {
  const float* k;  // dense: [rows, G * D], row stride k_stride; latent: normalised latent [rows, R]
  int64_t k_stride;
  const float* v;  // dense: [rows, G * D]; latent: rotated shared key [rows, rope]
  int64_t v_stride;
  bool latent;
  int heads;      // G; 1 when latent
  int k_columns;  // D; R when latent
  int v_columns;  // D; rope when latent
  const int32_t* slots;  // [rows]: page * P + place in the page
  DType kv_dtype;
  void* k_cache;  // this layer's keys, or latent rows
  void* v_cache;  // this layer's values; unused when latent
  int rows;
};

// One sequence's part of a step: `count` consecutive rows at consecutive positions from `start_position`, attending to
// everything before them and to themselves. Pages cover positions 0 .. start_position + count - 1.
struct Span {
  int first_row;
  int count;
  int start_position;
  int first_page;  // index into page_table
  bool decode;     // absorbed form for latent attention
};

// The spans of a step and their pages, in the memory of the device that computes and, for planning, in the host's; on the CPU
// both are the same.
struct Spans {
  const Span* host = nullptr;
  const Span* device = nullptr;
  int count = 0;
  const int32_t* host_pages = nullptr;
  const int32_t* pages = nullptr;  // the page table
  int page_count = 0;

  // For memory that host and device share.
  static Spans shared(const std::vector<Span>& spans, const std::vector<int32_t>& pages) {
    return {spans.data(), spans.data(), static_cast<int>(spans.size()), pages.data(), pages.data(), static_cast<int>(pages.size())};
  }
};

// Attention over the paged cache, softmax in float32 over blocks of kPageTokens keys in order of position:
//   m' = max(m, max s); l = l * exp(m - m') + sum p; o = o * exp(m - m') + p v;  p = exp(s - m'); at the end o / l.
// precision kBF16: q, k, v and p are rounded to bfloat16 before their products (k and v are so in the cache); l sums the
// unrounded p. window > 0 masks keys at positions <= query position - window.
struct AttentionOp {
  const float* q;  // [T, H * D], row stride q_stride, rotated
  int64_t q_stride;
  int heads;     // H
  int kv_heads;  // G
  int head_dim;  // D
  float softmax_scale;
  int window;
  Precision precision;  // kF32 or kBF16
  DType kv_dtype;
  const void* k_cache;
  const void* v_cache;
  Spans spans;
  float* y;  // [T, H * D], row stride y_stride
  int64_t y_stride;
};

// Multi-head Latent Attention. Prompt spans expand keys and values from the cached latent, each distinct page once per step:
//   k_h = [W_uk,h c | k_rope], v_h = W_uv,h c   (precision kBF16: c, W bfloat16; k_h and v_h rounded to bfloat16)
// decode spans absorb: q' = W_uk,h^T q_nope; s = q'.c + q_rope.k_rope; o = W_uv,h (sum p c).
//   (precision kBF16: q_nope, q', p and sum p c rounded to bfloat16 before their products.)
// The blocks and the softmax are those of AttentionOp.
struct LatentAttentionOp {
  const float* q;  // [T, H * (nope + rope)], row stride q_stride; the rope part of each head is last and rotated
  int64_t q_stride;
  int heads;
  int nope_dim, rope_dim, v_dim, rank;
  Weight kv_b;  // [H * (nope + v), R]: per head nope rows, then v rows
  float softmax_scale;
  Precision precision;  // kF32 or kBF16
  DType kv_dtype;
  const void* cache;  // [pages, P, R + rope]
  Spans spans;
  float* y;  // [T, H * v_dim], row stride y_stride
  int64_t y_stride;
  // kF32 only: a device with matrix units may take each operand, those of kv_b too, as the sum of bfloat16 numbers with all its bits, and
  // add their products in its own order. No more is lost than a float32 sum loses, but it is not the plain float32 that references are
  // compared with.
  bool in_parts = false;
};

// y = silu(gate) * up, silu(x) = x / (1 + exp(-x)).
struct GatedActOp {
  const float* gate;  // [rows, columns]
  const float* up;
  int rows;
  int columns;
  float* y;  // may be gate
};

enum class Scoring : uint8_t { kSigmoid, kSoftmax };
enum class GroupScore : uint8_t { kMax, kTop2Sum };

// Chooses K experts per row, all in float32 (engine-notes: DeepSeek-V3 inference/model.py Gate).
//   s = sigmoid(logits) or softmax(logits); b = s + bias (selection only; bias may be null)
//   groups > 1: keep groups_per_token groups by the group's best b, or by the sum of its two best; the others are -inf
//   the K best b in descending order, ties to the lower expert; weight = s (unbiased);
//   normalize: weight /= sum + 1e-20; then weight *= scale.
struct RouteOp {
  const float* logits;  // [rows, E]
  const float* bias;    // [E] or null
  Scoring scoring;
  GroupScore group_score;
  int experts, experts_per_token, groups, groups_per_token;
  bool normalize;
  float scale;
  int rows;
  int32_t* chosen;  // [rows, K]
  float* weights;   // [rows, K]
};

// Sorts the (row, k) pairs row * K + k by their expert and, within an expert, by row (stable): slot j of the order holds the
// pair order[j], expert e owns slots offsets[e] .. offsets[e + 1], and slot_of[order[j]] = j.
struct BucketOp {
  const int32_t* chosen;  // [rows, K]
  int rows, experts_per_token, experts;
  int32_t* order;    // [rows * K]
  int32_t* offsets;  // [E + 1]
  int32_t* slot_of;  // [rows * K]
};

// One weight per expert, over the slots of a BucketOp:
//   y[j, :] = x[source(j), :] . W_e^T   where source(j) = order[j] / K when gather, else j.
struct GroupedLinearOp {
  const float* x;  // [rows, columns]; stride = columns
  const Weight* weights;  // [E], all of the same shape and dtype
  int experts;
  const int32_t* order;    // [slots]
  const int32_t* offsets;  // [E + 1]
  int slots;
  int experts_per_token;
  bool gather;
  Precision precision;
  float* y;  // [slots, N]
};

// The first half of a gated feed-forward in one: gate.y = silu(gate's product) * up's product, the bits of both products and
// GatedActOp. Both have the same x, rows, shape and precision and contiguous results; up.y is memory to work in. gate.y may be read by a
// product of that precision alone: a device that converts operands may keep it in that form.
struct GatedLinearOp {
  LinearOp gate, up;
};
struct GroupedGatedLinearOp {
  GroupedLinearOp gate, up;
};

// The first half of DeepSeekMoE's feed-forward, and the second: of the routed experts and of those that all rows go through, of which
// neither reads what the other writes. Both may have the same up.y, which only a device that makes them one after the other may work in.
struct MoeGatedOp {
  GroupedGatedLinearOp routed;
  GatedLinearOp shared;
};
struct MoeLinearOp {
  GroupedLinearOp routed;
  LinearOp shared;
};

// Both in a row, where bucket.chosen is route.chosen.
struct RouteBucketOp {
  RouteOp route;
  BucketOp bucket;
};

// The norm in front of DeepSeekMoE, its router and what follows of it: router.x is norm.y, and route.logits are router.y.
struct NormRouteOp {
  AddNormOp norm;
  LinearOp router;
  RouteBucketOp routing;
};

// What Multi-head Latent Attention keeps of a token, in one: its latent normalised in place (x = y), its rotary key turned, and both stored,
// to the bits of the three in a row. The rows of x may be left as they were. Besides, queries are turned, where `queries` has rows.
struct StoreLatentOp {
  RmsNormOp norm;
  RopeOp rope;
  StoreKvOp store;
  RopeOp queries;
};

// What grouped-query attention keeps of a token, in one: its keys turned (store.k = keys.x, whose rows may be left as they were) and stored
// with its values. Besides, queries are turned, where `queries` has rows.
struct StoreKeysOp {
  RopeOp keys;
  StoreKvOp store;
  RopeOp queries;
};

// A step's latents stored, and what its queries find behind them: attention.q is store.queries.x, turned, which may be left as it was.
struct AttendLatentOp {
  StoreLatentOp store;
  LatentAttentionOp attention;
};

// y[i, :] = (sum over k = 0..K-1 in that order of weights[i, k] * x[slot_of[i * K + k], :]) + plus[i, :].
struct CombineOp {
  const float* x;          // [slots, columns]
  const int32_t* slot_of;  // [rows * K]: inverse of `order`
  const float* weights;    // [rows, K]
  int rows, columns, experts_per_token;
  const float* plus;  // [rows, columns]: what all rows go through besides (shared experts), or null for nothing
  float* y;           // [rows, columns]
};

// Both in a row, where norm.delta is combine.y: the bits of the two. combine.y may be left unwritten.
struct CombineNormOp {
  CombineOp combine;
  AddNormOp norm;
};

// y[i, :] = x[rows[i], :].
struct TakeRowsOp {
  const float* x;
  int columns;
  const int32_t* rows;
  int count;
  float* y;
};

// Log-probabilities of asked ids from rows of hidden states, without storing [rows, V]:
//   logits = x . head^T (float32); out[j] = logits[row of j, ids[j]] - logsumexp(logits[row of j, :]).
// The logsumexp walks tiles of kLogitTile vocabulary entries in order: running max and rescaled sum, both float32. A logit of minus
// infinity has no weight, wherever it is; exponentials are relative to 0 where there is nothing above it.
// best[i] = argmax of row i, ties to the lower id (may be null). logits_out [rows, V] is filled when not null.
constexpr int kLogitTile = 256;
struct LogProbsOp {
  const float* x;  // [rows, C], normalised
  Weight head;     // [V, C]
  Precision precision;
  int rows;
  const int32_t* ids;      // [asked]
  const int32_t* id_rows;  // [asked]: row of x
  int asked;
  float* out;         // [asked]
  int32_t* best;      // [rows] or null
  float* logits_out;  // [rows, V] or null
};

// How one row's next token is drawn. Greedy when temperature is 0.
struct SampleParams {
  float temperature = 0;
  float top_p = 1;    // keep the fewest most probable tokens whose probabilities reach this sum
  float min_p = 0;    // and of those only tokens at least this share as probable as the most probable one
  int32_t top_k = 0;  // after keeping only this many most probable tokens; 0 keeps all
  // The random number is a function of these two alone: who is being sampled, and which of its tokens.
  uint64_t key = 0;
  uint32_t position = 0;
};

// out[i] = the token drawn from softmax(logits[i] / temperature) after top_k, top_p and min_p, in this order, by inversion:
// candidates in descending order of logit (ties to the lower id), the first whose cumulative probability exceeds u * total.
// Probabilities and sums are double; u = sample_uniform(key, position).
struct SampleOp {
  const float* logits;  // [rows, V]
  int rows;
  int vocab;
  const SampleParams* params;  // [rows]
  int32_t* out;                // [rows]
};

}  // namespace evalrun
