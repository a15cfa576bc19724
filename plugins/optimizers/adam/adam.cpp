// Adam (Kingma and Ba 2015, arXiv 1412.6980, Algorithm 1) with decoupled weight decay (Loshchilov and Hutter 2019,
// arXiv 1711.05101, Algorithm 2; 0 makes it plain Adam). One pass over each arena by the engine's fused kernel.
#include <basin/basin.hpp>

namespace {
using namespace basin;

struct Adam {
  static constexpr const char* name = "adam";
  static constexpr const char* summary =
      "Adam with decoupled weight decay (Kingma and Ba 2015, arXiv 1412.6980; Loshchilov and Hutter 2019, arXiv "
      "1711.05101).";
  double lr, beta1, beta2, eps, weight_decay;

  static auto parameters() {
    return declare(
        number("lr", &Adam::lr, 1e-4, "Learning rate.").at_least(0),
        number("beta1", &Adam::beta1, 0.9, "Decay of the mean of gradients.").between(0, 0.9999999),
        number("beta2", &Adam::beta2, 0.999, "Decay of the mean of squared gradients.").between(0, 0.9999999),
        number("eps", &Adam::eps, 1e-8, "Added to the root of the mean of squares.").at_least(0),
        number("weight_decay", &Adam::weight_decay, 0, "Decoupled: values shrink by lr times this.").at_least(0));
  }

  Parameters parameters_;
  std::vector<Tensor> means, squares, steps;  // [n], [n], [] each

  void start(Parameters p, State state) {
    parameters_ = p;
    means = state_arenas(p, state, "m");
    squares = state_arenas(p, state, "v");
    for (const Group& g : p) steps.push_back(state.tensor(g.name + ".step", {}));
  }

  LossResult step(const Context&, const Closure& closure) {
    const LossResult result = closure();
    for (size_t i = 0; i < means.size(); ++i) {
      const Group& g = parameters_[i];
      adamw({g.values}, {g.gradients}, {means[i]}, {squares[i]}, steps[i].add_(1), learning_rate(g, lr),
            {beta1, beta2, eps, weight_decay});
    }
    return result;
  }
};

}  // namespace

BASIN_PLUGIN("adam", "0.1.0", "Apache-2.0", "Adam with decoupled weight decay.", OptimizerComponent<Adam>)
