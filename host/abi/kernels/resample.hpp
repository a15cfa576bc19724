// Resampling by two as ADM's residual blocks do it (Dhariwal and Nichol 2021, arXiv:2105.05233): without parameters.
#pragma once
#include "abi/aten.hpp"

namespace basin::kernels {

// x [B,C,H,W], any floating type, of whose type and memory format the result is; channels_last fp32 and bf16 on the CPU
// are fast. Differentiable, any number of times. Throw basin::Error where x is no image.
at::Tensor upsample_nearest(const at::Tensor& x);  // [B,C,2H,2W], every pixel four times
at::Tensor average_pool(const at::Tensor& x);  // [B,C,H/2,W/2], means of 2 x 2; an odd last row or column is left out

}  // namespace basin::kernels
