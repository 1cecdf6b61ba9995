// Products of up to 16 rows with weights that are expanded on the way (panel_stream_amx.h). Included by packed_amx.cpp.
//
// Idea: bound by memory, so that expanding must hide behind it. While tiles multiply one step of columns, a later one is expanded a part
// at a time between them: stores are long in the first-level cache when tiles read them, and memory is never waited for twice.
#pragma once
#include "cpu/packed_amx.h"
#include "cpu/panel_stream_amx.h"

namespace evalrun {

// A step is expanded this many steps before it is multiplied; so many stay in the first-level cache.
constexpr int64_t kStepsAhead = 2;
constexpr int64_t kRingSteps = 4;

// One step of the row tile at `a` times 16 x 64 weights at `b`; between(part) is called kStepParts times.
template <class Between>
EVALRUN_INLINE void add_step(const char* a, const char* b, const Between& between) {
  _tile_loadd(4, a, kTileRowBytes);
  _tile_loadd(6, b, kPairBytes);
  _tile_dpbf16ps(0, 4, 6);
  between(0);
  _tile_loadd(7, b + kTileRowBytes, kPairBytes);
  _tile_dpbf16ps(1, 4, 7);
  between(1);
  _tile_loadd(6, b + 2 * kTileRowBytes, kPairBytes);
  _tile_dpbf16ps(2, 4, 6);
  between(2);
  _tile_loadd(7, b + 3 * kTileRowBytes, kPairBytes);
  _tile_dpbf16ps(3, 4, 7);
  between(3);
}

// What becomes of the sums of a block of columns, or of all of them.
template <bool kScaled>
class NarrowSums;

template <>
class NarrowSums<false> {
 public:
  NarrowSums(const PanelProduct& p, const Group& group, const Scratches& memory)
      : p_(p), block_steps_(group.steps), sums_(memory.sums) {}

  int64_t block_steps() const { return block_steps_; }
  void multiplied(int64_t, int64_t) {}
  void end_block(int64_t) {}
  void end_panel(int64_t panel) {
    store_sums(at_, kTileRowBytes);
    memory_is_read();
    store(p_, Part{0, p_.row_count, panel}, p_.bias != nullptr, [&](int r, int v) { return _mm512_load_ps(sums_of(sums_, r, v)); });
  }

 private:
  const PanelProduct& p_;
  const int64_t block_steps_;
  float* const sums_;
  float* const at_[4] = {sums_, sums_ + kSumTile, sums_ + 2 * kSumTile, sums_ + 3 * kSumTile};
};

// A block's sums are scaled after the next one has begun: then they are there to be read.
template <>
class NarrowSums<true> {
 public:
  NarrowSums(const PanelProduct& p, const Group& group, const Scratches& memory) : p_(p), group_(group), memory_(memory) {}

  int64_t block_steps() const { return kBlockSteps; }
  void multiplied(int64_t panel, int64_t step) {
    if (waiting_ >= 0 && step % kBlockSteps == 0) scale(panel);
  }
  void end_block(int64_t step) {
    float* const sums = sums_of_block(step / kBlockSteps);
    float* const at[4] = {sums, sums + kSumTile, sums + 2 * kSumTile, sums + 3 * kSumTile};
    store_sums(at, kTileRowBytes);
    waiting_ = step / kBlockSteps;
  }
  void end_panel(int64_t panel) {
    scale(panel);
    store(p_, Part{0, p_.row_count, panel}, p_.bias != nullptr,
          [&](int r, int v) { return _mm512_load_ps(memory_.totals + r * kPanelOutputs + v * 16); });
  }

 private:
  float* sums_of_block(int64_t block) const { return memory_.sums + block % 2 * kSums; }
  void scale(int64_t panel) {
    memory_is_read();
    const int64_t blocks = blocks_of(p_.weight->columns);
    const float scale = p_.weight->scale[(p_.first_panel + panel) * kPanelOutputs / kQuantBlock * blocks + waiting_];
    scale_sums<kPanelTiles>(sums_of_block(waiting_), group_.scales(p_.first_row / kTileRows, waiting_, blocks), _mm512_set1_ps(scale),
                            p_.row_count, waiting_ == 0, memory_.totals);
    waiting_ = -1;
  }

  const PanelProduct& p_;
  const Group& group_;
  const Scratches& memory_;
  int64_t waiting_ = -1;
};

template <class Stream>
void multiply_narrow(const PanelProduct& p, const Group& group) {
  const Scratches memory(p.scratch);
  const TileView a = group.view();
  const int64_t tile = p.first_row / kTileRows;
  const int64_t panels = panels_of(p.outputs), steps = Stream::steps(p.weight->columns);
  const int64_t total = panels * steps;
  Stream stream(*p.weight, p.first_panel, panels);
  NarrowSums<Stream::kScaled> sums(p, group, memory);
  const auto ring = [&](int64_t step) { return memory.panels + step % kRingSteps * kStepBytes; };
  for (int64_t i = 0; i < kStepsAhead && i < total; ++i) {
    for (int part = 0; part < kStepParts; ++part) stream.part(part, ring(i));
    stream.finish(ring(i));
  }
  int64_t i = 0;
  for (int64_t panel = 0; panel < panels; ++panel) {
    for (int64_t step = 0; step < steps; ++step, ++i) {
      char* const ahead = ring(i + kStepsAhead);
      const bool more = i + kStepsAhead < total;
      memory_is_read();
      if (step % sums.block_steps() == 0) zero_sums();
      // A block of FP8 may have columns that no row has.
      if (step < group.steps) {
        add_step(a.at(tile, step), ring(i), [&](int part) {
          if (more) stream.part(part, ahead);
        });
      } else if (more) {
        for (int part = 0; part < kStepParts; ++part) stream.part(part, ahead);
      }
      if (more) stream.finish(ahead);
      sums.multiplied(panel, step);
      if ((step + 1) % sums.block_steps() == 0) sums.end_block(step);
    }
    sums.end_panel(panel);
  }
}

}  // namespace evalrun
