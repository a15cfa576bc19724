// Lion (Chen et al. 2023, arXiv 2302.06675, Algorithm 2): w <- w - lr (sign(beta1 m + (1 - beta1) g) + weight_decay w),
// then m <- beta2 m + (1 - beta2) g. One pass over each arena.
#include <basin/basin.hpp>

namespace {
using namespace basin;

struct Lion {
  static constexpr const char* name = "lion";
  static constexpr const char* summary = "Lion: the sign of a momentum (Chen et al. 2023, arXiv 2302.06675).";
  double lr, beta1, beta2, weight_decay;

  static auto parameters() {
    return declare(
        number("lr", &Lion::lr, 1e-4, "Learning rate: what every weight moves by; a third to a tenth of Adam's.")
            .at_least(0),
        number("beta1", &Lion::beta1, 0.9, "Share of the momentum in the direction.").between(0, 1),
        number("beta2", &Lion::beta2, 0.99, "Decay of the momentum.").between(0, 1),
        number("weight_decay", &Lion::weight_decay, 0, "Decoupled: values shrink by lr times this.").at_least(0));
  }

  Parameters parameters_;
  std::vector<Tensor> momenta;  // [n] each

  void start(Parameters p, State state) {
    parameters_ = p;
    momenta = state_arenas(p, state, "momentum");
  }

  LossResult step(const Context&, const Closure& closure) {
    static const Op sign("aten::sign(Tensor self) -> Tensor");
    const LossResult result = closure();
    for (size_t i = 0; i < momenta.size(); ++i) {
      const Group& group = parameters_[i];
      const Tensor rate = learning_rate(group, lr);
      one_pass(
          [&](const Tensor& w, const Tensor& g, const Tensor& m) {
            const Tensor direction = sign(m * beta1 + g * (1 - beta1));
            w.addcmul_(weight_decay > 0 ? direction.add_(w, weight_decay) : direction, rate, -1);
            m.lerp_(g, 1 - beta2);
          },
          group.values, group.gradients, momenta[i]);
    }
    return result;
  }
};

}  // namespace

BASIN_PLUGIN("lion", "0.1.0", "Apache-2.0", "Lion: the sign of a momentum.", OptimizerComponent<Lion>)
