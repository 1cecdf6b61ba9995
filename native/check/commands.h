// The subcommands of the check. Each adds what it found to `records`, which are printed and written as JSON by main, and returns whether
// everything it checked was right.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "check/options.h"
#include "check/record.h"

namespace evalrun::check {

using Records = std::vector<Record>;

// Makes `check` of each plan and dtype that --only and --dtypes leave; true if each returned true. An error of the engine is a failed
// record and does not keep other checks from being made. Errors of the plan are thrown on, UsageError where nothing is left.
bool check_each(const Options& options, Records& records, const std::function<bool(const Plan& plan, const std::string& dtype)>& check);

// Reference checkpoints against what another program computed for them, and against the CPU's scalar reference.
bool check_oracles(const Options& options, Records& records);
// The same bits alone, batched, shuffled, chunked, on shared pages.
bool check_invariance(const Options& options, Records& records);
// What the device can do at most: copying, and a product of large matrices.
bool measure_limits(const Options& options, Records& records);
// Every tile of the products of a GPU.
bool measure_products(const Options& options, Records& records);
// A model of random weights: loading, prompts, decoding, memory.
bool measure_shape(const Options& options, Records& records);
// The GPUs and whether this build can compute on them.
bool list_devices(const Options& options, Records& records);

}  // namespace evalrun::check
