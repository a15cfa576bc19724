// kernel.hpp: what a kernel of one's own needs of a tensor. sdk/sample/gated is a plugin with one, for CPU and CUDA.
//
// Tensor::info() says where a tensor lies (device, device_index), its type, sizes, strides (in elements, 0 where a
// dimension is broadcast) and `data`, which may be read; on a GPU from kernels on the current stream.
#pragma once
#include "tensor.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

// The memory for writing, on any device, laid out as info() says. Ask again before each change: it tells caches and
// autograd that the values are others.
inline void* writable(const Tensor& tensor) {
  void* out = nullptr;
  call<&basin_tensor_interface::mutable_data>(tensor.handle(), &out);
  return out;
}

// The current CUDA stream of the tensor's device, a cudaStream_t: launch there, and wait for nothing. Null on the CPU.
inline void* cuda_stream(const Tensor& tensor) {
  void* out = nullptr;
  call<&basin_tensor_interface::stream>(static_cast<const basin_tensor*>(tensor.handle()), &out);
  return out;
}

// DLPack, for libraries that speak it; no values are copied. to_dlpack gives a DLManagedTensor* (of the ABI before
// versions), outside of every graph, that whoever takes it frees with its deleter; before it is written through, ask for
// writable(), because nobody else can tell that the values change. from_dlpack takes one over, also where it fails, and
// calls its deleter when the last tensor over that memory is gone.
inline void* to_dlpack(const Tensor& tensor) {
  void* out = nullptr;
  call<&basin_tensor_interface::to_dlpack>(tensor.handle(), &out);
  return out;
}
inline Tensor from_dlpack(void* managed) { return detail::make<&basin_tensor_interface::from_dlpack>(managed); }

}  // namespace basin
#pragma GCC visibility pop
