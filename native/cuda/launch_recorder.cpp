#include "cuda/launch_recorder.h"

#include <algorithm>
#include <cstring>

#include "cuda/context.h"

namespace evalrun::cuda {
namespace {

// Sequences remembered: parts of a step, times batch sizes, times lengths in steps of whole splits of the keys.
constexpr size_t kGraphs = 1024;

void destroy(cudaGraphExec_t graph) {
  if (graph != nullptr) cudaGraphExecDestroy(graph);
}

}  // namespace

void LaunchHash::add(const void* data, size_t bytes) {
  const char* from = static_cast<const char*>(data);
  for (size_t i = 0; i < bytes; i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, from + i, bytes - i < 8 ? bytes - i : 8);
    a_ = (a_ ^ word) * 0xff51afd7ed558ccdull;
    a_ ^= a_ >> 32;
    b_ = (b_ + word) * 0xc4ceb9fe1a85ec53ull;
    b_ ^= b_ >> 29;
  }
}

LaunchRecorder::~LaunchRecorder() {
  for (Graph& entry : graphs_) destroy(entry.graph);
}

void LaunchRecorder::begin() {
  drop();
  recording_ = true;
  most_held_ = kLaunchesOfFirstGraph;
}

void LaunchRecorder::go_on() {
  drop();
  recording_ = true;
  most_held_ = std::min(2 * most_held_, kLaunchesOfGraph);
}

void LaunchRecorder::drop() {
  recording_ = false;
  hash_ = LaunchHash();
  launches_.clear();
  before_.clear();
}

void LaunchRecorder::add(const LaunchHash& what, std::function<void()> launch) {
  hash_.add(what);
  if (before_.empty()) return launches_.push_back(std::move(launch));
  launches_.push_back([before = std::move(before_), launch = std::move(launch)] {
    for (const auto& work : before) work();
    launch();
  });
  before_.clear();
}

void LaunchRecorder::precede(const LaunchHash& what, std::function<void()> work) {
  hash_.add(what);
  before_.push_back(std::move(work));
}

LaunchRecorder::Graph* LaunchRecorder::find() {
  for (auto entry = graphs_.begin(); entry != graphs_.end(); ++entry) {
    if (!(entry->hash == hash_) || entry->launches != launches_.size()) continue;
    graphs_.splice(graphs_.begin(), graphs_, entry);
    return &graphs_.front();
  }
  graphs_.push_front({hash_, launches_.size(), nullptr});
  if (graphs_.size() > kGraphs) {
    destroy(graphs_.back().graph);
    graphs_.pop_back();
  }
  return nullptr;
}

cudaGraphExec_t LaunchRecorder::capture(cudaStream_t stream, const std::vector<std::function<void()>>& launches) {
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "capturing a step");
  cudaGraph_t graph = nullptr;
  try {
    for (const auto& launch : launches) launch();
  } catch (...) {
    cudaStreamEndCapture(stream, &graph);
    if (graph != nullptr) cudaGraphDestroy(graph);
    throw;
  }
  check(cudaStreamEndCapture(stream, &graph), "capturing a step");
  cudaGraphExec_t executable = nullptr;
  const cudaError_t status = cudaGraphInstantiate(&executable, graph, 0);
  cudaGraphDestroy(graph);
  check(status, "making a graph of a step");
  return executable;
}

void LaunchRecorder::flush(cudaStream_t stream) {
  if (!recording_ || launches_.empty()) return drop();
  recording_ = false;
  Graph* known = find();
  if (known == nullptr) {
    // A sequence that comes once is not worth a graph.
    for (const auto& launch : launches_) launch();
  } else {
    if (known->graph == nullptr) known->graph = capture(stream, launches_);
    check(cudaGraphLaunch(known->graph, stream), "launching the graph of a step");
    ++replays_;
  }
  drop();
}

}  // namespace evalrun::cuda
