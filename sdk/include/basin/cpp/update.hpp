// update.hpp: what the step of an optimizer is made of. Nothing here waits for the device, so that a step can be
// captured.
#pragma once
#include <algorithm>

#include "op.hpp"
#include "parameters.hpp"
#include "services.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

// One tensor like each group's values, remembered as "<group>.<name>": zeros at first.
inline std::vector<Tensor> state_arenas(const Parameters& parameters, const State& state, const std::string& name) {
  std::vector<Tensor> all;
  for (const Group& g : parameters) all.push_back(state.like(g.name + "." + name, g.values));
  return all;
}

// lr times the group's rate: []. On the CPU in double, so that 1e-4 need not be rounded; CUDA's kernels read float32.
inline Tensor learning_rate(const Group& g, double lr) {
  return (g.rate.on_cpu() ? g.rate.to(Type::float64) : g.rate) * lr;
}

// 1 - beta^step, which a mean begun at 0 is divided by (Kingma and Ba 2015, section 3): float64 [].
inline Tensor bias_correction(double beta, const Tensor& step) {
  static const Op pow("aten::pow.Scalar(Scalar self, Tensor exponent) -> Tensor");
  return 1 - pow(beta, step.to(Type::float64));
}

// body(pieces of the tensors...), which all are [n], until they have been gone through once: on the CPU in pieces that
// stay in the cache from one operation of the body to the next, on the host's threads. The pieces do not depend on
// their number. What the body does to an element must not depend on the others.
template <class Body, class... Tensors>
void one_pass(Body&& body, const Tensor& first, const Tensors&... rest) {
  constexpr int64_t piece = 16384;
  const int64_t n = first.numel();
  if (!first.on_cpu() || n <= piece) return static_cast<void>(body(first, rest...));
  parallel_for((n + piece - 1) / piece, 1, [&](int64_t begin, int64_t end) {
    for (int64_t start = begin * piece; start < std::min(n, end * piece); start += piece) {
      const int64_t length = std::min(piece, n - start);
      body(first.narrow(0, start, length), rest.narrow(0, start, length)...);
    }
  });
}

// Runs `body`, which moves the weights, and puts them back bit for bit, also after an error: w + e - e is not w.
template <class Body>
void and_back(const Parameters& parameters, Body&& body) {
  std::vector<Tensor> before;
  for (const Group& g : parameters) before.push_back(g.values.clone());
  const auto restore = [&] {
    for (size_t i = 0; i < before.size(); ++i) parameters[i].values.copy_(before[i]);
  };
  try {
    body();
  } catch (...) {
    restore();
    throw;
  }
  restore();
}

// AdamW's step (Loshchilov and Hutter 2019, arXiv 1711.05101, Algorithm 2) by the engine's fused kernel: one pass over
// lists of equally many tensors. `step`: float32 [], the number of this step, the first is 1; `rate`: learning_rate().
struct Betas {
  double beta1, beta2, eps, weight_decay;
};
inline void adamw(const std::vector<Tensor>& values, const std::vector<Tensor>& gradients,
                  const std::vector<Tensor>& means, const std::vector<Tensor>& squares, const Tensor& step,
                  const Tensor& rate, const Betas& o) {
  static const Op fused(
      "aten::_fused_adamw_.tensor_lr(Tensor(a!)[] self, Tensor(b!)[] grads, Tensor(c!)[] exp_avgs, Tensor(d!)[] "
      "exp_avg_sqs, Tensor(e!)[] max_exp_avg_sqs, Tensor[] state_steps, *, Tensor lr, float beta1, float beta2, float "
      "weight_decay, float eps, bool amsgrad, bool maximize, Tensor? grad_scale=None, Tensor? found_inf=None) -> ()");
  if (values.empty()) return;
  const std::vector<Tensor> steps(values.size(), step);
  fused.act(values, gradients, means, squares, std::vector<Tensor>(), steps, rate, o.beta1, o.beta2, o.weight_decay,
            o.eps, false, false);
}

}  // namespace basin
#pragma GCC visibility pop
