// What the kernels' tests share: differences by norm, gradients of a list, memory formats, and a check of second
// derivatives by finite differences.
#pragma once
#include <iostream>

#include "abi/aten.hpp"
#include "catch.hpp"

namespace kernels_test {
using at::Tensor;
using Tensors = std::vector<Tensor>;

inline double difference(const Tensor& a, const Tensor& b) {
  const Tensor x = a.detach().to(at::kDouble), y = b.detach().to(at::kDouble);
  return (x - y).norm().item<double>() / std::max(1e-12, y.norm().item<double>());
}

// The largest difference of a test, printed when it ends
struct Largest {
  std::string name;
  double value = 0;
  explicit Largest(std::string name) : name(std::move(name)) {}
  ~Largest() { std::cout << name << ": largest difference " << value << '\n'; }
  double operator()(const Tensor& a, const Tensor& b) {
    const double d = difference(a, b);
    value = std::max(value, std::isnan(d) ? INFINITY : d);
    return d;
  }
};

inline Tensors gradients(const Tensor& y, const Tensors& of, const Tensor& dy, bool create_graph = false) {
  return torch::autograd::grad({y}, of, {dy}, true, create_graph);
}

// The same values with the channels innermost: [B,C,H,W] or [B,C,T]
inline Tensor last(const Tensor& x) {
  return x.dim() == 4 ? x.contiguous(at::MemoryFormat::ChannelsLast) : x.transpose(1, 2).contiguous().transpose(1, 2);
}

inline Tensor leaf(const Tensor& t) { return t.detach().clone().set_requires_grad(true); }

inline bool in_order(const Tensor& x, bool channels_last) {
  if (!channels_last) return x.is_contiguous();
  return x.dim() == 4 ? x.is_contiguous(at::MemoryFormat::ChannelsLast) : x.transpose(1, 2).is_contiguous();
}

// d/dx of sum(gradient of f at x, along dy, times v), by autograd and by central differences along a random direction
inline void check_second_derivative(const std::function<Tensor(const Tensor&)>& f, const Tensor& at, double tolerance) {
  const Tensor x = leaf(at), y = f(x), dy = at::randn_like(y), v = at::randn_like(x), along = at::randn_like(x);
  const Tensor g = gradients(y, {x}, dy, true)[0];
  const double exact = (gradients((g * v).sum(), {x}, at::ones({}, x.options()))[0] * along).sum().item<double>();
  const auto slope = [&](double step) {
    const Tensor moved = leaf(at + step * along);
    return (gradients(f(moved), {moved}, dy)[0] * v).sum().item<double>();
  };
  const double step = 1e-4, numeric = (slope(step) - slope(-step)) / (2 * step);
  INFO("autograd " << exact << ", finite differences " << numeric);
  CHECK(std::abs(exact - numeric) <= tolerance * std::max(1.0, std::abs(exact)));
}
}  // namespace kernels_test
