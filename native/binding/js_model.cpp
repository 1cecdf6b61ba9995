#include "binding/js_model.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <functional>
#include <memory>

#include "binding/read_spec.h"
#include "binding/task.h"
#include "cpu/cpu_device.h"
#include "cuda/gpu.h"
#include "model/model.h"

namespace evalrun {
namespace {

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
                       {InstanceMethod("open", &JsModel::open), InstanceMethod("prepare", &JsModel::prepare), InstanceMethod("scan", &JsModel::scan),
                        InstanceMethod("forward", &JsModel::forward), InstanceMethod("memory", &JsModel::memory),
                        InstanceMethod("kernels", &JsModel::kernels), InstanceMethod("close", &JsModel::close)});
  }

  explicit JsModel(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    guarded(info.Env(), [&] {
      const Napi::Object options = info[4].As<Napi::Object>();
      const int threads = std::max(1, options.Get("threads").ToNumber().Int32Value());
      const bool reference = options.Get("referenceKernels").ToBoolean();
      const int pages = options.Get("pages").ToNumber().Int32Value();
      const DeviceChoice device = read_device(options.Get("device").As<Napi::Object>());
      state_->create = [=, spec = read_arch_spec(info[0].As<Napi::Object>()), numerics = read_numerics(info[1].As<Napi::Object>()),
                        files = read_files(info[2].As<Napi::Array>()), tensors = read_tensors(info[3].As<Napi::Array>())] {
        auto on = device.cuda ? cuda::create_cuda_device(device.index, threads, numerics.short_fp8_sums)
                              : create_cpu_device(threads, reference);
        return std::make_shared<Model>(std::move(on), spec, numerics, files, tensors, pages);
      };
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

  // What is run off this thread keeps alive: JavaScript may close or forget the model meanwhile.
  struct State {
    std::function<std::shared_ptr<Model>()> create;
    std::shared_ptr<Model> model;
    bool closed = false;
    std::atomic<bool> busy{false};
  };

  void begin(Napi::Env env) {
    if (state_->closed) throw Napi::Error::New(env, "the model is closed");
    if (state_->busy.exchange(true)) throw Napi::Error::New(env, "the model is still computing the call before this one");
  }

  // Runs `work` on a worker thread and resolves with `finish`'s value; at most one per model at a time.
  Napi::Value start(Napi::Env env, std::function<void(Model&)> work, std::function<Napi::Value(Napi::Env)> finish) {
    if (!state_->closed && !state_->model) throw Napi::Error::New(env, "the model is not open");
    begin(env);
    return run_task(env, {[model = state_->model, work = std::move(work)] { work(*model); }, std::move(finish),
                          [state = state_] { state->busy.store(false); }});
  }

  // Takes memory on the device, and on a GPU starts CUDA: seconds.
  Napi::Value open(const Napi::CallbackInfo& info) {
    if (state_->model) throw Napi::Error::New(info.Env(), "the model is open");
    begin(info.Env());
    auto opened = std::make_shared<std::shared_ptr<Model>>();
    return run_task(info.Env(), {[state = state_, opened] { *opened = state->create(); },
                                 [state = state_, opened](Napi::Env env) {
                                   if (!state->closed) state->model = *opened;
                                   return env.Undefined();
                                 },
                                 [state = state_] { state->busy.store(false); }});
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
    const std::shared_ptr<Model>& model = state_->model;
    Napi::Object object = Napi::Object::New(info.Env());
    object.Set("convertedBytes", model ? static_cast<double>(model->converted_bytes()) : 0.0);
    object.Set("cacheBytes", model ? static_cast<double>(model->cache_bytes()) : 0.0);
    // Workspaces grow inside a running step; until it ends the last known size is told.
    if (model && !state_->busy.load()) workspace_bytes_ = static_cast<double>(model->workspace_bytes());
    object.Set("workspaceBytes", workspace_bytes_);
    return object;
  }

  Napi::Value kernels(const Napi::CallbackInfo& info) {
    Napi::Object object = Napi::Object::New(info.Env());
    if (!state_->model || state_->busy.load()) return object;
    for (const auto& [op, kernel] : state_->model->kernels_used()) object.Set(op, kernel);
    return object;
  }

  // A running call keeps the model alive until it ends; what reads weights does so soon.
  Napi::Value close(const Napi::CallbackInfo& info) {
    state_->closed = true;
    if (state_->model) state_->model->cancel();
    state_->model.reset();
    return info.Env().Undefined();
  }

  std::shared_ptr<State> state_ = std::make_shared<State>();
  double workspace_bytes_ = 0;
};

}  // namespace

Napi::Function define_model(Napi::Env env) { return JsModel::define(env); }

}  // namespace evalrun
