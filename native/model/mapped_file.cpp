#include "model/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace evalrun {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& why) {
  throw std::runtime_error("cannot map " + path + ": " + why);
}

}  // namespace

MappedFile::MappedFile(const std::string& path, int64_t expected_size) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) fail(path, std::strerror(errno));
  struct stat status {};
  if (fstat(file, &status) != 0 || status.st_size != expected_size) {
    close(file);
    fail(path, "its size is not the " + std::to_string(expected_size) + " bytes found when its header was read");
  }
  size_ = status.st_size;
  void* address = size_ == 0 ? nullptr : mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
  const int reason = errno;
  close(file);
  if (address == MAP_FAILED) fail(path, std::strerror(reason));
  data_ = static_cast<const uint8_t*>(address);
}

void MappedFile::read_ahead(int64_t begin, int64_t end) const {
  const int64_t first = begin / sysconf(_SC_PAGESIZE) * sysconf(_SC_PAGESIZE);
  if (first < end) madvise(const_cast<uint8_t*>(data_) + first, end - first, MADV_WILLNEED);
}

int64_t MappedFile::forget(int64_t begin, int64_t end) const {
  const int64_t page = sysconf(_SC_PAGESIZE);
  const int64_t first = (begin + page - 1) / page * page;
  const int64_t last = end / page * page;
  if (first >= last) return begin;
  madvise(const_cast<uint8_t*>(data_) + first, last - first, MADV_DONTNEED);
  return last;
}

MappedFile::MappedFile(MappedFile&& other) noexcept : data_(other.data_), size_(other.size_) {
  other.data_ = nullptr;
  other.size_ = 0;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<uint8_t*>(data_), size_);
}

}  // namespace evalrun
