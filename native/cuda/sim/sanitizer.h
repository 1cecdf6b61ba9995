// AddressSanitizer's interface where it is compiled in, nothing otherwise.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define EVALRUN_SIM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EVALRUN_SIM_ASAN 1
#endif
#endif

#if defined(EVALRUN_SIM_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif
