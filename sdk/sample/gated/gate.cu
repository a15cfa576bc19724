// The gate on a GPU: each thread takes elements in the order of memory.
#include "gate.hpp"

namespace gate {
namespace {

constexpr int kThreads = 256;
constexpr int64_t kMostBlocks = 1 << 16;

template <class T>
__global__ void kernel(Job job) {
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < job.count; i += stride)
    element<T>(job, i);
}

}  // namespace

const char* launch(const Job& job, int device, void* stream) {
  if (job.count == 0) return nullptr;
  int before = 0;
  cudaError_t error = cudaGetDevice(&before);
  if (error == cudaSuccess) error = cudaSetDevice(device);
  if (error != cudaSuccess) return cudaGetErrorString(error);
  const int64_t needed = (job.count + kThreads - 1) / kThreads;
  const auto blocks = static_cast<unsigned>(needed < kMostBlocks ? needed : kMostBlocks);
  const auto on = static_cast<cudaStream_t>(stream);
  if (job.bfloat16) kernel<BFloat16><<<blocks, kThreads, 0, on>>>(job);
  else kernel<float><<<blocks, kThreads, 0, on>>>(job);
  error = cudaGetLastError();
  cudaSetDevice(before);  // the host's choice of device is not ours to change
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

}  // namespace gate
