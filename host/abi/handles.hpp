// Between at::Tensor and the ABI's handle. A basin_tensor* is an owned TensorImpl*: one pointer, one reference.
#pragma once
#include <basin/tensor.h>

#include "abi/aten.hpp"
#include "abi/error.hpp"

namespace basin {

using at::Tensor;
static_assert(sizeof(Tensor) == sizeof(void*), "an array of Tensor is an array of handles");

// Gives the reference away; null for an undefined tensor.
inline basin_tensor* own(Tensor tensor) {
  return tensor.defined() ? reinterpret_cast<basin_tensor*>(tensor.unsafeReleaseTensorImpl()) : nullptr;
}

// Takes a reference over.
inline Tensor steal(basin_tensor* handle) {
  using Pointer = c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>;
  return handle ? Tensor(Pointer::reclaim(reinterpret_cast<at::TensorImpl*>(handle))) : Tensor();
}

// A second reference to what the handle refers to.
inline Tensor share(const basin_tensor* handle) {
  using Pointer = c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>;
  auto* impl = reinterpret_cast<at::TensorImpl*>(const_cast<basin_tensor*>(handle));
  return handle ? Tensor(Pointer::unsafe_reclaim_from_nonowning(impl)) : Tensor();
}

// The handle of a tensor that stays with its owner.
inline basin_tensor* lend(const Tensor& tensor) {
  return tensor.defined() ? reinterpret_cast<basin_tensor*>(tensor.unsafeGetTensorImpl()) : nullptr;
}

// A handle read as a tensor without touching its reference count; null reads as an undefined tensor.
class Borrowed {
 public:
  explicit Borrowed(const basin_tensor* handle) {
    auto* impl = handle ? reinterpret_cast<at::TensorImpl*>(const_cast<basin_tensor*>(handle))
                        : static_cast<at::TensorImpl*>(at::UndefinedTensorImpl::singleton());
    new (&tensor_) Tensor(c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>::reclaim(impl));
  }
  ~Borrowed() { tensor_.unsafeReleaseTensorImpl(); }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  operator const Tensor&() const { return tensor_; }
  const Tensor& get() const { return tensor_; }
  const Tensor* operator->() const { return &tensor_; }
  std::optional<Tensor> optional() const { return tensor_.defined() ? std::optional<Tensor>(tensor_) : std::nullopt; }

 private:
  union {
    Tensor tensor_;
  };
};

at::ScalarType scalar_type(int32_t dtype);  // BASIN_FLOAT32 -> at::kFloat; Error for a number that is none
int32_t dtype_of(at::ScalarType type);      // BASIN_OTHER_TYPE where Basin has no number
at::Device device_of(int32_t device, int32_t index = 0);

void set_last_error(const char* sentence);
const char* last_error();

// The exception in flight as a status, with its sentence in last_error(). Call it inside a catch block.
basin_status caught() noexcept;

// Runs what stands behind an exported function: no exception crosses the border.
template <class F>
basin_status guard(F&& body) noexcept {
  try {
    body();
    return BASIN_OK;
  } catch (...) {
    return caught();
  }
}

// The other direction: a plugin's status becomes an Error with its sentence.
inline void check(basin_status status) {
  if (status != BASIN_OK) [[unlikely]]
    throw Error(last_error(), status);
}

// The host's table. A room adds the interfaces it implements at start-up, before any plugin is loaded.
const basin_host* host_table();
void add_interface(const char* id, const void* table);
void add_abi_interfaces();  // tensor, ops, autograd, random, state, parameters, layer, log, parallel

}  // namespace basin
