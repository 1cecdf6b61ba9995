// A file mapped read-only into memory.
#pragma once
#include <cstdint>
#include <string>

namespace evalrun {

class MappedFile {
 public:
  // Throws std::runtime_error with the path and the system's reason; `expected_size` guards against a file that changed.
  MappedFile(const std::string& path, int64_t expected_size);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const uint8_t* data() const { return data_; }
  int64_t size() const { return size_; }
  // Has the system begin to read these bytes where they are not in memory, and does not wait for them.
  void read_ahead(int64_t begin, int64_t end) const;
  // Gives the memory of the whole pages in [begin, end) back; they are read from the file again if somebody wants them. Returns
  // where that ended, which is where a caller who goes on begins the next time.
  int64_t forget(int64_t begin, int64_t end) const;

 private:
  const uint8_t* data_ = nullptr;
  int64_t size_ = 0;
};

}  // namespace evalrun
