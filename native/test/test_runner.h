// The op tests' own small runner: a test is a sentence and a function that returns what it measured, or throws Failure.
#pragma once
#include <functional>
#include <stdexcept>
#include <string>

#include "cpu/thread_pool.h"
#include "ops/registry.h"

namespace evalrun::test {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Adds a test; called by static initialisers through Suite.
void add(std::string name, std::function<std::string()> body);

// Runs a function that adds tests once main has begun, when every kernel is registered.
struct Suite {
  explicit Suite(void (*declare)());
};

// A pool that lives as long as the program, for each thread count.
ThreadPool& pool(int threads);

enum class Reference { kIncluded, kExcluded };

// One test for each registered kernel of an op: "<kernel> <sentence>". Kernels of instruction sets that this CPU lacks
// say so instead of running.
template <class Op>
void add_for_each_kernel(const std::string& sentence, Reference reference,
                         std::function<std::string(const Kernel<Op>&)> body) {
  for (const Kernel<Op>& kernel : Registry<Op>::instance().all()) {
    if (reference == Reference::kExcluded && kernel.priority == 0) continue;
    add(std::string(kernel.name) + " " + sentence, [kernel, body] {
      const std::string name = kernel.name;
      const CpuFeatures& cpu = cpu_features();
      const bool missing = (name.find("avx2") != std::string::npos && !cpu.avx2) ||
                           (name.find("avx512") != std::string::npos && !cpu.avx512) ||
                           (name.find("avx512-bf16") != std::string::npos && !cpu.avx512_bf16) ||
                           (name.find("amx") != std::string::npos && !cpu.amx_bf16) ||
                           (name.find("neon") != std::string::npos && !cpu.neon);
      return missing ? std::string("skipped: this CPU has no ") + name.substr(name.find('/') + 1) : body(kernel);
    });
  }
}

void expect(bool condition, const std::string& what);

}  // namespace evalrun::test
