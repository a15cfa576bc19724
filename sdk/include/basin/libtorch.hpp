// libtorch.hpp: for pinned plugins, basin_plugin(name PINNED SOURCES ...): LibTorch's own tensors in a plugin. Such a
// plugin loads with exactly the LibTorch it was built with; everything else about it is as in basin.hpp.
//
//   at::Tensor w = torch_tensor(group.values);      // the same tensor, another name for it
//   Tensor x = basin_tensor_of(at::linalg_svdvals(w));
#pragma once
#include <ATen/core/Tensor.h>

#include "basin.hpp"

static_assert(static_cast<int>(BASIN_PLUGIN_KIND) == static_cast<int>(BASIN_PINNED),
              "basin/libtorch.hpp is for pinned plugins: build this one with basin_plugin(NAME PINNED SOURCES ...)");

#pragma GCC visibility push(hidden)
namespace basin {

// A handle is a counted reference to LibTorch's TensorImpl.
inline at::Tensor torch_tensor(const Tensor& t) {
  if (!t) return {};
  using Pointer = c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>;
  return at::Tensor(Pointer::unsafe_reclaim_from_nonowning(reinterpret_cast<at::TensorImpl*>(t.handle())));
}
inline Tensor basin_tensor_of(at::Tensor t) {
  return Tensor::take(t.defined() ? reinterpret_cast<basin_tensor*>(t.unsafeReleaseTensorImpl()) : nullptr);
}

}  // namespace basin
#pragma GCC visibility pop
