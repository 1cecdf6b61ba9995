#include "cuda/sim/stream.h"

#include <chrono>
#include <exception>
#include <utility>

#include "cuda/sim/grid.h"
#include "cuda/sim/memory.h"

namespace evalrun::cuda::sim {
namespace {

std::string failure;  // of a kernel, not yet reported
Stream* last_used = nullptr;

double now() {
  using namespace std::chrono;
  return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

void Stream::add(Work work) {
  last_used = this;
  if (capture) {
    capture->work.push_back(std::move(work));
    return;
  }
  pending.push_back(std::move(work));
  ++given;
}

void Stream::run_until(uint64_t position) {
  if (done >= position) return;
  const DeviceAccess access;  // once for all of it: it costs as much as a small kernel
  while (done < position) {
    const Work work = std::move(pending.front());
    pending.pop_front();
    ++done;
    try {
      work();
    } catch (const std::exception& error) {
      if (failure.empty()) failure = error.what();
      pending.clear();
      done = given;
    }
  }
}

std::vector<std::unique_ptr<Stream>>& streams() {
  static std::vector<std::unique_ptr<Stream>> all = [] {
    std::vector<std::unique_ptr<Stream>> first;
    first.push_back(std::make_unique<Stream>());  // the default stream
    return first;
  }();
  return all;
}

Stream& stream_of(cudaStream_t stream) { return stream == nullptr ? *streams().front() : *stream; }

bool any_capture() {
  for (const auto& stream : streams()) {
    if (stream->capture) return true;
  }
  return false;
}

bool forbidden_by_capture() {
  if (!any_capture()) return false;
  for (const auto& stream : streams()) stream->capture_spoilt = stream->capture_spoilt || stream->capture != nullptr;
  return true;
}

void run_everything() {
  for (size_t i = 0; i < streams().size(); ++i) streams()[i]->run_all();
}

cudaError_t take_failure() {
  if (failure.empty()) return cudaSuccess;
  return report(cudaErrorLaunchFailure, std::exchange(failure, ""));
}

void launch(const char* name, dim3 grid, dim3 block, int shared_bytes, cudaStream_t stream, std::function<void()> body) {
  try {
    check_launch(name, grid, block, shared_bytes);
  } catch (const Error& error) {
    report(cudaErrorInvalidConfiguration, error.what());
    return;
  }
  stream_of(stream).add([=, kernel = std::string(name)] { run_grid(kernel.c_str(), grid, block, shared_bytes, body); });
}

void poison_in_order(void* pointer, size_t bytes) {
  const auto poison = [=] {
    const DeviceAccess access;
    std::memset(pointer, 0xff, bytes);
  };
  // Behind the work that may still use the memory. A stream with nothing to do is not asked to run before others that have.
  Stream* busy = last_used;
  if (busy == nullptr || (!busy->capture && busy->pending.empty())) {
    busy = nullptr;
    for (const auto& stream : streams()) {
      if (!stream->pending.empty()) busy = stream.get();
    }
  }
  if (busy == nullptr) return poison();
  busy->add(poison);
}

}  // namespace evalrun::cuda::sim

using namespace evalrun::cuda::sim;

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  streams().push_back(std::make_unique<Stream>());
  *stream = streams().back().get();
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) { return cudaStreamCreate(stream); }

// The object stays: events may point to it.
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  if (stream == nullptr) return report(cudaErrorInvalidResourceHandle);
  stream->run_all();
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (forbidden_by_capture()) return report(cudaErrorStreamCaptureUnsupported, "synchronising while a stream is captured");
  stream_of(stream).run_all();
  return take_failure();
}

cudaError_t cudaDeviceSynchronize() {
  if (forbidden_by_capture()) return report(cudaErrorStreamCaptureUnsupported, "synchronising while a stream is captured");
  run_everything();
  return take_failure();
}

// A question makes a step of progress, so that a loop of them ends.
cudaError_t cudaStreamQuery(cudaStream_t stream) {
  Stream& queue = stream_of(stream);
  if (queue.done < queue.given) queue.run_until(queue.done + 1);
  return queue.done < queue.given ? cudaErrorNotReady : take_failure();
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  Stream* other = event->stream;
  const uint64_t position = event->position;
  if (other == nullptr || other == &stream_of(stream)) return cudaSuccess;
  if (event->captured || stream_of(stream).capture) {
    return report(cudaErrorNotSupported, "the simulation captures one stream at a time");
  }
  stream_of(stream).add([=] { other->run_until(position); });
  return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  *event = new Event;
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) { return cudaEventCreate(event); }

// Like CUDA, an event may be destroyed while its record is still to come.
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  if (event->stream != nullptr) event->stream->run_until(event->position);
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  Stream& queue = stream_of(stream);
  event->captured = queue.capture != nullptr;
  event->stream = &queue;
  if (event->captured) return cudaSuccess;
  queue.add([event] { event->milliseconds = now(); });
  event->position = queue.given;
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  if (event->captured) return report(cudaErrorCapturedEvent, "waiting for an event that a capture recorded");
  if (event->stream != nullptr) event->stream->run_until(event->position);
  return take_failure();
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  if (event->captured) return report(cudaErrorCapturedEvent, "asking for an event that a capture recorded");
  if (event->stream == nullptr || event->stream->done >= event->position) return take_failure();
  event->stream->run_until(event->stream->done + 1);
  return event->stream->done >= event->position ? take_failure() : cudaErrorNotReady;
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  for (const Event* event : {start, end}) {
    if (event->stream == nullptr) return report(cudaErrorInvalidResourceHandle, "an event that was never recorded");
    if (event->stream->done < event->position) return cudaErrorNotReady;
  }
  *milliseconds = static_cast<float>(end->milliseconds - start->milliseconds);
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  if (stream == nullptr) return report(cudaErrorStreamCaptureUnsupported, "the default stream cannot be captured");
  if (any_capture()) return report(cudaErrorStreamCaptureUnsupported, "a stream is being captured already");
  stream->capture = std::make_unique<Graph>();
  stream->capture_spoilt = false;
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = nullptr;
  if (stream == nullptr || !stream->capture) return report(cudaErrorInvalidValue, "the stream is not being captured");
  std::unique_ptr<Graph> captured = std::move(stream->capture);
  if (stream->capture_spoilt) return report(cudaErrorStreamCaptureInvalidated);
  *graph = captured.release();
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  const Stream& queue = stream_of(stream);
  *status = !queue.capture         ? cudaStreamCaptureStatusNone
            : queue.capture_spoilt ? cudaStreamCaptureStatusInvalidated
                                   : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  *executable = new Graph(*graph);
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  for (const Work& work : executable->work) stream_of(stream).add(work);
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
