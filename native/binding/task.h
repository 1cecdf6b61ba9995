// Work off JavaScript's thread: run_task computes on a worker thread and returns a promise.
#pragma once
#include <napi.h>

#include <functional>
#include <utility>

namespace evalrun {

struct Task {
  // On a worker thread; an exception rejects the promise.
  std::function<void()> work;
  // On JavaScript's thread afterwards; its value resolves the promise.
  std::function<Napi::Value(Napi::Env)> finish;
  // On JavaScript's thread before either, whether the work threw or not.
  std::function<void()> done = [] {};
};

class TaskWorker : public Napi::AsyncWorker {
 public:
  TaskWorker(Napi::Env env, Task task) : AsyncWorker(env), deferred_(env), task_(std::move(task)) {}
  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override { task_.work(); }
  void OnOK() override {
    const Napi::HandleScope scope(Env());
    task_.done();
    deferred_.Resolve(task_.finish(Env()));
  }
  void OnError(const Napi::Error& error) override {
    task_.done();
    deferred_.Reject(error.Value());
  }

 private:
  Napi::Promise::Deferred deferred_;
  Task task_;
};

inline Napi::Value run_task(Napi::Env env, Task task) {
  auto* worker = new TaskWorker(env, std::move(task));  // deletes itself
  worker->Queue();
  return worker->promise();
}

}  // namespace evalrun
