// Files of seeded random numbers in the place of a checkpoint's, made in a folder that goes with its owner.
#pragma once
#include <filesystem>

#include "check/plan_file.h"

namespace evalrun::check {

class RandomFiles {
 public:
  // Makes the plan's random files under `parent` with `threads` threads and puts their paths into the plan. The same plan gives the same
  // numbers everywhere. Throws std::runtime_error when there is no room.
  RandomFiles(Plan& plan, const std::filesystem::path& parent, int threads);
  ~RandomFiles();
  RandomFiles(const RandomFiles&) = delete;
  RandomFiles& operator=(const RandomFiles&) = delete;

 private:
  std::filesystem::path folder_;
};

}  // namespace evalrun::check
