#include "check/record.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <stdexcept>

namespace evalrun::check {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    char code[8];
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::snprintf(code, sizeof code, "\\u%04x", c);
      out += code;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string number(const char* format, double value) {
  char text[40];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

bool same_names(const Record& a, const Record& b) {
  return std::equal(a.fields().begin(), a.fields().end(), b.fields().begin(), b.fields().end(),
                    [](const Record::Field& x, const Record::Field& y) { return x.name == y.name; });
}

}  // namespace

Record& Record::add(const std::string& name, const std::string& value) {
  fields_.push_back({name, value, quoted(value)});
  return *this;
}

Record& Record::add(const std::string& name, bool value) {
  fields_.push_back({name, value ? "yes" : "NO", value ? "true" : "false"});
  return *this;
}

Record& Record::add(const std::string& name, double value) {
  const bool whole = value == std::floor(value) && std::fabs(value) < 1e7;
  // JSON has no NaN or infinity.
  fields_.push_back({name, number(whole ? "%.0f" : "%.4g", value), std::isfinite(value) ? number("%.17g", value) : "null"});
  return *this;
}

std::string Record::json() const {
  std::string out = "{";
  for (const Field& field : fields_) out += (out.size() > 1 ? ", " : "") + quoted(field.name) + ": " + field.json;
  return out + "}";
}

void print_table(const std::vector<Record>& records) {
  std::vector<bool> printed(records.size(), false);
  for (size_t first = 0; first < records.size(); ++first) {
    if (printed[first]) continue;
    std::vector<const Record*> rows;
    for (size_t r = first; r < records.size(); ++r) {
      if (printed[r] || !same_names(records[first], records[r])) continue;
      printed[r] = true;
      rows.push_back(&records[r]);
    }
    const size_t columns = records[first].fields().size();
    std::vector<int> width(columns);
    for (size_t c = 0; c < columns; ++c) {
      width[c] = static_cast<int>(records[first].fields()[c].name.size());
      for (const Record* row : rows) width[c] = std::max(width[c], static_cast<int>(row->fields()[c].shown.size()));
    }
    for (size_t c = 0; c < columns; ++c) std::printf("%-*s  ", width[c], records[first].fields()[c].name.c_str());
    std::printf("\n");
    for (const Record* row : rows) {
      for (size_t c = 0; c < columns; ++c) std::printf("%-*s  ", width[c], row->fields()[c].shown.c_str());
      std::printf("\n");
    }
    std::printf("\n");
  }
  std::fflush(stdout);
}

void write_json(const std::string& path, const std::vector<Record>& records) {
  std::ofstream out(path);
  out << "[";
  for (size_t i = 0; i < records.size(); ++i) out << (i > 0 ? ",\n " : "\n ") << records[i].json();
  out << "\n]\n";
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values[values.size() / 2], values.front(), values.back()};
}

}  // namespace evalrun::check
