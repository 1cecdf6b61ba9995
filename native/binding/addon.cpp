// The Node-API addon: class Model and function info(). JavaScript validates and speaks to people; this side computes.
#include <napi.h>

#include <atomic>
#include <cstdio>
#include <functional>
#include <memory>

#include "binding/read_spec.h"
#include "cpu/cpu_device.h"
#include "cpu/features.h"
#include "cpu/limits.h"
#include "model/model.h"

namespace evalrun {
namespace {

// Runs `work` on a worker thread and resolves with `finish`'s value; at most one per model at a time.
class ModelWorker : public Napi::AsyncWorker {
 public:
  ModelWorker(Napi::Env env, std::shared_ptr<Model> model, std::shared_ptr<std::atomic<bool>> busy,
              std::function<void(Model&)> work, std::function<Napi::Value(Napi::Env)> finish)
      : AsyncWorker(env), deferred_(env), model_(std::move(model)), busy_(std::move(busy)), work_(std::move(work)),
        finish_(std::move(finish)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override { work_(*model_); }
  void OnOK() override {
    busy_->store(false);
    const Napi::HandleScope scope(Env());
    deferred_.Resolve(finish_(Env()));
  }
  void OnError(const Napi::Error& error) override {
    busy_->store(false);
    deferred_.Reject(error.Value());
  }

 private:
  Napi::Promise::Deferred deferred_;
  std::shared_ptr<Model> model_;
  std::shared_ptr<std::atomic<bool>> busy_;
  std::function<void(Model&)> work_;
  std::function<Napi::Value(Napi::Env)> finish_;
};

template <class Array, class T>
Napi::Value typed_array(Napi::Env env, const std::vector<T>& values) {
  Array array = Array::New(env, values.size());
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

class JsModel : public Napi::ObjectWrap<JsModel> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Model",
                       {InstanceMethod("prepare", &JsModel::prepare), InstanceMethod("scan", &JsModel::scan),
                        InstanceMethod("forward", &JsModel::forward), InstanceMethod("memory", &JsModel::memory),
                        InstanceMethod("kernels", &JsModel::kernels), InstanceMethod("close", &JsModel::close)});
  }

  explicit JsModel(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    guarded(info.Env(), [&] {
      const Napi::Object options = info[4].As<Napi::Object>();
      const int threads = std::max(1, options.Get("threads").ToNumber().Int32Value());
      model_ = std::make_shared<Model>(create_cpu_device(threads, options.Get("referenceKernels").ToBoolean()), read_arch_spec(info[0].As<Napi::Object>()), read_numerics(info[1].As<Napi::Object>()),
                                       read_files(info[2].As<Napi::Array>()), read_tensors(info[3].As<Napi::Array>()),
                                       options.Get("pages").ToNumber().Int32Value());
      return info.Env().Undefined();
    });
  }

 private:
  // C++ exceptions become JavaScript errors; nothing aborts.
  Napi::Value guarded(Napi::Env env, const std::function<Napi::Value()>& body) {
    try {
      return body();
    } catch (const Napi::Error&) {
      throw;
    } catch (const std::exception& error) {
      throw Napi::Error::New(env, error.what());
    }
  }

  Napi::Value start(Napi::Env env, std::function<void(Model&)> work, std::function<Napi::Value(Napi::Env)> finish) {
    if (!model_) throw Napi::Error::New(env, "the model is closed");
    if (busy_->exchange(true)) throw Napi::Error::New(env, "the model is still computing the call before this one");
    auto* worker = new ModelWorker(env, model_, busy_, std::move(work), std::move(finish));
    worker->Queue();
    return worker->promise();
  }

  Napi::Value prepare(const Napi::CallbackInfo& info) {
    return start(info.Env(), [](Model& model) { model.prepare(); }, [](Napi::Env env) { return env.Undefined(); });
  }

  Napi::Value scan(const Napi::CallbackInfo& info) {
    auto scans = std::make_shared<std::vector<TensorScan>>();
    return start(
        info.Env(), [scans](Model& model) { *scans = model.scan(); },
        [scans](Napi::Env env) {
          Napi::Array array = Napi::Array::New(env, scans->size());
          for (size_t i = 0; i < scans->size(); ++i) {
            const Napi::HandleScope scope(env);
            char hash[17];
            std::snprintf(hash, sizeof hash, "%016llx", static_cast<unsigned long long>((*scans)[i].hash));
            Napi::Object entry = Napi::Object::New(env);
            entry.Set("name", (*scans)[i].name);
            entry.Set("hash", hash);
            entry.Set("firstNonFinite", static_cast<double>((*scans)[i].first_non_finite));
            array.Set(static_cast<uint32_t>(i), entry);
          }
          return array;
        });
  }

  Napi::Value forward(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
      auto step = std::make_shared<Step>(read_step(info[0].As<Napi::Object>()));
      auto result = std::make_shared<StepResult>();
      return start(
          info.Env(), [step, result](Model& model) { *result = model.forward(*step); },
          [result](Napi::Env env) {
            Napi::Object object = Napi::Object::New(env);
            object.Set("logProbs", typed_array<Napi::Float32Array>(env, result->log_probs));
            object.Set("best", typed_array<Napi::Int32Array>(env, result->best));
            object.Set("logits", typed_array<Napi::Float32Array>(env, result->logits));
            object.Set("mtpLogits", typed_array<Napi::Float32Array>(env, result->mtp_logits));
            object.Set("drafts", typed_array<Napi::Int32Array>(env, result->drafts));
            object.Set("experts", typed_array<Napi::Uint16Array>(env, result->experts));
            return object;
          });
    });
  }

  Napi::Value memory(const Napi::CallbackInfo& info) {
    Napi::Object object = Napi::Object::New(info.Env());
    object.Set("convertedBytes", model_ ? static_cast<double>(model_->converted_bytes()) : 0.0);
    object.Set("cacheBytes", model_ ? static_cast<double>(model_->cache_bytes()) : 0.0);
    // Workspaces grow inside a running step; until it ends the last known size is told.
    if (model_ && !busy_->load()) workspace_bytes_ = static_cast<double>(model_->workspace_bytes());
    object.Set("workspaceBytes", workspace_bytes_);
    return object;
  }

  Napi::Value kernels(const Napi::CallbackInfo& info) {
    Napi::Object object = Napi::Object::New(info.Env());
    if (!model_ || busy_->load()) return object;
    for (const auto& [op, kernel] : model_->kernels_used()) object.Set(op, kernel);
    return object;
  }

  // A running call keeps the model alive until it ends.
  Napi::Value close(const Napi::CallbackInfo& info) {
    model_.reset();
    return info.Env().Undefined();
  }

  std::shared_ptr<Model> model_;
  double workspace_bytes_ = 0;
  std::shared_ptr<std::atomic<bool>> busy_ = std::make_shared<std::atomic<bool>>(false);
};

#if defined(__clang__)
constexpr const char* kCompiler = "clang " __clang_version__;
#else
constexpr const char* kCompiler = "g++ " __VERSION__;
#endif

Napi::Value info(const Napi::CallbackInfo& call) {
  const CpuFeatures& features = cpu_features();
  Napi::Object object = Napi::Object::New(call.Env());
  object.Set("avx2", features.avx2);
  object.Set("avx512", features.avx512);
  object.Set("avx512Bf16", features.avx512_bf16);
  object.Set("avx512Vbmi", features.avx512_vbmi);
  object.Set("compiler", kCompiler);
  object.Set("cuda", false);
  return object;
}

// Seconds of work on all threads, so on a thread of its own.
class LimitsWorker : public Napi::AsyncWorker {
 public:
  LimitsWorker(Napi::Env env, int threads) : AsyncWorker(env), deferred_(env), threads_(threads) {}
  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override { limits_ = measure_limits(threads_); }
  void OnOK() override {
    const Napi::HandleScope scope(Env());
    Napi::Object object = Napi::Object::New(Env());
    object.Set("f32Flops", limits_.f32_flops);
    object.Set("bf16Flops", limits_.bf16_flops);
    object.Set("readBytes", limits_.read_bytes);
    deferred_.Resolve(object);
  }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  Napi::Promise::Deferred deferred_;
  int threads_;
  MachineLimits limits_;
};

Napi::Value limits(const Napi::CallbackInfo& call) {
  auto* worker = new LimitsWorker(call.Env(), std::max(1, call[0].ToNumber().Int32Value()));
  worker->Queue();
  return worker->promise();
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("Model", JsModel::define(env));
  exports.Set("info", Napi::Function::New(env, info));
  exports.Set("limits", Napi::Function::New(env, limits));
  return exports;
}

NODE_API_MODULE(evalrun, initialize)

}  // namespace
}  // namespace evalrun
