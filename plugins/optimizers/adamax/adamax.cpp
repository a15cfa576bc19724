// AdaMax (Kingma and Ba 2015, arXiv 1412.6980, Algorithm 2): Adam with the largest gradient in sight in place of the
// root mean square, m <- beta1 m + (1 - beta1) g, u <- max(beta2 u, |g| + eps), w <- w - lr / (1 - beta1^t) m / u. One
// pass over each arena.
#include <basin/basin.hpp>

namespace {
using namespace basin;

struct Adamax {
  static constexpr const char* name = "adamax";
  static constexpr const char* summary = "AdaMax: Adam with the infinity norm (Kingma and Ba 2015, arXiv 1412.6980).";
  double lr, beta1, beta2, eps, weight_decay;

  static auto parameters() {
    return declare(
        number("lr", &Adamax::lr, 2e-3, "Learning rate.").at_least(0),
        number("beta1", &Adamax::beta1, 0.9, "Decay of the mean of gradients.").between(0, 0.9999999),
        number("beta2", &Adamax::beta2, 0.999, "Decay of the largest gradient.").between(0, 1),
        number("eps", &Adamax::eps, 1e-8, "Added to the size of a gradient, so that none is 0.").at_least(0),
        number("weight_decay", &Adamax::weight_decay, 0, "Times the values, added to the gradients.").at_least(0));
  }

  Parameters parameters_;
  std::vector<Tensor> means, largest;  // [n] each
  Tensor steps;                        // []

  void start(Parameters p, State state) {
    parameters_ = p;
    means = state_arenas(p, state, "m");
    largest = state_arenas(p, state, "u");
    steps = state.tensor("step", {});
  }

  LossResult step(const Context&, const Closure& closure) {
    static const Op maximum("aten::maximum(Tensor self, Tensor other) -> Tensor");
    const LossResult result = closure();
    const Tensor correction = bias_correction(beta1, steps.add_(1));
    for (size_t i = 0; i < means.size(); ++i) {
      const Group& group = parameters_[i];
      const Tensor rate = learning_rate(group, lr) / correction;
      one_pass(
          [&](const Tensor& w, const Tensor& gradient, const Tensor& m, const Tensor& u) {
            const Tensor g = weight_decay > 0 ? gradient + w * weight_decay : gradient;
            m.lerp_(g, 1 - beta1);
            u.copy_(maximum(u * beta2, g.abs() + eps));
            w.addcmul_(m / u, rate, -1);
          },
          group.values, group.gradients, means[i], largest[i]);
    }
    return result;
  }
};

}  // namespace

BASIN_PLUGIN("adamax", "0.1.0", "Apache-2.0", "AdaMax: Adam with the infinity norm.", OptimizerComponent<Adamax>)
