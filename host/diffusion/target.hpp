// What a model predicts, and how each prediction turns into the others.
//
// With x_t = alpha x0 + sigma epsilon:
//   epsilon  the noise                        (Ho et al. 2020, arXiv 2006.11239)
//   x0       the clean image
//   v        alpha epsilon - sigma x0         (Salimans and Ho 2022, arXiv 2202.00512);
//                                             its inverse needs alpha^2 + sigma^2 = 1
//   score    -epsilon / sigma                 the gradient of log q(x_t | x0) in x_t (Song et al. 2021, arXiv 2011.13456)
#pragma once
#include <string>

#include "abi/aten.hpp"

namespace basin {

enum class Target { epsilon, x0, v, score };

const char* target_name(Target target);

// All take tensors [B,...]; alpha and sigma broadcast against them ([B,1,1,1] from gather, or single numbers).
at::Tensor make_target(Target target, const at::Tensor& x0, const at::Tensor& epsilon, const at::Tensor& alpha,
                       const at::Tensor& sigma);
at::Tensor x0_from(Target target, const at::Tensor& prediction, const at::Tensor& x_t, const at::Tensor& alpha,
                   const at::Tensor& sigma);
at::Tensor epsilon_from(Target target, const at::Tensor& prediction, const at::Tensor& x_t, const at::Tensor& alpha,
                        const at::Tensor& sigma);
// One kind of prediction into another; the same tensor when the kinds agree.
at::Tensor convert(Target from, Target to, const at::Tensor& prediction, const at::Tensor& x_t, const at::Tensor& alpha,
                   const at::Tensor& sigma);

}  // namespace basin
