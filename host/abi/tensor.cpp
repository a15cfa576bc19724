// Tensors as handles: what they are, their memory, values in and out, DLPack.
#include <ATen/DLConvertor.h>

#include <atomic>

#include "abi/border.hpp"
#include "abi/interfaces.hpp"
#include "abi/stream.hpp"

namespace basin {
namespace {

std::atomic<StreamHook> stream_hook{nullptr};

void retain(basin_tensor* t) { own(share(t)); }
void release(basin_tensor* t) { steal(t); }

int32_t device_number(at::Device device) {
  if (device.is_cpu()) return BASIN_CPU;
  return device.is_cuda() ? BASIN_CUDA : BASIN_OTHER_DEVICE;
}

bool has_memory(const Tensor& t) { return t.layout() == at::kStrided && t.has_storage() && t.device() != at::kMeta; }

basin_status info(const basin_tensor* handle, basin_tensor_info* out) {
  return guard([&] {
    const Borrowed t = in(handle);
    if (t->dim() > BASIN_MAX_DIMS)
      throw Error("A tensor with " + std::to_string(t->dim()) + " dimensions was given; the ABI describes up to " +
                  std::to_string(BASIN_MAX_DIMS) + ".");
    basin_tensor_info i{};
    i.dtype = dtype_of(t->scalar_type());
    i.device = device_number(t->device());
    i.device_index = t->device().has_index() ? t->device().index() : 0;
    i.n_dims = static_cast<int32_t>(t->dim());
    i.requires_grad = t->requires_grad();
    i.numel = t->numel();
    std::ranges::copy(t->sizes(), i.sizes);
    if (t->layout() == at::kStrided) std::ranges::copy(t->strides(), i.strides);
    i.data = has_memory(t) ? t->const_data_ptr() : nullptr;
    give(out, i, "The buffer for a tensor's description");
  });
}

basin_status mutable_data(basin_tensor* handle, void** out) {
  return guard([&] {
    const Borrowed t = in(handle);
    if (!has_memory(t)) throw Error("A tensor without memory of its own cannot be written to.");
    if (at::GradMode::is_enabled() && t->requires_grad() && t->is_leaf())
      throw Error("A leaf that requires gradients is being written to while recording; switch recording off first.");
    *needed(out, "The place for the pointer") = t->mutable_data_ptr();
    if (!t->is_inference()) t->unsafeGetTensorImpl()->bump_version();
  });
}

basin_status from_data(const void* data, const int64_t* sizes, uint32_t n_dims, int32_t dtype, basin_tensor* like,
                       basin_tensor** out) {
  return guard([&] {
    const auto shape = ints(sizes, n_dims);
    for (int64_t n : shape)
      if (n < 0) throw Error("A size of a tensor is at least 0, but " + std::to_string(n) + " was given.");
    Tensor values = at::empty(shape, scalar_type(dtype));
    if (values.numel()) std::memcpy(values.mutable_data_ptr(), needed(data, "The tensor's data"), values.nbytes());
    *out = own(like ? values.to(in(like)->device()) : values);
  });
}

basin_status copy_to(const basin_tensor* handle, int32_t dtype, void* buffer, uint64_t bytes) {
  return guard([&] {
    const at::NoGradGuard no_grad;
    const Tensor values = in(handle)->to(at::kCPU, scalar_type(dtype)).contiguous().resolve_neg();
    if (bytes != values.nbytes())
      throw Error("A buffer of " + std::to_string(values.nbytes()) + " bytes is needed for " +
                  std::to_string(values.numel()) + " values, but " + std::to_string(bytes) + " were given.");
    if (bytes) std::memcpy(needed(buffer, "The buffer"), values.const_data_ptr(), bytes);
  });
}

basin_status item(const basin_tensor* handle, double* out) {
  return guard([&] {
    const Borrowed t = in(handle);
    if (t->numel() != 1)
      throw Error("item wants a tensor of one element, but this one has " + std::to_string(t->numel()) + ".");
    *out = t->item().toDouble();
  });
}

basin_status stream(const basin_tensor* handle, void** out) {
  return guard([&] {
    const Borrowed t = in(handle);
    *out = nullptr;
    if (t->is_cpu()) return;
    const StreamHook hook = stream_hook.load();
    if (!hook) throw Error("The CUDA module is not loaded, so a stream cannot be given.", BASIN_ERROR_RUNTIME);
    *out = hook(t);
  });
}

basin_status to_dlpack(basin_tensor* handle, void** out) {
  return guard([&] { *needed(out, "The place for the result") = at::toDLPack(in(handle)->detach()); });
}

basin_status from_dlpack(void* managed, basin_tensor** out) {
  return guard([&] {
    auto* m = static_cast<DLManagedTensor*>(needed(managed, "The DLPack tensor"));
    auto freed = std::make_shared<bool>(false);
    auto free = [m, freed](void*) {
      if (!std::exchange(*freed, true) && m->deleter) m->deleter(m);
    };
    try {
      *out = own(at::fromDLPack(m, free));
    } catch (...) {
      free(nullptr);  // taken over, come what may
      throw;
    }
  });
}

}  // namespace

void set_stream_hook(StreamHook hook) { stream_hook = hook; }

const basin_tensor_interface tensor_interface = {
    .size = sizeof(basin_tensor_interface),
    .retain = retain,
    .release = release,
    .info = info,
    .mutable_data = mutable_data,
    .from_data = from_data,
    .copy_to = copy_to,
    .item = item,
    .find_op = find_operator,
    .call = call_operator,
    .release_opaque = release_opaque,
    .stream = stream,
    .to_dlpack = to_dlpack,
    .from_dlpack = from_dlpack,
};

}  // namespace basin
