#include "cpu/thread_pool.h"

#include <algorithm>
#include <stdexcept>

namespace evalrun {

namespace {
// A step is hundreds of short loops: spinning this long between them avoids a sleep and a wake for each.
constexpr int kSpins = 20000;
// A worker that was put aside by the system inside a piece is waited for politely after this many turns.
constexpr int kSpinsBeforeYield = 2000;
// Many small pieces are taken several at a time: each taking moves a cache line between cores.
constexpr int64_t kChunksOfThread = 64;

inline void pause_cpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  // "yield" does nothing on most of these CPUs; emptying the pipeline gives the other threads of a core, and the battery, a rest.
  __asm__ volatile("isb" ::: "memory");
#endif
}
}  // namespace

ThreadPool::ThreadPool(int threads) : shares_(new Share[std::max(threads, 1)]) {
  for (int t = 1; t < threads; ++t) workers_.emplace_back([this, t] { work(t); });
}

ThreadPool::~ThreadPool() {
  stop_.store(true);
  {
    std::lock_guard lock(mutex_);
    state_.fetch_add(1ull << 32);
  }
  wake_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void ThreadPool::throw_if_cancelled() const {
  if (cancelled_.load(std::memory_order_relaxed)) throw std::runtime_error("the model was closed meanwhile");
}

void ThreadPool::take_pieces(int thread) {
  for (int i = 0; i < share_count_; ++i) {
    Share& share = shares_[(thread + i) % share_count_];
    for (;;) {
      const int64_t first = share.next.fetch_add(chunk_);
      if (first >= share.end || cancelled_.load(std::memory_order_relaxed)) break;
      const int64_t end = std::min(first + chunk_, share.end);
      for (int64_t piece = first; piece < end; ++piece) {
        try {
          (*body_)(piece, thread);
        } catch (...) {
          std::lock_guard lock(failure_mutex_);
          if (!failure_) failure_ = std::current_exception();
        }
      }
    }
  }
}

void ThreadPool::work(int thread) {
  uint64_t seen = 0;
  for (;;) {
    uint64_t state = state_.load();
    for (int spins = 0; state >> 32 == seen && spins < kSpins; ++spins) {
      pause_cpu();
      state = state_.load();
    }
    if (state >> 32 == seen) {
      std::unique_lock lock(mutex_);
      sleeping_.fetch_add(1);
      wake_.wait(lock, [&] { return state_.load() >> 32 != seen; });
      sleeping_.fetch_sub(1);
      continue;
    }
    if (stop_.load()) return;
    if ((state & kOpen) == 0) {
      seen = state >> 32;
      continue;
    }
    if (!state_.compare_exchange_weak(state, state + 1)) continue;
    seen = state >> 32;
    take_pieces(thread);
    state_.fetch_sub(1);
  }
}

void ThreadPool::run(int64_t pieces, int shares, const std::function<void(int64_t, int)>& body) {
  if (pieces <= 0) return;
  if (workers_.empty() || pieces == 1) {
    for (int64_t piece = 0; piece < pieces; ++piece) {
      throw_if_cancelled();
      body(piece, 0);
    }
    return;
  }
  body_ = &body;
  share_count_ = shares;
  for (int i = 0; i < shares; ++i) {
    shares_[i].next.store(pieces * i / shares);
    shares_[i].end = pieces * (i + 1) / shares;
  }
  chunk_ = std::max<int64_t>(1, pieces / (kChunksOfThread * (static_cast<int64_t>(workers_.size()) + 1)));
  failure_ = nullptr;
  state_.store((((state_.load() >> 32) + 1) << 32) | kOpen);
  if (sleeping_.load() > 0) {
    // The lock orders this against a worker between its last look and its sleep.
    { std::lock_guard lock(mutex_); }
    wake_.notify_all();
  }
  take_pieces(0);
  state_.fetch_and(~kOpen);
  for (int spins = 0; (state_.load() & kInside) != 0; ++spins) {
    if (spins < kSpinsBeforeYield) {
      pause_cpu();
    } else {
      std::this_thread::yield();
    }
  }
  throw_if_cancelled();
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace evalrun
