#include "abi/kernels/norm.hpp"

#include <numeric>

namespace basin::kernels {
namespace {

constexpr int64_t kBlock = 1 << 15;  // numbers

double sum_of_squares(const float* x, int64_t n) {
  double lanes[8] = {};  // one chain of additions would wait for itself
  int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (int64_t k = 0; k < 8; k++) lanes[k] += static_cast<double>(x[i + k]) * x[i + k];
  for (; i < n; i++) lanes[0] += static_cast<double>(x[i]) * x[i];
  return std::accumulate(std::begin(lanes), std::end(lanes), 0.0);
}

}  // namespace

at::Tensor norm(const at::Tensor& a) {
  // A GPU adds in a tree, and a double has places enough.
  if (!a.is_cpu() || !a.is_floating_point() || a.scalar_type() == at::kDouble) return at::linalg_vector_norm(a);
  if (a.scalar_type() != at::kFloat || (at::GradMode::is_enabled() && a.requires_grad()))
    return at::linalg_vector_norm(a.to(at::kDouble)).to(a.scalar_type());
  const at::Tensor dense = a.is_non_overlapping_and_dense() ? a : a.contiguous();
  const float* x = dense.const_data_ptr<float>();
  const int64_t n = dense.numel(), blocks = (n + kBlock - 1) / kBlock;
  std::vector<double> sums(static_cast<size_t>(blocks));
  at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; b++)
      sums[static_cast<size_t>(b)] = sum_of_squares(x + b * kBlock, std::min(kBlock, n - b * kBlock));
  });
  return at::scalar_tensor(std::sqrt(std::accumulate(sums.begin(), sums.end(), 0.0)), a.options());
}

}  // namespace basin::kernels
