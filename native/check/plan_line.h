// One line of a plan, word by word; whatever is wrong with it is an error that names the file and the line.
#pragma once
#include <charconv>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <utility>

#include "check/plan_file.h"

namespace evalrun::check {

class Line {
 public:
  Line(const std::string& path, int number, const std::string& text) : path_(path), number_(number), text_(text) {}

  [[noreturn]] void fail(const std::string& what) const {
    throw PlanError(path_ + ", line " + std::to_string(number_) + ": " + what);
  }
  bool done() const { return at_ >= text_.size(); }

  std::string word() {
    if (done()) fail("a word is missing at the end");
    const size_t space = std::min(text_.find(' ', at_), text_.size());
    std::string found = text_.substr(at_, space - at_);
    if (found.empty()) fail("two spaces in a row");
    at_ = space + 1;
    return found;
  }
  // Everything to the end of the line, spaces and all.
  std::string rest() {
    if (done()) fail("a path is missing at the end");
    return text_.substr(std::exchange(at_, text_.size()));
  }
  template <class Integer>
  Integer integer() {
    const std::string found = word();
    Integer value = 0;
    const auto [end, error] = std::from_chars(found.data(), found.data() + found.size(), value);
    if (error != std::errc() || end != found.data() + found.size()) fail(found + " is not a whole number in range");
    return value;
  }
  double real() {
    const std::string found = word();
    char* end = nullptr;
    const double value = std::strtod(found.c_str(), &end);
    if (end != found.c_str() + found.size() || !(value - value == 0)) fail(found + " is not a finite number");
    return value;
  }
  template <class T>
  T choose(std::initializer_list<std::pair<const char*, T>> choices) {
    const std::string found = word();
    for (const auto& [name, choice] : choices) {
      if (found == name) return choice;
    }
    fail("unknown value " + found);
  }
  void finish() const {
    if (!done()) fail("more than expected: " + text_.substr(at_));
  }

 private:
  const std::string& path_;
  int number_;
  const std::string& text_;
  size_t at_ = 0;
};

}  // namespace evalrun::check
