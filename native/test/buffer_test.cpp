// Memory of weights and caches.
#include "model/buffer.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>

#include "cpu/cpu_device.h"
#include "test/test_runner.h"

namespace evalrun::test {
namespace {

// Whether a process that this one starts has the memory, too.
bool child_has(void* memory) {
  *static_cast<volatile char*>(memory) = 1;
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGSEGV, SIG_DFL);
    _exit(*static_cast<volatile char*>(memory) == 1 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string child_does_not_get_it() {
#if defined(MADV_DONTFORK)
  constexpr int64_t kBytes = 1 << 20;
  char own = 0;
  expect(child_has(&own), "a child process lacks what is nobody's buffer");
  const Buffer buffer(kBytes);
  expect(!child_has(buffer.data()), "a child process has a buffer");
  Arena arena;
  expect(!child_has(arena.take(kBytes)), "a child process has a piece of an arena");
  const std::shared_ptr<Device> device = create_cpu_device(1, false);
  void* const cache = device->allocate(kBytes, "cache");
  const bool has = child_has(cache);
  device->release(cache, kBytes);
  expect(!has, "a child process has what a device allocated");
  return "buffers, arenas, a device's memory";
#else
  return "skipped: this system cannot keep it from children";
#endif
}

const Suite buffer_suite([] { add("buffer: a child process does not get it", child_does_not_get_it); });

}  // namespace
}  // namespace evalrun::test
