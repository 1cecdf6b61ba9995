#include "cpu/thread_pool.h"

namespace evalrun {

namespace {
// A step is hundreds of short loops: spinning this long between them avoids a sleep and a wake for each.
constexpr int kSpins = 20000;

inline void pause_cpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}
}  // namespace

ThreadPool::ThreadPool(int threads) {
  for (int t = 1; t < threads; ++t) workers_.emplace_back([this, t] { work(t); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
    generation_.fetch_add(1);
  }
  wake_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void ThreadPool::take_pieces(int thread) {
  for (;;) {
    const int64_t piece = next_.fetch_add(1);
    if (piece >= pieces_) return;
    try {
      (*body_)(piece, thread);
    } catch (...) {
      std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
    }
  }
}

void ThreadPool::work(int thread) {
  uint64_t seen = 0;
  for (;;) {
    int spins = 0;
    while (generation_.load() == seen && spins < kSpins) {
      pause_cpu();
      ++spins;
    }
    if (generation_.load() == seen) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return generation_.load() != seen; });
    }
    seen = generation_.load();
    if (stop_) return;
    take_pieces(thread);
    active_.fetch_sub(1);
  }
}

void ThreadPool::run(int64_t pieces, const std::function<void(int64_t, int)>& body) {
  if (pieces <= 0) return;
  if (workers_.empty() || pieces == 1) {
    for (int64_t piece = 0; piece < pieces; ++piece) body(piece, 0);
    return;
  }
  body_ = &body;
  pieces_ = pieces;
  failure_ = nullptr;
  next_.store(0);
  active_.store(static_cast<int>(workers_.size()));
  {
    std::lock_guard lock(mutex_);
    generation_.fetch_add(1);
  }
  wake_.notify_all();
  take_pieces(0);
  while (active_.load() != 0) pause_cpu();
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace evalrun
