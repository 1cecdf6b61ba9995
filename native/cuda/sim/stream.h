// Lazy streams, events and captured graphs.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cuda/sim/runtime_api.h"

namespace evalrun::cuda::sim {

using Work = std::function<void()>;

struct Graph {
  std::vector<Work> work;
};

struct Stream {
  std::deque<Work> pending;
  uint64_t given = 0;  // how much work ever
  uint64_t done = 0;
  std::unique_ptr<Graph> capture;
  bool capture_spoilt = false;

  void add(Work work);
  // Runs what was given until `position` of it is done. An error drops the rest and stays until it is reported.
  void run_until(uint64_t position);
  void run_all() { run_until(given); }
};

struct Event {
  Stream* stream = nullptr;  // null: never recorded
  uint64_t position = 0;
  bool captured = false;
  double milliseconds = 0;
};

Stream& stream_of(cudaStream_t stream);
std::vector<std::unique_ptr<Stream>>& streams();
bool any_capture();
// A call that captures forbid: spoils them and returns true.
bool forbidden_by_capture();
void run_everything();

// Remembers the error, with a sentence about this time's cause, for cudaGetLastError and cudaGetErrorString.
cudaError_t report(cudaError_t error, const std::string& sentence = "");
// The error of a kernel that nobody has been told yet, or cudaSuccess.
cudaError_t take_failure();

}  // namespace evalrun::cuda::sim
