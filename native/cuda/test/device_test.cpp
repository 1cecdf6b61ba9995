// The GPU as a Device: what a step's order and its memory owe each other.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include "cuda/gpu.h"
#include "cuda/test/harness.h"
#include "cuda/uploader.h"

namespace evalrun::cuda::test {
namespace {

// x += delta is held back in a decoding step; delta is released and its memory taken again before the step ends, as a workspace does
// that grows. The addition must still have read what delta was.
std::string releases_memory_that_held_back_launches_read() {
  constexpr int kRows = 8, kColumns = 64;
  constexpr int64_t kBytes = int64_t{kRows} * kColumns * 4;
  const std::shared_ptr<Device> device = create_cuda_device(0, 1);
  std::vector<float> ones(kRows * kColumns, 1.0f), values(ones), spoiled(ones.size(), 100.0f);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 97);
  std::vector<int32_t> rows(kRows);
  for (int i = 0; i < kRows; ++i) rows[i] = i;
  for (int repeat = 0; repeat < 3; ++repeat) {  // launched one by one, captured as a graph, launched as one
    const DeviceMemory x(*device, kBytes, "x");
    auto delta = std::make_unique<DeviceMemory>(*device, kBytes, "delta");
    std::vector<float> result(ones.size());
    device->begin_step(true);
    device->upload(x.data(), ones.data(), kBytes);
    device->upload(delta->data(), values.data(), kBytes);
    auto* sum = static_cast<float*>(x.data());
    device->run(AddNormOp{sum, static_cast<const float*>(delta->data()), Weight{}, 0, false, kRows, kColumns, nullptr});
    delta.reset();
    const DeviceMemory other(*device, kBytes, "what takes its place");
    device->upload(other.data(), spoiled.data(), kBytes);
    device->run(TakeRowsOp{sum, kColumns, device->stage(rows), kRows, device->land(result)});
    device->finish();
    for (size_t i = 0; i < result.size(); ++i) {
      expect(result[i] == 1 + values[i], evalrun::test::print("value %zu is %g, not %g", i, result[i], 1 + values[i]));
    }
  }
  return "launched one by one and as a graph";
}

// A step with more launches than one graph holds back: every sum has been added to in order, launched one by one and as graphs.
std::string replays_long_steps() {
  constexpr int kRows = 4, kColumns = 64, kAdditions = 250;
  constexpr int64_t kBytes = int64_t{kRows} * kColumns * 4;
  const std::shared_ptr<Device> device = create_cuda_device(0, 1);
  const DeviceMemory x(*device, kBytes, "x"), delta(*device, kBytes, "delta");
  std::vector<float> ones(kRows * kColumns, 1.0f), halves(kRows * kColumns, 0.5f);
  std::vector<int32_t> rows = {0, 1, 2, 3};
  device->upload(delta.data(), halves.data(), kBytes);
  for (int repeat = 0; repeat < 4; ++repeat) {
    std::vector<float> result(ones.size());
    device->begin_step(true);
    device->upload(x.data(), ones.data(), kBytes);
    auto* sum = static_cast<float*>(x.data());
    for (int i = 0; i < kAdditions; ++i) {
      device->run(AddNormOp{sum, static_cast<const float*>(delta.data()), Weight{}, 0, false, kRows, kColumns, nullptr});
    }
    device->run(TakeRowsOp{sum, kColumns, device->stage(rows), kRows, device->land(result)});
    device->finish();
    for (const float value : result) expect(value == 1 + 0.5f * kAdditions, evalrun::test::print("repeat %d: %g", repeat, value));
  }
  return evalrun::test::print("%d launches, four times", kAdditions + 1);
}

// Copies of many ranges are copies one after the other: at once where nothing that is written is read, in turns otherwise.
std::string copies_ranges() {
  const std::shared_ptr<Device> device = create_cuda_device(0, 1);
  constexpr int kPieces = 6;
  for (const int64_t bytes : {int64_t{16}, int64_t{40}, int64_t{20000}, int64_t{73728}}) {
    std::vector<uint8_t> host(static_cast<size_t>(kPieces * bytes));
    for (size_t i = 0; i < host.size(); ++i) host[i] = static_cast<uint8_t>(i * 31 + i / 251);
    const auto check_copies = [&](const std::vector<std::pair<int, int>>& copies) {
      const DeviceMemory memory(*device, kPieces * bytes, "what is copied");
      char* data = static_cast<char*>(memory.data());
      device->upload(data, host.data(), kPieces * bytes);
      std::vector<uint8_t> expected = host, result(host.size());
      std::vector<CopyRange> ranges;
      for (const auto& [from, to] : copies) {
        ranges.push_back({data + from * bytes, data + to * bytes, bytes});
        std::memcpy(expected.data() + to * bytes, expected.data() + from * bytes, static_cast<size_t>(bytes));
      }
      device->begin_step(false);
      device->copy(ranges);
      device->finish();
      check(cudaMemcpy(result.data(), data, result.size(), cudaMemcpyDeviceToHost), "copies of ranges");
      expect(result == expected, evalrun::test::print("%zu copies of %ld bytes", copies.size(), static_cast<long>(bytes)));
    };
    check_copies({{0, 3}, {0, 4}, {1, 5}});
    check_copies({{0, 1}, {1, 2}, {2, 3}, {5, 0}});  // each reads what the one before wrote
    check_copies({{0, 3}, {1, 3}});
  }
  return "at once and in turns, aligned and not";
}

std::string ends_a_cancelled_upload() {
  ThreadPool pool(2);
  const int64_t bytes = 40 << 20;
  const std::vector<char> host(static_cast<size_t>(bytes), 1);
  const DeviceBytes device(bytes);
  std::string failure;
  try {
    Uploader uploader(context().stream, pool);
    uploader.begin_allocation();
    // A buffer is on its way, and the next one has begun.
    uploader.add(device.data(), bytes, host.data(), bytes, 1);
    pool.cancel();
    uploader.finish();
  } catch (const std::runtime_error& error) {
    failure = error.what();
  }
  expect(failure == "the model was closed meanwhile", "it throws \"" + failure + "\"");
  return "behind the first buffer";
}

// Matrices with and without padding, gathered until a buffer is full, cut by its end, around the ring and more.
std::string uploads_what_was_gathered() {
  struct Matrix {
    int64_t row_bytes, stride, rows;
  };
  // 32 MiB of the buffer end inside of the third, the fourth, ..
  const std::vector<Matrix> kinds = {{100, 128, 7},          {128, 128, 9},   {(20 << 20) + 5, (20 << 20) + 5, 1}, {5000, 5120, 4000}, {1, 128, 1},
                                     {300 << 10, 301 << 10, 70}, {3, 3, 1000000}, {40 << 20, 40 << 20, 1},            {64, 128, 1}};
  ThreadPool pool(3);
  std::vector<std::vector<char>> hosts;
  std::vector<DeviceBytes> devices;
  int64_t total = 0;
  for (const Matrix& m : kinds) {
    std::vector<char>& host = hosts.emplace_back(static_cast<size_t>(m.row_bytes * m.rows));
    for (size_t i = 0; i < host.size(); ++i) host[i] = static_cast<char>((i * 2654435761u >> 13) + hosts.size());
    devices.emplace_back(m.stride * m.rows);
    total += m.stride * m.rows;
  }
  {
    Uploader uploader(context().stream, pool);
    for (size_t i = 0; i < kinds.size(); ++i) {
      uploader.begin_allocation();
      uploader.add(devices[i].data(), kinds[i].stride, hosts[i].data(), kinds[i].row_bytes, kinds[i].rows);
    }
    // Of a file, what lies together is read from it.
    const std::string path = std::filesystem::temp_directory_path() / ("evalrun-upload-" + std::to_string(getpid()));
    std::ofstream(path, std::ios::binary).write(hosts[7].data(), static_cast<std::streamsize>(hosts[7].size()));
    const MappedFile file(path, static_cast<int64_t>(hosts[7].size()));
    const DeviceBytes of_file(600000), of_rows(128 * 100);
    uploader.begin_allocation();
    uploader.add(of_file.data(), 600000, file.data() + 12345, 600000, 1, &file);
    uploader.begin_allocation();
    uploader.add(of_rows.data(), 128, file.data() + 7, 100, 100, &file);
    expect(file.holds(file.data()) && file.holds(file.data() + file.size() - 1) && !file.holds(file.data() + file.size()), "what the file holds");
    uploader.finish();
    uploader.finish();
    std::vector<char> read(600000), rows(128 * 100);
    finish_step();
    of_file.read(read.data());
    of_rows.read(rows.data());
    expect(std::equal(read.begin(), read.end(), hosts[7].begin() + 12345), "other bytes than the file's");
    expect(std::equal(rows.begin() + 128, rows.begin() + 228, hosts[7].begin() + 107), "other rows than the file's");
    std::filesystem::resize_file(path, 100);
    std::string shorter;
    try {
      uploader.add(of_file.data(), 600000, file.data() + 12345, 600000, 1, &file);
      uploader.finish();
    } catch (const std::runtime_error& error) {
      shorter = error.what();
    }
    std::filesystem::remove(path);
    const bool told = shorter.rfind("cannot read " + path + " at byte ", 0) == 0 && shorter.find("it has become shorter") != std::string::npos;
    expect(told, "a file that shrank: " + shorter);
    // Nothing reads them any more.
    for (size_t i = 0; i < kinds.size(); ++i) {
      const std::vector<char> expected = std::exchange(hosts[i], std::vector<char>(hosts[i].size(), 0x55));
      std::vector<char> found(static_cast<size_t>(kinds[i].stride * kinds[i].rows));
      finish_step();
      devices[i].read(found.data());
      devices[i].check("a matrix");
      for (int64_t row = 0; row < kinds[i].rows; ++row) {
        const char* place = found.data() + row * kinds[i].stride;
        const bool same = std::equal(place, place + kinds[i].row_bytes, expected.data() + row * kinds[i].row_bytes) &&
                          std::all_of(place + kinds[i].row_bytes, place + kinds[i].stride, [](char c) { return c == 0; });
        expect(same, evalrun::test::print("row %ld of matrix %zu", static_cast<long>(row), i));
      }
    }
  }
  bool refused = false;
  try {
    Uploader(context().stream, pool).upload(devices[0].data(), int64_t{33} << 20, hosts[0].data(), 1, 1);
  } catch (const CudaError&) {
    refused = true;
  }
  expect(refused, "a row longer than the buffer was taken");
  return evalrun::test::print("%ld MB", static_cast<long>(total / 1000000));
}

// An allocation that fails says what it was for, and nothing of it is left for the next op to fail by.
std::string names_what_does_not_fit() {
  const std::shared_ptr<Device> device = create_cuda_device(0, 1);
  std::string message;
  try {
    device->allocate(int64_t{1} << 50, "a test's petabyte");
  } catch (const std::exception& error) {
    message = error.what();
  }
  expect(message.rfind("GPU memory for a test's petabyte: 1073741824.0 MiB wanted, ", 0) == 0, "the message is: " + message);
  Scratch scratch;
  message.clear();
  try {
    scratch.take(int64_t{1} << 50, "a test's scratch");
  } catch (const std::exception& error) {
    message = error.what();
  }
  expect(message.rfind("GPU memory for a test's scratch: ", 0) == 0, "the message is: " + message);
  expect(cudaGetLastError() == cudaSuccess, "the failure is still there for the next launch to find");
  return message;
}

std::string refuses_other_switches() {
  const char* before = std::getenv("EVALRUN_CUDA_OVERLAP");
  const std::string kept = before == nullptr ? "" : before;
  const auto error_of = [](const char* value) -> std::string {
    setenv("EVALRUN_CUDA_OVERLAP", value, 1);
    try {
      create_cuda_device(0, 1);
    } catch (const CudaError& error) {
      return error.what();
    }
    return "";
  };
  const std::string on = error_of("1"), off = error_of("0"), empty = error_of(""), other = error_of("off");
  setenv("EVALRUN_CUDA_OVERLAP", kept.c_str(), 1);
  expect(on.empty() && off.empty() && empty.empty(), "1, 0 and nothing: " + on + off + empty);
  expect(other == "EVALRUN_CUDA_OVERLAP is \"off\"; it may be 0 or 1", "off: " + other);
  return "0, 1 and nothing";
}

std::string measures_limits() {
  const GpuLimits limits = measure_gpu_limits(0);
  expect(limits.f32_flops > 0 && limits.bf16_flops > 0 && limits.read_bytes > 0, "a limit is nothing");
  expect(std::isfinite(limits.f32_flops) && std::isfinite(limits.bf16_flops) && std::isfinite(limits.read_bytes), "a limit is infinite");
  return evalrun::test::print("%.3g f32 and %.3g bf16 operations, %.3g bytes a second", limits.f32_flops, limits.bf16_flops,
                              limits.read_bytes);
}

const evalrun::test::Suite kSuite([] {
  add("cuda device: memory released in a decoding step is read before it goes", releases_memory_that_held_back_launches_read);
  add("cuda device: steps of more launches than a graph holds", replays_long_steps);
  add("cuda device: ranges are copied as one after the other", copies_ranges);
  add("cuda device: weights that were gathered are uploaded", uploads_what_was_gathered);
  add("cuda device: an upload that is cancelled ends", ends_a_cancelled_upload);
  add("cuda device: an allocation that fails names what it was for", names_what_does_not_fit);
  add("cuda device: a switch is 0, 1 or nothing", refuses_other_switches);
  add("cuda device: limits are measured", measures_limits);
});

}  // namespace
}  // namespace evalrun::cuda::test
