// Adan (Xie et al. 2022, arXiv 2208.06677, Algorithm 1): Nesterov's momentum of an adaptive step, from the changes of
// the gradient, d = g - g of the step before (0 in the first). The betas are what is kept, 1 minus the paper's; the
// means are corrected for their beginning at 0, as in its authors' program.
//   m <- beta1 m + (1 - beta1) g,   v <- beta2 v + (1 - beta2) d,   n <- beta3 n + (1 - beta3) (g + beta2 d)^2
//   w <- (w - lr (m' + beta2 v') / (sqrt(n') + eps)) / (1 + lr weight_decay)
// One pass over each arena.
#include <basin/basin.hpp>

namespace {
using namespace basin;

struct Adan {
  static constexpr const char* name = "adan";
  static constexpr const char* summary = "Adan: adaptive Nesterov momentum (Xie et al. 2022, arXiv 2208.06677).";
  double lr, beta1, beta2, beta3, eps, weight_decay;

  static auto parameters() {
    return declare(
        number("lr", &Adan::lr, 1e-3, "Learning rate.").at_least(0),
        number("beta1", &Adan::beta1, 0.98, "Decay of the mean of gradients.").between(0, 0.9999999),
        number("beta2", &Adan::beta2, 0.92, "Decay of the mean of their changes.").between(0, 0.9999999),
        number("beta3", &Adan::beta3, 0.99, "Decay of the mean of squares.").between(0, 0.9999999),
        number("eps", &Adan::eps, 1e-8, "Added to the root of the mean of squares.").at_least(0),
        number("weight_decay", &Adan::weight_decay, 0, "Values are divided by 1 + lr times this.").at_least(0));
  }

  Parameters parameters_;
  std::vector<Tensor> means, changes, squares, earlier;  // [n] each
  Tensor steps;                                          // []

  void start(Parameters p, State state) {
    parameters_ = p;
    means = state_arenas(p, state, "m");
    changes = state_arenas(p, state, "v");
    squares = state_arenas(p, state, "n");
    earlier = state_arenas(p, state, "gradient");
    steps = state.tensor("step", {});
  }

  LossResult step(const Context&, const Closure& closure) {
    const LossResult result = closure();
    const Tensor later = steps.clamp(0, 1);  // 0 in the first step, then 1
    steps.add_(1);
    const Tensor c1 = bias_correction(beta1, steps), c2 = bias_correction(beta2, steps) / beta2,
                 c3 = bias_correction(beta3, steps);
    for (size_t i = 0; i < means.size(); ++i) {
      const Group& group = parameters_[i];
      const Tensor rate = learning_rate(group, lr), shrink = 1 + rate * weight_decay;
      one_pass(
          [&](const Tensor& w, const Tensor& g, const Tensor& m, const Tensor& v, const Tensor& n, const Tensor& last) {
            const Tensor d = (g - last) * later, ahead = g + d * beta2;
            last.copy_(g);
            m.lerp_(g, 1 - beta1);
            v.lerp_(d, 1 - beta2);
            n.mul_(beta3).addcmul_(ahead, ahead, 1 - beta3);
            w.addcmul_((m / c1 + v / c2) / ((n / c3).sqrt() + eps), rate, -1);
            if (weight_decay > 0) w.copy_(w / shrink);
          },
          group.values, group.gradients, means[i], changes[i], squares[i], earlier[i]);
    }
    return result;
  }
};

}  // namespace

BASIN_PLUGIN("adan", "0.1.0", "Apache-2.0", "Adan: adaptive Nesterov momentum.", OptimizerComponent<Adan>)
