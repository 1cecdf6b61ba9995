// What a check or a measurement found: named values in order, shown as a table and written as JSON.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace evalrun::check {

class Record {
 public:
  Record& add(const std::string& name, const std::string& value);
  Record& add(const std::string& name, const char* value) { return add(name, std::string(value)); }
  Record& add(const std::string& name, bool value);
  // Shown with four significant digits, written with all.
  Record& add(const std::string& name, double value);
  Record& add(const std::string& name, int value) { return add(name, static_cast<double>(value)); }
  Record& add(const std::string& name, int64_t value) { return add(name, static_cast<double>(value)); }

  struct Field {
    std::string name, shown, json;
  };
  const std::vector<Field>& fields() const { return fields_; }
  std::string json() const;

 private:
  std::vector<Field> fields_;
};

// One table with aligned columns for all records that have the same names.
void print_table(const std::vector<Record>& records);

// A JSON array, one record a line. Throws std::runtime_error when the file cannot be written.
void write_json(const std::string& path, const std::vector<Record>& records);

// Of repeated measurements; `values` must not be empty.
struct Spread {
  double median = 0, least = 0, most = 0;
};
Spread spread_of(std::vector<double> values);

}  // namespace evalrun::check
