// norm.hpp: norms and products of many large tensors together, as SAM and clipping need them.
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

// sum of a_i b_i over all elements of all pairs: float32 [].
inline Tensor joint_dot(Span<const Tensor> a, Span<const Tensor> b) {
  Tensor total;
  for (size_t i = 0; i < a.size(); ++i) {
    const Tensor part = (a[i] * b[i]).sum().to(Type::float64);
    total = total ? total + part : part;
  }
  return total ? total.to(Type::float32) : Tensor::zeros({});
}

// Those of all groups, [n] each.
inline std::vector<Tensor> gradients_of(const Parameters& parameters) {
  std::vector<Tensor> all;
  for (const Group& g : parameters) all.push_back(g.gradients);
  return all;
}
inline std::vector<Tensor> copied_gradients(const Parameters& parameters) {
  std::vector<Tensor> all;
  for (const Group& g : parameters) all.push_back(g.gradients.clone());
  return all;
}

// Of all gradients, over all groups.
inline Tensor gradient_norm(const Parameters& parameters) { return joint_norm(gradients_of(parameters)); }

}  // namespace basin
#pragma GCC visibility pop
