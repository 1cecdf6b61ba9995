// evalrun_ops_test --list prints the tests' names; evalrun_ops_test NAME.. runs those, without a name all of them. A name that no
// test has runs the tests that have it in theirs.
// One line for each: what was measured, or what was wrong. The exit status is 1 if any failed.
#include "test/test_runner.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

namespace evalrun::test {
namespace {

struct Test {
  std::string name;
  std::function<std::string()> body;
};

std::vector<Test>& tests() {
  static std::vector<Test> list;
  return list;
}

std::vector<void (*)()>& suites() {
  static std::vector<void (*)()> list;
  return list;
}

bool run(const Test& test) {
  try {
    const std::string measured = test.body();
    std::printf("ok      %s: %s\n", test.name.c_str(), measured.c_str());
    return true;
  } catch (const std::exception& error) {
    std::printf("FAILED  %s: %s\n", test.name.c_str(), error.what());
    return false;
  }
}

}  // namespace

void add(std::string name, std::function<std::string()> body) { tests().push_back({std::move(name), std::move(body)}); }

Suite::Suite(void (*declare)()) { suites().push_back(declare); }

ThreadPool& pool(int threads) {
  static std::map<int, std::unique_ptr<ThreadPool>> pools;
  std::unique_ptr<ThreadPool>& entry = pools[threads];
  if (!entry) entry = std::make_unique<ThreadPool>(threads);
  return *entry;
}

void expect(bool condition, const std::string& what) {
  if (!condition) throw Failure(what);
}

}  // namespace evalrun::test

int main(int argc, char** argv) {
  using namespace evalrun::test;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // a crash takes no finished test's line with it
  for (auto declare : suites()) declare();
  if (argc == 2 && std::strcmp(argv[1], "--list") == 0) {
    for (const Test& test : tests()) std::printf("%s\n", test.name.c_str());
    return 0;
  }
  int failed = 0;
  for (int i = 1; i < argc; ++i) {
    const auto matches = [&](const Test& test) { return test.name == argv[i]; };
    const bool exact = std::any_of(tests().begin(), tests().end(), matches);
    bool known = false;
    for (const Test& test : tests()) {
      if (exact ? !matches(test) : test.name.find(argv[i]) == std::string::npos) continue;
      known = true;
      failed += !run(test);
    }
    if (!known) {
      std::printf("FAILED  no test is called \"%s\"; --list prints their names\n", argv[i]);
      ++failed;
    }
  }
  if (argc == 1) {
    for (const Test& test : tests()) failed += !run(test);
    std::printf("%zu tests, %d failed\n", tests().size(), failed);
  }
  return failed == 0 ? 0 : 1;
}
