// Random numbers and dropout on CUDA: a thread for each block of Philox, doing what threads.hpp says.
#include <basin/random.h>

#include "cuda/launch.hpp"

namespace basin::cuda_kernels {
namespace {

constexpr uint32_t kThreads = 256;

// x: blocks of Philox; y: rows
dim3 grid(int64_t n, int values_of_a_block, uint32_t rows) {
  const int64_t blocks = (n + values_of_a_block - 1) / values_of_a_block;
  return dim3(static_cast<uint32_t>((blocks + kThreads - 1) / kThreads), rows);
}

template <Distribution distribution, class T>
__global__ void __launch_bounds__(kThreads) draw_kernel(const Job job, T* out) {
  draw_thread<distribution>(job, blockIdx.y, blockIdx.x * kThreads + threadIdx.x, out);
}

template <class T>
__global__ void __launch_bounds__(kThreads)
    dropout_kernel(const Job job, uint32_t threshold, float scale, const T* x, T* y) {
  dropout_thread(job, threshold, scale, blockIdx.y, blockIdx.x * kThreads + threadIdx.x, x, y);
}

}  // namespace

cudaError_t launch_draw(const Job& job, uint32_t rows, int32_t distribution, void* out, cudaStream_t stream) {
  const dim3 size = grid(job.n, 4, rows);
  if (distribution == BASIN_NORMAL)
    draw_kernel<Distribution::normal><<<size, kThreads, 0, stream>>>(job, static_cast<float*>(out));
  else if (distribution == BASIN_UNIFORM)
    draw_kernel<Distribution::uniform><<<size, kThreads, 0, stream>>>(job, static_cast<float*>(out));
  else draw_kernel<Distribution::bits><<<size, kThreads, 0, stream>>>(job, static_cast<int64_t*>(out));
  return cudaGetLastError();
}

cudaError_t launch_dropout(const Job& job, uint32_t rows, uint32_t threshold, float scale, bool bf16, const void* x,
                           void* y, cudaStream_t stream) {
  const dim3 size = grid(job.n, 8, rows);
  if (bf16)
    dropout_kernel<<<size, kThreads, 0, stream>>>(job, threshold, scale, static_cast<const Bfloat16*>(x),
                                                  static_cast<Bfloat16*>(y));
  else
    dropout_kernel<<<size, kThreads, 0, stream>>>(job, threshold, scale, static_cast<const float*>(x),
                                                  static_cast<float*>(y));
  return cudaGetLastError();
}

}  // namespace basin::cuda_kernels
