// Launches of the kernels, for module.cpp: no ATen on this side of nvcc.
#pragma once
#include <cuda_runtime_api.h>

#include "cuda/threads.hpp"

namespace basin::cuda_kernels {

// Rows [rows, job.n] of float (BASIN_NORMAL, BASIN_UNIFORM) or int64 (BASIN_BITS), rows <= kRows.
cudaError_t launch_draw(const Job& job, uint32_t rows, int32_t distribution, void* out, cudaStream_t stream);
cudaError_t launch_dropout(const Job& job, uint32_t rows, uint32_t threshold, float scale, bool bf16, const void* x,
                           void* y, cudaStream_t stream);

}  // namespace basin::cuda_kernels
