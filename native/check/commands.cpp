#include "check/commands.h"

namespace evalrun::check {
namespace {

bool survived(const Plan& plan, const std::string& dtype, Records& records, const std::function<bool()>& check) {
  try {
    return check();
  } catch (const PlanError&) {
    throw;
  } catch (const std::exception& error) {
    records.push_back(Record().add("model", plan.name).add("dtype", dtype).add("error", error.what()).add("passed", false));
    return false;
  }
}

}  // namespace

bool check_each(const Options& options, Records& records, const std::function<bool(const Plan& plan, const std::string& dtype)>& check) {
  bool passed = true;
  size_t cases = 0;
  for (const std::string& path : list_plans(options.target())) {
    const Plan plan = read_plan(path);
    if (!options.selects("--only", plan.name)) continue;
    if (!plan.random.empty()) throw PlanError(path + " is a shape with random weights, which bench measures");
    for (const auto& one : plan.numerics) {
      const std::string& dtype = one.first;
      if (!options.selects("--dtypes", dtype)) continue;
      ++cases;
      passed = survived(plan, dtype, records, [&] { return check(plan, dtype); }) && passed;
    }
  }
  if (cases == 0) throw UsageError("no plan is left to check: look at --only and --dtypes");
  return passed;
}

}  // namespace evalrun::check
