// The simulation itself: that each mistake it is there to find is found. Kernels here are wrong on purpose.
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstring>

#include "cuda/kernels/e4m3_integer.cuh"
#include "cuda/kernels/primitives.cuh"
#include "cuda/launch.h"
#include "cuda/test/harness.h"

#if defined(EVALRUN_CUDA_SIM)
#include "cuda/sim/device.h"

namespace evalrun::cuda::test {
namespace {

using evalrun::test::print;

// Runs the grid and returns the message of the Error it must end in.
std::string error_of(dim3 grid, dim3 block, int shared_bytes, const std::function<void()>& body) {
  try {
    sim::run_grid("test", grid, block, shared_bytes, body);
  } catch (const sim::Error& error) {
    return error.what();
  }
  throw evalrun::test::Failure("the kernel's mistake was not found");
}

void expect_error(const std::string& error, std::initializer_list<const char*> parts) {
  for (const char* part : parts) expect(error.find(part) != std::string::npos, "\"" + error + "\" does not say \"" + part + "\"");
}

// Calls body() with other seeds until it returns true; how many it took.
int seeds_until(const std::function<bool()>& body) {
  const uint64_t seed = sim::seed();
  for (int i = 1; i <= 20; ++i) {
    sim::set_seed(seed + static_cast<uint64_t>(i));
    const bool found = body();
    sim::set_seed(seed);
    if (found) return i;
  }
  throw evalrun::test::Failure("20 seeds did not show the mistake");
}

// Reverses 128 numbers through shared memory.
__global__ void reverse(const int* x, int* y, bool wait) {
  begin_kernel();
  int* shared = reinterpret_cast<int*>(shared_memory());
  shared[threadIdx.x] = x[threadIdx.x];
  if (wait) __syncthreads();
  y[threadIdx.x] = shared[127 - threadIdx.x];
}

__global__ void set_to_one(float* y) { y[threadIdx.x] = 1; }

// Memory that was freed: a kernel that reads it finds NaN, one that writes it is found.
std::string use_after_free() {
  float* memory = nullptr;
  check(cudaMalloc(&memory, 4096 * sizeof(float)), "a test");
  const DeviceArray<float> kept(1);  // what is behind the hole
  float* const freed = memory;
  check(cudaFree(freed), "a test");
  const std::string error = error_of(dim3(1), dim3(32), 0, [=] { set_to_one(freed); });
  expect_error(error, {"kernel \"test\"", "freed"});
  check(cudaMalloc(&memory, 4096 * sizeof(float)), "a test");  // takes the hole, and leaves it clean
  check(cudaFree(memory), "a test");
  sim::run_grid("test", dim3(1), dim3(32), 0, [] {});
  return error;
}

std::string missing_barrier() {
  std::vector<int> values(128);
  for (int i = 0; i < 128; ++i) values[i] = i;
  const DeviceArray<int> x(values), y(128);
  const auto wrong = [&](bool wait) {
    launch(context(), "reverse", reverse, dim3(1), dim3(128), 512, x.data(), y.data(), wait);
    finish_step();
    const std::vector<int> found = y.host();
    int count = 0;
    for (int i = 0; i < 128; ++i) count += found[i] != 127 - i;
    return count;
  };
  expect(wrong(true) == 0, "a correct kernel gives a wrong result");
  return print("found by seed %d", seeds_until([&] { return wrong(false) > 0; }));
}

// Lane 0 gives the warp a number through shared memory.
std::string missing_warp_barrier() {
  const auto wrong = [](bool wait) {
    int count = 0;
    sim::run_grid("test", dim3(1), dim3(32), 4, [&] {
      volatile int* shared = reinterpret_cast<int*>(shared_memory());
      if (threadIdx.x == 0) *shared = 7;
      if (wait) __syncwarp();
      count += *shared != 7;
    });
    return count;
  };
  expect(wrong(true) == 0, "a correct kernel gives a wrong result");
  return print("found by seed %d", seeds_until([&] { return wrong(false) > 0; }));
}

std::string divergent_barriers() {
  expect_error(error_of(dim3(1), dim3(64), 0,
                        [] {
                          if (threadIdx.x == 40) return;
                          __syncthreads();
                        }),
               {"kernel \"test\", block (0, 0, 0), thread (", "EVALRUN_SIM_SEED=", "__syncthreads() at ", "returned"});
  expect_error(error_of(dim3(1), dim3(64), 0,
                        [] {
                          if (threadIdx.x < 32) {
                            __syncthreads();
                          } else {
                            __syncthreads();
                          }
                        }),
               {"while others wait in the one at"});
  expect_error(error_of(dim3(1), dim3(64), 0,
                        [] {
                          if (threadIdx.x % 32 == 5) {
                            __syncthreads();
                          } else {
                            shuffle(1, 0);
                            __syncthreads();
                          }
                        }),
               {"no thread can go on", "shuffle at", "__syncthreads() at"});
  return "a thread that returned, two barriers, a barrier and a shuffle";
}

std::string divergent_collectives() {
  expect_error(error_of(dim3(1), dim3(32), 0,
                        [] {
                          if (threadIdx.x == 3) {
                            shuffle_xor(1.0f, 1);
                          } else {
                            ballot(true);
                          }
                        }),
               {"while other lanes of its warp wait in"});
  expect_error(error_of(dim3(1), dim3(32), 0,
                        [] {
                          if (threadIdx.x != 3) shuffle_xor(1.0f, 1);
                        }),
               {"of its warp"});
  expect_error(error_of(dim3(1), dim3(48), 0, [] { shuffle_xor(1.0f, 1); }), {"16 lanes", "multiple of 32"});
  sim::run_grid("test", dim3(1), dim3(48), 0, [] { __syncwarp(); });
  return "another collective, a lane that returned, half a warp";
}

std::string shuffles() {
  int checked = 0;
  sim::run_grid("test", dim3(2), dim3(32, 2), 0, [&] {
    const int lane = static_cast<int>(threadIdx.x);
    const int mine = 100 * static_cast<int>(threadIdx.y) + lane, base = mine - lane;
    expect(shuffle(mine, 5) == base + 5, "shuffle");
    expect(shuffle_xor(mine, 9) == base + (lane ^ 9), "shuffle_xor");
    expect(shuffle_down(mine, 3) == (lane < 29 ? mine + 3 : mine), "shuffle_down");
    expect(shuffle_up(mine, 3) == (lane >= 3 ? mine - 3 : mine), "shuffle_up");
    expect(shuffle(0.5 * mine, 31) == 0.5 * (base + 31), "shuffle of doubles");
    expect(ballot(lane % 3 == 0) == 0x49249249u, "ballot");
    ++checked;
  });
  expect(checked == 128, "a thread did not run");
  return "5 kinds in 4 warps";
}

// One thread copies, waits for `pending` groups and reads.
std::string asynchronous_copies() {
  std::vector<float> values(12);
  for (int i = 0; i < 12; ++i) values[i] = static_cast<float>(i + 1);
  const DeviceArray<float> x(values);
  std::vector<float> seen[3];
  sim::run_grid("test", dim3(1), dim3(1), 64, [&] {
    float* shared = reinterpret_cast<float*>(shared_memory());
    copy_async_16(shared, x.data(), true);
    copy_async_commit();
    copy_async_16(shared + 4, x.data() + 4, true);
    copy_async_commit();
    copy_async_16(shared + 8, x.data() + 8, false);
    copy_async_commit();
    seen[0].assign(shared, shared + 12);
    copy_async_wait<1>();
    seen[1].assign(shared, shared + 12);
    copy_async_wait<0>();
    seen[2].assign(shared, shared + 12);
  });
  for (int i = 0; i < 12; ++i) {
    expect(std::isnan(seen[0][i]), "a copy was there before the wait");
    expect(i < 8 ? seen[1][i] == values[i] : std::isnan(seen[1][i]), "the wait for all groups but one");
    expect(seen[2][i] == (i < 8 ? values[i] : 0.0f), "the wait for all groups");
  }
  expect_error(error_of(dim3(1), dim3(1), 64, [&] { copy_async_16(shared_memory() + 8, x.data(), true); }), {"multiple of 16"});
  expect_error(error_of(dim3(1), dim3(1), 64, [&] { copy_async_16(shared_memory() + 64, x.data(), true); }), {"shared memory"});
  expect_error(error_of(dim3(1), dim3(1), 64, [&] { copy_async_16(shared_memory(), x.data() + 12, true); }), {"cudaMalloc"});
  return "3 groups, 3 wrong addresses";
}

// Runs body in a process of its own, which must not survive it; what it printed on its way.
std::string last_words(const std::function<void()>& body) {
  int ends[2];
  expect(pipe(ends) == 0, "no pipe");
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    body();
    _exit(0);
  }
  close(ends[1]);
  std::string words;
  char buffer[4096];
  for (ssize_t count; (count = read(ends[0], buffer, sizeof buffer)) > 0;) words.append(buffer, static_cast<size_t>(count));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  expect(!WIFEXITED(status) || WEXITSTATUS(status) != 0, "the process survived");
  return words;
}

std::string host_access() {
  const DeviceArray<int> x(std::vector<int>{7});
  const std::string words = last_words([&] { *const_cast<volatile int*>(x.data()) = 8; });
#if !defined(__SANITIZE_ADDRESS__)
  expect(words.find("host code touched device memory") != std::string::npos, words);
#endif
  return "a write from outside of a kernel ends the program";
}

std::string writes_outside() {
#if defined(__SANITIZE_ADDRESS__)
  const DeviceArray<char> x(10);
  for (const int place : {0, 1}) {
    const std::string words = last_words([&] {
      sim::run_grid("test", dim3(1), dim3(1), 100, [&] {
        volatile char* end = place == 0 ? reinterpret_cast<char*>(shared_memory()) + 100 : x.data() + 10;
        *end = 0;
      });
    });
    expect(words.find("use-after-poison") != std::string::npos, words);
  }
  return "AddressSanitizer sees shared and device memory's ends";
#else
  expect_error(error_of(dim3(1), dim3(1), 100, [] { shared_memory()[100] = 0; }), {"byte 100 of its 100 bytes of shared memory"});
  expect_error(error_of(dim3(1), dim3(1), 100, [] { shared_memory()[-1] = 0; }), {"1 bytes before its shared memory"});
  const DeviceArray<char> x(10);
  expect_error(error_of(dim3(1), dim3(1), 0, [&] { x.data()[10] = 0; }), {"byte 10 of a device allocation of 10 bytes"});
  sim::run_grid("test", dim3(1), dim3(1), 0, [&] { x.data()[10] = '\xff'; });  // as it was
  return "shared and device memory, behind and before";
#endif
}

std::string poisoned_memory() {
  const DeviceArray<float> x(5);
  int poisoned = 0;
  sim::run_grid("test", dim3(7), dim3(1), 8, [&] {
    float* shared = reinterpret_cast<float*>(shared_memory());
    poisoned += std::isnan(shared[0]) && std::isnan(shared[1]) && std::isnan(x.data()[4]);
    shared[0] = 1;
  });
  expect(poisoned == 7, "memory was not poisoned");
  begin_step();
  void* first = context().scratch.take(1000, "a test");
  check(cudaMemsetAsync(first, 0, 1000, context().stream), "a test");
  context().scratch.reset();
  void* second = context().scratch.take(1000, "a test");
  std::vector<float> found(250);
  check(cudaMemcpyAsync(found.data(), second, 1000, cudaMemcpyDeviceToHost, context().stream), "a test");
  finish_step();
  expect(first == second && std::isnan(found[0]) && std::isnan(found[249]), "scratch memory was not poisoned");
  return "shared memory of 7 blocks, device memory, scratch memory";
}

std::string launch_limits() {
  const auto nothing = [] {};
  expect_error(error_of(dim3(1, 65536), dim3(1), 0, nothing), {"65535"});
  expect_error(error_of(dim3(1, 1, 65536), dim3(1), 0, nothing), {"65535"});
  expect_error(error_of(dim3(1), dim3(1025), 0, nothing), {"1024 threads"});
  expect_error(error_of(dim3(1), dim3(1, 1, 65), 0, nothing), {"64 in z"});
  const int most = sim::max_shared_bytes();
  expect(most == (sim::compute_capability() == 80 ? 166912 : 232448), "the most shared memory of a block");
  sim::run_grid("test", dim3(1), dim3(32), most, nothing);
  expect_error(error_of(dim3(1), dim3(32), most + 1, nothing), {"has ", std::to_string(most).c_str()});
  bool refused = false;
  try {
    launch(context(), "reverse", reverse, dim3(1, 70000), dim3(32), 0, nullptr, nullptr, true);
  } catch (const CudaError& error) {
    refused = std::string(error.what()).find("70000") != std::string::npos;
  }
  expect(refused, "launch() did not throw");
  return "grid, block, shared memory";
}

// The elements of fragments, as the PTX ISA gives them, written out here a second time: by element, not by register.
struct Coordinate {
  int row, column;
};
Coordinate a_of(int lane, int i, int per_register) {
  const int group = lane >> 2, place = lane % 4, n = per_register;
  const bool upper = i / n == 1 || i / n == 3;
  return {upper ? group + 8 : group, place * n + i % n + (i < 2 * n ? 0 : 4 * n)};
}
Coordinate b_of(int lane, int i, int per_register) {
  return {(lane % 4) * per_register + i % per_register + (i < per_register ? 0 : 4 * per_register), lane >> 2};
}
Coordinate d_of(int lane, int i) { return {i < 2 ? lane >> 2 : (lane >> 2) + 8, (lane % 4) * 2 + (i & 1)}; }

std::string products(bool e4m3) {
  if (e4m3 && sim::compute_capability() < 89) {
    expect_error(error_of(dim3(1), dim3(32), 0,
                          [] {
                            float d[4] = {};
                            const uint32_t a[4] = {}, b[2] = {};
                            mma_e4m3(d, a, b);
                          }),
                 {"mma_e4m3 on compute capability 8.0"});
    return "refused on compute capability 8.0";
  }
  const int n = e4m3 ? 4 : 2, depth = 8 * n, bits = 32 / n;
  Random random(5);
  std::vector<uint32_t> a(16 * depth), b(depth * 8);
  const auto encode = [&](float value) -> uint32_t { return e4m3 ? to_e4m3(value) : to_bf16(value); };
  const auto decode = [&](uint32_t code) -> double {
    return e4m3 ? from_e4m3(static_cast<uint8_t>(code)) : from_bf16(static_cast<uint16_t>(code));
  };
  for (uint32_t& code : a) code = encode(random.normal());
  for (uint32_t& code : b) code = encode(random.normal());
  const std::vector<float> c = random.normals(128);
  std::vector<float> found(128);
  sim::run_grid("test", dim3(1), dim3(32), 0, [&] {
    const int lane = static_cast<int>(threadIdx.x);
    uint32_t a_registers[4] = {}, b_registers[2] = {};
    float d[4];
    for (int i = 0; i < 4 * n; ++i) {
      const Coordinate at = a_of(lane, i, n);
      a_registers[i / n] |= a[at.row * depth + at.column] << (bits * (i % n));
    }
    for (int i = 0; i < 2 * n; ++i) {
      const Coordinate at = b_of(lane, i, n);
      b_registers[i / n] |= b[at.row * 8 + at.column] << (bits * (i % n));
    }
    for (int i = 0; i < 4; ++i) d[i] = c[d_of(lane, i).row * 8 + d_of(lane, i).column];
    if (e4m3) mma_e4m3(d, a_registers, b_registers);
    if (!e4m3) mma_bf16(d, a_registers, b_registers);
    for (int i = 0; i < 4; ++i) found[d_of(lane, i).row * 8 + d_of(lane, i).column] = d[i];
  });
  Comparison comparison;
  for (int row = 0; row < 16; ++row) {
    for (int column = 0; column < 8; ++column) {
      double sum = c[row * 8 + column], size = std::fabs(sum);
      for (int k = 0; k < depth; ++k) {
        const double term = decode(a[row * depth + k]) * decode(b[k * 8 + column]);
        sum += term;
        size += std::fabs(term);
      }
      comparison.add(found[row * 8 + column], static_cast<float>(sum), size * depth * 0x1p-24, [&] { return print("row %d, column %d", row, column); });
    }
  }
  return comparison.summary();
}

std::string matrix_loads() {
  // Element (r, c) of matrix m is 64 * m + 8 * r + c; rows lie 48 bytes apart.
  sim::run_grid("test", dim3(1), dim3(32), 32 * 48, [&] {
    const int lane = static_cast<int>(threadIdx.x);
    unsigned char* row = shared_memory() + lane * 48;
    for (int c = 0; c < 8; ++c) reinterpret_cast<uint16_t*>(row)[c] = static_cast<uint16_t>(8 * lane + c);
    __syncthreads();
    uint32_t x4[4], x4_transposed[4], x2[2], x2_transposed[2];
    load_matrix_x4(x4, row);
    load_matrix_x4_transposed(x4_transposed, row);
    load_matrix_x2(x2, lane < 16 ? row : nullptr);
    load_matrix_x2_transposed(x2_transposed, lane < 16 ? row : nullptr);
    for (int m = 0; m < 4; ++m) {
      const uint32_t first = static_cast<uint32_t>(64 * m + 8 * (lane / 4) + 2 * (lane % 4));
      const uint32_t across = static_cast<uint32_t>(64 * m + 8 * (2 * (lane % 4)) + lane / 4);
      expect(x4[m] == (first | (first + 1) << 16), "load_matrix_x4");
      expect(x4_transposed[m] == (across | (across + 8) << 16), "load_matrix_x4_transposed");
      if (m < 2) expect(x2[m] == x4[m] && x2_transposed[m] == x4_transposed[m], "load_matrix_x2");
    }
  });
  expect_error(error_of(dim3(1), dim3(32), 1024,
                        [] {
                          uint32_t registers[4];
                          load_matrix_x4(registers, shared_memory() + 8 * threadIdx.x);
                        }),
               {"load_matrix_x4", "multiple of 16"});
  return "4 and 2 matrices, both ways, an unaligned row";
}

// Compute capability 8.0 converts in integers; here its code is compiled for the host.
std::string integer_conversions() {
  for (uint32_t code = 0; code < 256; ++code) {
    const float value = integer::from_e4m3(static_cast<uint8_t>(code)), expected = e4m3_to_float(static_cast<uint8_t>(code));
    expect(float_to_bits(value) == float_to_bits(expected), print("code %02x is %.9g", code, value));
  }
  long count = 0;
  // All signs and exponents, and of the mantissas those around every rounding there is, and others.
  for (uint32_t high = 0; high < 1u << 16; ++high) {
    for (const uint32_t low : {0x0000u, 0x0001u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu}) {
      const float value = bits_to_float(high << 16 | low);
      const uint8_t expected = std::isnan(value) ? 0x7f : float_to_e4m3(value);
      expect(integer::to_e4m3(value) == expected, print("%.9g gives %02x, expected %02x", value, integer::to_e4m3(value), expected));
      ++count;
    }
  }
  return print("256 codes, %ld floats", count);
}

__global__ void increment(int* x) {
  begin_kernel();
  ++*x;
}

// A captured launch runs when its graph does, every time, and not before.
std::string graphs() {
  const DeviceArray<int> x(std::vector<int>{10});
  const cudaStream_t stream = context().stream;
  const auto capture = [&](bool wait) {
    check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), "capture");
    launch(context(), "increment", increment, dim3(1), dim3(1), 0, x.data());
    void* memory;
    if (wait) {
      expect(cudaStreamSynchronize(stream) == cudaErrorStreamCaptureUnsupported, "a capture can be waited for");
      expect(cudaMalloc(&memory, 16) == cudaErrorStreamCaptureUnsupported, "cudaMalloc in a capture");
    }
    cudaGraph_t graph;
    const cudaError_t status = cudaStreamEndCapture(stream, &graph);
    expect(status == (wait ? cudaErrorStreamCaptureInvalidated : cudaSuccess), "the end of the capture");
    cudaGetLastError();
    return graph;
  };
  expect(capture(true) == nullptr, "a spoilt capture gives a graph");
  const cudaGraph_t graph = capture(false);
  cudaGraphExec_t executable;
  check(cudaGraphInstantiate(&executable, graph, 0), "instantiate");
  check(cudaGraphDestroy(graph), "destroy");
  expect(x.host() == std::vector<int>{10}, "a captured launch has run");
  check(cudaGraphLaunch(executable, stream), "launch");
  check(cudaGraphLaunch(executable, stream), "launch");
  finish_step();
  check(cudaGraphExecDestroy(executable), "destroy");
  expect(x.host() == std::vector<int>{12}, "two launches of the graph");
  return "captured once, launched twice";
}

struct Padded {
  char first;  // seven bytes of nothing behind it
  int* x;
};

__global__ void increment_padded(Padded in) {
  begin_kernel();
  *in.x += in.first;
}

// What lies between the members of an argument does not tell launches apart.
std::string padded_arguments() {
  const DeviceArray<int> x(std::vector<int>{0});
  Context& ctx = context();
  const int64_t before = ctx.recorder.replays();
  for (const int filling : {0x00, 0xff, 0x55}) {
    Padded argument;
    std::memset(static_cast<void*>(&argument), filling, sizeof argument);
    argument.first = 3;
    argument.x = x.data();
    ctx.recorder.begin();
    launch(ctx, "increment_padded", increment_padded, dim3(1), dim3(1), 0, argument);
    ctx.recorder.flush(ctx.stream);
  }
  finish_step();
  expect(x.host() == std::vector<int>{9}, "three launches");
  expect(ctx.recorder.replays() - before == 2, print("%ld of two launches were replayed", static_cast<long>(ctx.recorder.replays() - before)));
  return "two of three launches are replayed";
}

__global__ void write_first(int* to) {
  begin_kernel();
  *to = 1;
}
__global__ void copy_first(const int* from, int* to) {
  begin_kernel();
  *to = *from;
}

// Scratch memory of an op of which one launch has gone to the stream and one is held back, handed out again to the next op: the first still
// finds there what it wrote, the second finds nothing.
std::string scratch_of_held_launches() {
  Context& ctx = context();
  const DeviceArray<int> kept(1), lost(1);
  for (int repeat = 0; repeat < 3; ++repeat) {
    ctx.recorder.begin();
    ctx.scratch.reset();
    int* of_first = ctx.scratch.take<int>(1, "a test");
    launch(ctx, "write_first", write_first, dim3(1), dim3(1), 0, of_first);
    ctx.recorder.flush(ctx.stream);
    ctx.recorder.begin();
    launch(ctx, "copy_first", copy_first, dim3(1), dim3(1), 0, of_first, kept.data());
    ctx.scratch.reset();
    launch(ctx, "copy_first", copy_first, dim3(1), dim3(1), 0, ctx.scratch.take<int>(1, "a test"), lost.data());
    ctx.recorder.flush(ctx.stream);
    finish_step();
    expect(kept.host()[0] == 1 && lost.host()[0] == -1, print("found %d and %d", kept.host()[0], lost.host()[0]));
  }
  return "launched once, captured, replayed";
}

// Streams are lazy: a pinned buffer is read when the copy runs.
std::string lazy_streams() {
  int* pinned;
  check(cudaMallocHost(&pinned, 8), "a test");
  const DeviceArray<int> x(2);
  pinned[0] = 1;
  check(cudaMemcpyAsync(x.data(), pinned, 4, cudaMemcpyHostToDevice, context().stream), "a test");
  pinned[0] = 2;  // too early
  check(cudaMemcpyAsync(pinned + 1, x.data(), 4, cudaMemcpyDeviceToHost, context().stream), "a test");
  expect(pinned[1] == -1, "the result was there before the wait");
  finish_step();
  expect(pinned[1] == 2, "the copy did not read its source when it ran");
  check(cudaFreeHost(pinned), "a test");
  int host = 0;
  expect(cudaMemcpy(&host, x.data(), 4, cudaMemcpyHostToDevice) == cudaErrorInvalidValue, "a copy in the wrong direction");
  expect(cudaMemcpy(&host, x.data() + 2, 4, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue, "a copy of too much");
  cudaGetLastError();
  return "both directions";
}

// More staged than the ring holds, none of it lost.
std::string staging() {
  begin_step();
  std::vector<const int*> staged;
  std::vector<int> values(10000);
  for (int i = 0; i < 60; ++i) {
    std::fill(values.begin(), values.end(), i);
    staged.push_back(context().stage(values.data(), static_cast<int64_t>(values.size()), "a test"));
  }
  std::vector<int> large(300000, 77);
  const int* last = context().stage(large.data(), 300000, "a test");
  finish_step();
  for (int i = 0; i < 60; ++i) {
    check(cudaMemcpy(values.data(), staged[i], 40000, cudaMemcpyDeviceToHost), "a test");
    expect(values.front() == i && values.back() == i, print("staged array %d is %d", i, values.front()));
  }
  check(cudaMemcpy(large.data(), last, 1200000, cudaMemcpyDeviceToHost), "a test");
  expect(large.front() == 77 && large.back() == 77, "a large array");
  return "60 arrays of 40 KB, one of 1.2 MB";
}

void declare() {
  add("simulation: memory that was freed may not be used", use_after_free);
  add("simulation: a missing __syncthreads changes results", missing_barrier);
  add("simulation: a missing __syncwarp changes results", missing_warp_barrier);
  add("simulation: barriers that not all threads reach are errors", divergent_barriers);
  add("simulation: collectives that not all lanes reach are errors", divergent_collectives);
  add("simulation: shuffles and votes", shuffles);
  add("simulation: an asynchronous copy is there after its wait and not before", asynchronous_copies);
  add("simulation: writes outside of memory are errors", writes_outside);
  add("simulation: host code cannot touch device memory", host_access);
  add("simulation: memory is poisoned", poisoned_memory);
  add("simulation: impossible launches are errors", launch_limits);
  add("simulation: a bfloat16 product by the PTX layouts", [] { return products(false); });
  add("simulation: an e4m3 product by the PTX layouts", [] { return products(true); });
  add("simulation: matrix loads", matrix_loads);
  add("primitives: e4m3 in integers", integer_conversions);
  add("simulation: graphs run when they are launched", graphs);
  add("launch: padding does not tell launches apart", padded_arguments);
  add("simulation: scratch memory of held-back launches is poisoned behind them", scratch_of_held_launches);
  add("simulation: streams run when they are waited for", lazy_streams);
  add("context: staged arrays survive the ring", staging);
}

const evalrun::test::Suite kSuite(declare);

}  // namespace
}  // namespace evalrun::cuda::test

#endif
