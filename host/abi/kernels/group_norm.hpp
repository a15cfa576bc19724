// Group normalization (Wu and He 2018, arXiv:1803.08494, eq. 1-3) with what follows it in a diffusion U-Net in one
// pass: the scale and shift of the time embedding (ADM's "AdaGN": Dhariwal and Nichol 2021, arXiv:2105.05233, eq. 3)
// and SiLU.
#pragma once
#include "abi/aten.hpp"

namespace basin::kernels {

enum class Activation { none, silu };

// y = act(GN(x) (1 + scale) + shift), of x's type, shape and memory format. Differentiable, twice as well.
//   x            [B,C,H,W] or [B,C,T], contiguous or channels_last (for [B,C,T]: its transpose is contiguous); another
//                order is copied first. Any floating type; fp32 and bf16 on the CPU are fast, bf16 computing in fp32
//   groups       divides C
//   weight, bias [C], or undefined for 1 and 0
//   scale, shift [B,C], any strides, each may be undefined for 0; their type may differ from x's
//   eps          added to the variance
// Sums are taken in fixed slices: the result does not depend on the number of threads. Throws basin::Error where the
// shapes do not fit.
at::Tensor group_norm_act(const at::Tensor& x, int64_t groups, const at::Tensor& weight, const at::Tensor& bias,
                          const at::Tensor& scale, const at::Tensor& shift, Activation act, double eps);

// The same from ATen's operators: what the fast path is tested against, and the path of CUDA, of other types, and of
// gradients of gradients.
at::Tensor group_norm_act_reference(const at::Tensor& x, int64_t groups, const at::Tensor& weight,
                                    const at::Tensor& bias, const at::Tensor& scale, const at::Tensor& shift,
                                    Activation act, double eps);

}  // namespace basin::kernels
