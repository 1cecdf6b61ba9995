// Device memory and pinned host memory of the simulated GPU.
//
// Device memory is filled with 0xff when it is allocated, lies between two zones that must not be written, and is not accessible
// to host code: touching it outside of a kernel or a copy is a segmentation fault, as it would be beside a real GPU.
#pragma once
#include <cstddef>
#include <string>

namespace evalrun::cuda::sim {

// 256-byte aligned; null where there is no room.
void* allocate_device(size_t bytes);
// False where `pointer` was not allocated.
bool free_device(void* pointer);
size_t free_device_bytes();
// Does [pointer, pointer + bytes) lie in one allocation; does it begin in device memory at all.
bool is_device(const void* pointer, size_t bytes);
bool touches_device(const void* pointer);

void* allocate_pinned(size_t bytes);
bool free_pinned(void* pointer);
void add_pinned(void* pointer, size_t bytes);
bool remove_pinned(void* pointer);
bool is_pinned(const void* pointer, size_t bytes);

// "", or which allocation's surroundings were written.
std::string written_outside_allocations();

// While one of these lives, device memory is accessible.
class DeviceAccess {
 public:
  DeviceAccess();
  ~DeviceAccess();
  DeviceAccess(const DeviceAccess&) = delete;
  DeviceAccess& operator=(const DeviceAccess&) = delete;
};

}  // namespace evalrun::cuda::sim
