#include "model/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace evalrun {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& why) {
  throw std::runtime_error("cannot map " + path + ": " + why);
}

}  // namespace

MappedFile::MappedFile(const std::string& path, int64_t expected_size) : path_(path) {
  file_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file_ < 0) fail(path, std::strerror(errno));
  struct stat status {};
  if (fstat(file_, &status) != 0 || status.st_size != expected_size) {
    close(file_);
    fail(path, "its size is not the " + std::to_string(expected_size) + " bytes found when its header was read");
  }
  size_ = status.st_size;
  void* address = size_ == 0 ? nullptr : mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file_, 0);
  if (address == MAP_FAILED) {
    const int reason = errno;
    close(file_);
    fail(path, std::strerror(reason));
  }
  data_ = static_cast<const uint8_t*>(address);
}

void MappedFile::copy(void* to, const void* from, int64_t bytes) const {
  int64_t place = static_cast<const uint8_t*>(from) - data_;
  for (char* target = static_cast<char*>(to); bytes > 0;) {
    const ssize_t read = pread(file_, target, static_cast<size_t>(bytes), place);
    if (read < 0 && errno == EINTR) continue;
    if (read <= 0) {
      throw std::runtime_error("cannot read " + path_ + " at byte " + std::to_string(place) + ": " +
                               (read < 0 ? std::strerror(errno) : "it has become shorter since it was opened"));
    }
    target += read;
    place += read;
    bytes -= read;
  }
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

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)), data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<uint8_t*>(data_), size_);
  if (file_ >= 0) close(file_);
}

}  // namespace evalrun
