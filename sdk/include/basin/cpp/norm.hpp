// norm.hpp: the 2-norm of many large tensors together, as SAM and clipping need it.
#pragma once
#include "parameters.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

// sqrt(sum of squares over all tensors): float32 [], without waiting for the device.
inline Tensor joint_norm(Span<const Tensor> tensors) {
  Tensor total;
  for (const Tensor& t : tensors) {
    const Tensor norm = t.norm().to(Type::float64), square = norm * norm;
    total = total ? total + square : square;
  }
  return total ? total.sqrt().to(Type::float32) : Tensor::zeros({});
}

// Of all gradients, over all groups.
inline Tensor gradient_norm(const Parameters& parameters) {
  std::vector<Tensor> all;
  for (const Group& g : parameters) all.push_back(g.gradients);
  return joint_norm(all);
}

}  // namespace basin
#pragma GCC visibility pop
