// The loops of ThreadPool: every piece once, the first failure told, and none of it behind a cancellation.
#include "cpu/thread_pool.h"

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include "test/test_runner.h"

namespace evalrun::test {
namespace {

constexpr int64_t kPieces = 20000;

// What run() throws; empty where it throws nothing.
std::string failure_of(ThreadPool& pool, int64_t pieces, const std::function<void(int64_t, int)>& body) {
  try {
    pool.run(pieces, body);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

std::string runs_every_piece_once(int threads) {
  ThreadPool pool(threads);
  int64_t pieces = 0;
  for (const int64_t count : {int64_t{1}, int64_t{7}, kPieces}) {
    for (const bool near : {false, true}) {
      std::vector<std::atomic<int>> runs(count);
      const auto body = [&](int64_t piece, int thread) {
        expect(thread >= 0 && thread < threads, "a thread outside the pool");
        runs[piece].fetch_add(1);
      };
      near ? pool.run_near(count, body) : pool.run(count, body);
      for (const std::atomic<int>& run : runs) expect(run.load() == 1, "a piece was run " + std::to_string(run.load()) + " times");
      pieces += count;
    }
  }
  return std::to_string(pieces) + " pieces";
}

std::string goes_on_after_a_failure(int threads) {
  ThreadPool pool(threads);
  std::atomic<int64_t> runs{0};
  const std::string failure = failure_of(pool, 100, [&](int64_t piece, int) {
    runs.fetch_add(1);
    if (piece == 3) throw std::runtime_error("piece 3");
  });
  expect(failure == "piece 3", "it throws \"" + failure + "\"");
  runs.store(0);
  expect(failure_of(pool, 100, [&](int64_t, int) { runs.fetch_add(1); }).empty(), "the next loop throws");
  expect(runs.load() == 100, "the next loop ran " + std::to_string(runs.load()) + " of 100 pieces");
  return "100 pieces of the next loop";
}

std::string ends_when_cancelled(int threads) {
  ThreadPool pool(threads);
  std::atomic<int64_t> runs{0};
  const auto body = [&](int64_t, int) {
    if (runs.fetch_add(1) == 5) pool.cancel();
  };
  const std::string failure = failure_of(pool, kPieces, body);
  expect(failure == "the model was closed meanwhile", "it throws \"" + failure + "\"");
  // Each thread ends the pieces that it took together.
  expect(runs.load() < kPieces / 8, std::to_string(runs.load()) + " pieces were run");
  const int64_t before = runs.load();
  for (const int64_t pieces : {int64_t{1}, kPieces}) {
    expect(!failure_of(pool, pieces, body).empty(), "a later loop throws nothing");
  }
  expect(runs.load() == before, "a later loop runs pieces");
  return std::to_string(before) + " of " + std::to_string(kPieces) + " pieces";
}

const Suite suite([] {
  for (const int threads : {1, 2, 4}) {
    const std::string with = " with " + std::to_string(threads) + " threads";
    add("thread pool: every piece is run once" + with, [=] { return runs_every_piece_once(threads); });
    add("thread pool: it goes on after a failure" + with, [=] { return goes_on_after_a_failure(threads); });
    add("thread pool: it ends when it is cancelled" + with, [=] { return ends_when_cancelled(threads); });
  }
});

}  // namespace
}  // namespace evalrun::test
