// Plain JavaScript objects to the structs of model/arch_spec.h; a missing or mistyped field throws, naming it.
#pragma once
#include <napi.h>

#include <string>
#include <vector>

#include "model/arch_spec.h"
#include "model/step.h"
#include "model/weights.h"

namespace evalrun {

// {kind: 'cpu'} or {kind: 'cuda', index}.
struct DeviceChoice {
  bool cuda = false;
  int index = 0;
};

DeviceChoice read_device(const Napi::Object& object);
ArchSpec read_arch_spec(const Napi::Object& object);
Numerics read_numerics(const Napi::Object& object);
std::vector<FileRef> read_files(const Napi::Array& array);
std::vector<TensorRef> read_tensors(const Napi::Array& array);
Step read_step(const Napi::Object& object);

}  // namespace evalrun
