// The machine's memory nodes, and memory spread over them.
#pragma once
#include <cstdint>
#include <string>

#include "cpu/thread_pool.h"

namespace evalrun {

// How many nodes have memory; 1 where the system does not say. `folder` is Linux's, or a test's.
int count_memory_nodes(const std::string& folder = "/sys/devices/system/node");

// Memory lies on the node of the thread that touches it first. Has the pool's threads touch new memory, each piece by whichever comes:
// what one thread then fills is read by all of them from all nodes. Needs no permission, unlike mbind() in most containers. The
// memory's contents must be zero.
void spread_over_nodes(void* memory, int64_t bytes, ThreadPool& pool);

}  // namespace evalrun
