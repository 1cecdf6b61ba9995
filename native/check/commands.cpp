#include "check/commands.h"

namespace evalrun::check {

bool survived(const std::string& model, const std::string& dtype, Records& records, const std::function<bool()>& check) {
  try {
    return check();
  } catch (const PlanError&) {
    throw;
  } catch (const std::exception& error) {
    records.push_back(Record().add("model", model).add("dtype", dtype).add("error", error.what()).add("passed", false));
    return false;
  }
}

}  // namespace evalrun::check
