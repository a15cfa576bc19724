// Sign descent with momentum (Bernstein et al. 2018, arXiv 1802.04434, Algorithm 2): every weight moves by the same
// amount, against the sign of the running mean of its gradients.
//
//   m <- momentum m + (1 - momentum) g,   w <- w - lr (sign(m) + weight_decay w)
#include <basin/basin.hpp>

namespace {
using namespace basin;

struct MyOptimizer {
  static constexpr const char* name = "my_optimizer";
  static constexpr const char* summary = "Sign descent with momentum (Bernstein et al. 2018, arXiv 1802.04434).";

  // The options: each line declares one, says its default and range, and fills the field.
  double lr, momentum, weight_decay;
  static auto parameters() {
    return declare(
        number("lr", &MyOptimizer::lr, 1e-3, "Learning rate: how far every weight moves.").at_least(0),
        number("momentum", &MyOptimizer::momentum, 0.9, "What is kept of the mean at each step.").between(0, 1),
        number("weight_decay", &MyOptimizer::weight_decay, 0, "Decay of the weights.").at_least(0));
  }

  Parameters parameters_;
  std::vector<Tensor> means;  // m of each group [n]

  // Once, before the first step. State is zeros at first; after a restart it holds what it held.
  void start(Parameters p, State state) {
    parameters_ = p;
    for (const Group& g : parameters_) means.push_back(state.like(g.name + ".mean", g.values));
    // The log is not among what an optimizer needs, so ask: an older host may lack it.
    if (host_has<&basin_log_interface::write>()) {
      int64_t weights = 0;
      for (const Group& g : parameters_) weights += g.values.numel();
      log_info(std::to_string(weights) + " weights");
    }
  }

  LossResult step(const Context&, const Closure& closure) {
    static const Op sign("aten::sign(Tensor self) -> Tensor");  // any operator of the engine, by its schema
    const LossResult result = closure();                        // forward and backward: the gradients lie in the groups
    for (size_t i = 0; i < parameters_.size(); ++i) {
      const Group& g = parameters_[i];  // all weights of a group in one tensor, their gradients in another
      means[i].lerp_(g.gradients, 1 - momentum);
      g.values.add_((sign(means[i]) + g.values * weight_decay) * g.rate, -lr);
    }
    return result;
  }
};

}  // namespace

BASIN_PLUGIN("my_optimizer", "0.1.0", "Apache-2.0", "Sign descent with momentum.", OptimizerComponent<MyOptimizer>)
