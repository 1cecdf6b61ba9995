// The class Model for JavaScript: new Model(spec, numerics, files, tensors, options), then open(), then the rest.
#pragma once
#include <napi.h>

namespace evalrun {

Napi::Function define_model(Napi::Env env);

}  // namespace evalrun
