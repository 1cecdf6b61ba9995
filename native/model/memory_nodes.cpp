#include "model/memory_nodes.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace evalrun {
namespace {

// A huge page: in small ones a piece is 512 of them.
constexpr int64_t kPiece = 2 << 20;
constexpr int64_t kSmallPage = 4096;

// Numbers in a list of the kernel's: "0-1,4" has three. 0 where it is not one.
int count_listed(const std::string& list) {
  int count = 0;
  for (size_t at = 0; at < list.size();) {
    char* end = nullptr;
    const long first = std::strtol(list.c_str() + at, &end, 10);
    if (end == list.c_str() + at || first < 0) return 0;
    long last = first;
    if (*end == '-') {
      const char* begin = end + 1;
      last = std::strtol(begin, &end, 10);
      if (end == begin || last < first) return 0;
    }
    count += static_cast<int>(last - first + 1);
    if (*end != ',' && *end != '\0') return 0;
    at = static_cast<size_t>(end - list.c_str()) + (*end == ',' ? 1 : 0);
  }
  return count;
}

}  // namespace

int count_memory_nodes(const std::string& folder) {
  // A node without memory, or one of processors alone, is in the second list and not in the first.
  for (const char* name : {"/has_memory", "/online"}) {
    std::ifstream file(folder + name);
    std::string list;
    if (std::getline(file, list)) return std::max(1, count_listed(list));
  }
  return 1;
}

void spread_over_nodes(void* memory, int64_t bytes, ThreadPool& pool) {
  char* const begin = static_cast<char*>(memory);
  // Whole pieces by address, so that no two threads touch one huge page first.
  const int64_t before = static_cast<int64_t>(reinterpret_cast<uintptr_t>(begin) % kPiece);
  pool.run((before + bytes + kPiece - 1) / kPiece, [&](int64_t piece, int) {
    const int64_t first = std::max<int64_t>(0, piece * kPiece - before);
    const int64_t end = std::min(bytes, (piece + 1) * kPiece - before);
    for (int64_t at = first; at < end; at += kSmallPage) *static_cast<volatile char*>(begin + at) = 0;
  });
}

}  // namespace evalrun
