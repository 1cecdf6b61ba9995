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
  // Whether `place` is in it.
  bool holds(const void* place) const {
    const auto* byte = static_cast<const uint8_t*>(place);
    return data_ <= byte && byte < data_ + size_;
  }
  // Copies bytes that it holds, by reading the file: a quarter faster than from the mapping where that has no pages yet, because
  // none are mapped for it. Throws std::runtime_error with the path and the reason.
  void copy(void* to, const void* from, int64_t bytes) const;
  // Has the system begin to read these bytes where they are not in memory, and does not wait for them.
  void read_ahead(int64_t begin, int64_t end) const;
  // Gives the memory of the whole pages in [begin, end) back; they are read from the file again if somebody wants them. Returns
  // where that ended, which is where a caller who goes on begins the next time.
  int64_t forget(int64_t begin, int64_t end) const;

 private:
  std::string path_;
  int file_ = -1;
  const uint8_t* data_ = nullptr;
  int64_t size_ = 0;
};

}  // namespace evalrun
