// A fixed set of worker threads that run the pieces of one loop at a time.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace evalrun {

class ThreadPool {
 public:
  // `threads` counts the calling thread; at least 1.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls body(piece, thread) for every piece in [0, pieces), in any order, each exactly once; returns when all are done.
  // `thread` is in [0, size()). What a piece computes must not depend on which thread runs it. The first exception of a
  // piece is rethrown here. Not reentrant: a body must not call run().
  void run(int64_t pieces, const std::function<void(int64_t piece, int thread)>& body) { run(pieces, 1, body); }

  // As run(), for loops over rows that are in order: each thread begins with a share of its own, the same in every such loop, and helps
  // others afterwards. What a thread wrote in one loop is then in its own cache when the next one reads it.
  void run_near(int64_t pieces, const std::function<void(int64_t piece, int thread)>& body) { run(pieces, size(), body); }

  // For any thread, and for good: the loop that runs begins no more pieces, and it and every later one throw std::runtime_error.
  void cancel() { cancelled_.store(true); }

 private:
  // Pieces that threads take from the front.
  struct alignas(64) Share {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
  };

  void run(int64_t pieces, int shares, const std::function<void(int64_t piece, int thread)>& body);
  void work(int thread);
  void take_pieces(int thread);
  void throw_if_cancelled() const;

  // The current loop in one word, so that a worker joins only while it is open and the caller waits only for those that
  // joined: generation in the high half, then the open bit, then how many workers are inside.
  static constexpr uint64_t kOpen = 1ull << 31;
  static constexpr uint64_t kInside = kOpen - 1;

  std::vector<std::thread> workers_;
  std::atomic<uint64_t> state_{0};
  std::atomic<int> sleeping_{0};
  std::atomic<bool> stop_{false};
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::unique_ptr<Share[]> shares_;  // as many as threads
  int share_count_ = 1;
  int64_t chunk_ = 1;
  const std::function<void(int64_t, int)>* body_ = nullptr;
  std::mutex failure_mutex_;
  std::exception_ptr failure_;
};

}  // namespace evalrun
