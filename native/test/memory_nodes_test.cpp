// Memory nodes as the kernel lists them, in folders made for it, and memory spread over them.
#include "model/memory_nodes.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "model/buffer.h"
#include "test/test_data.h"
#include "test/test_runner.h"

namespace evalrun::test {
namespace {

struct Folder {
  Folder() : path(std::filesystem::temp_directory_path() / "evalrun-nodes-XXXXXX") {
    std::string name = path.string();
    expect(mkdtemp(name.data()) != nullptr, "no temporary folder");
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  void write(const char* name, const char* text) const { std::ofstream(path / name) << text; }

  std::filesystem::path path;
};

std::string counts_listed_nodes() {
  struct Case {
    const char* list;
    int nodes;
  };
  const Case cases[] = {{"0\n", 1},   {"0-1\n", 2},    {"0-3\n", 4}, {"0,2\n", 2}, {"0-1,4,6-7\n", 5}, {"1\n", 1},
                        {"0-127", 128}, {"\n", 1},       {"", 1},      {"x\n", 1},   {"0-\n", 1},        {"3-1\n", 1},
                        {"0-1 \n", 1}, {"0,,1\n", 1}, {"-1\n", 1}};
  for (const Case& one : cases) {
    const Folder folder;
    folder.write("has_memory", one.list);
    const int nodes = count_memory_nodes(folder.path.string());
    expect(nodes == one.nodes, print("\"%s\" lists %d nodes, not %d", one.list, one.nodes, nodes));
  }
  return print("%zu lists", std::size(cases));
}

std::string chooses_the_list() {
  const Folder folder;
  expect(count_memory_nodes(folder.path.string()) == 1, "no lists");
  folder.write("online", "0-3\n");
  expect(count_memory_nodes(folder.path.string()) == 4, "nodes that are online");
  folder.write("has_memory", "0,2\n");
  expect(count_memory_nodes(folder.path.string()) == 2, "of those online, two have memory");
  return "3 folders";
}

std::string touches_every_page() {
  const int64_t page = sysconf(_SC_PAGESIZE);
  const int64_t offset = 5 * page, bytes = (5 << 20) + 3 * page;
  for (int threads : {1, 3}) {
    const Buffer memory(offset + bytes + 4 * page);
    char* begin = static_cast<char*>(memory.data());
#if defined(MADV_NOHUGEPAGE)
    madvise(begin, static_cast<size_t>(memory.bytes()), MADV_NOHUGEPAGE);
#endif
    spread_over_nodes(begin + offset, bytes, pool(threads));
#if defined(__linux__)
    std::vector<unsigned char> resident(static_cast<size_t>(memory.bytes() / page));
    expect(mincore(begin, static_cast<size_t>(memory.bytes()), resident.data()) == 0, "mincore");
    for (int64_t i = 0; i < static_cast<int64_t>(resident.size()); ++i) {
      const bool inside = i >= offset / page && i < (offset + bytes) / page;
      expect(((resident[static_cast<size_t>(i)] & 1) != 0) == inside, print("page %ld, %d threads", i, threads));
    }
#endif
    for (int64_t i = 0; i < memory.bytes(); ++i) expect(begin[i] == 0, print("byte %ld is not zero", i));
  }
  return print("%ld pages", bytes / page);
}

const Suite suite([] {
  add("memory nodes: the kernel's lists are counted, and what is none is one node", counts_listed_nodes);
  add("memory nodes: nodes with memory count, and where that is not told those online", chooses_the_list);
  add("memory nodes: every page that is spread is touched, and no other", touches_every_page);
});

}  // namespace
}  // namespace evalrun::test
