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
  // Gives the memory of these bytes back; they are read from the file again if somebody wants them.
  void forget(int64_t offset, int64_t bytes) const;

 private:
  const uint8_t* data_ = nullptr;
  int64_t size_ = 0;
};

}  // namespace evalrun
