// A published shape with random weights on a device, and what its steps cost.
#pragma once
#include <memory>

#include "check/options.h"
#include "check/random_file.h"
#include "model/model.h"

namespace evalrun::check {

// Counts of a shape; the same as engine/accounting's, from the plan's tensors, so that a shape with fewer layers is counted as well.
struct ShapeCounts {
  double active_parameters = 0;               // that one token passes through, with the head
  double active_without_head = 0;
  double asked_parameters = 0;                // of those, what only rows that are asked about pass through: the last layer without keys and values
  double context_flops = 0;                   // attention's, per earlier token
  double kv_elements = 0;                     // per token
  int64_t weight_bytes = 0;                   // all tensors, as stored
  int64_t always_bytes = 0;                   // of them, those that every step reads: not the embedding, not the experts
  int64_t expert_bytes = 0;                   // of one expert of one layer
};

class ShapeModel {
 public:
  // Makes the random files, opens and loads the model; `layers` of the plan's, all where it is 0. Throws std::runtime_error when the
  // counts differ from those that the plan states.
  ShapeModel(Plan plan, int layers, std::shared_ptr<Device> device, const Options& options, int pages);

  Model& model() { return *model_; }
  const Plan& plan() const { return plan_; }
  const ArchSpec& spec() const { return plan_.spec; }
  const ShapeCounts& counts() const { return counts_; }
  const std::string& dtype() const { return plan_.numerics.begin()->first; }
  double load_seconds() const { return load_seconds_; }
  // Bytes per second at which the weights' files are read from the page cache by all threads.
  double file_read_rate(int threads) const;
  // Operations of `count` tokens behind `start` others, of which `rows` are asked about: they go through the last layer and the head.
  double flops(double count, double start, double rows) const;

 private:
  Plan plan_;
  ShapeCounts counts_;
  std::unique_ptr<RandomFiles> files_;
  std::unique_ptr<Model> model_;
  double load_seconds_ = 0;
};

// Seconds on a clock that only goes forward.
double now();

// Leaves the first `layers` layers of a plan, which states no cost any more. Throws UsageError when it has fewer.
void keep_layers(Plan& plan, int layers);

ShapeCounts count_shape(const Plan& plan);

}  // namespace evalrun::check
