// norm.hpp: the 2-norm of many large tensors together, as SAM and clipping need it.
//
// One float32 accumulator over an arena of 57 million numbers is off by half a percent (measured with the engine's own
// norm), so rows of 1024 are summed in float32 and the rows in double.
#pragma once
#include "op.hpp"
#include "parameters.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

// sqrt(sum of squares over all tensors): float32 [], without waiting for the device. The tensors are contiguous.
inline Tensor joint_norm(Span<const Tensor> tensors) {
  static const Op vector_norm(
      "aten::linalg_vector_norm(Tensor self, Scalar ord=2, int[1]? dim=None, bool keepdim=False, *, ScalarType? "
      "dtype=None) -> Tensor");
  constexpr int64_t row = 1024;
  Tensor total;
  const auto add = [&](const Tensor& part) {  // [rows, row]
    const Tensor wide = vector_norm({part, 2, {1}}).to(Type::float64), square = (wide * wide).sum();
    total = total ? total + square : square;
  };
  for (const Tensor& t : tensors) {
    const int64_t n = t.numel(), whole = n / row * row;
    const Tensor flat = t.reshape({n});
    if (whole) add(flat.narrow(0, 0, whole).reshape({-1, row}));
    if (whole < n) add(flat.narrow(0, whole, n - whole).reshape({1, n - whole}));
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
