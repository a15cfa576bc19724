// Stochastic gradient descent with momentum (Polyak 1964; Nesterov's form as in Sutskever et al. 2013, ICML, eq. 7) and
// weight decay as a part of the gradient. One pass over each arena by the engine's fused kernel.
#include <basin/basin.hpp>

namespace {
using namespace basin;

struct Sgd {
  static constexpr const char* name = "sgd";
  static constexpr const char* summary = "Stochastic gradient descent, with momentum and weight decay.";
  double lr, momentum, weight_decay;
  bool nesterov;

  static auto parameters() {
    return declare(
        number("lr", &Sgd::lr, 0.1, "Learning rate.").at_least(0),
        number("momentum", &Sgd::momentum, 0, "Decay of the sum of gradients.").between(0, 1),
        number("weight_decay", &Sgd::weight_decay, 0, "Times the values, added to the gradients.").at_least(0),
        boolean("nesterov", &Sgd::nesterov, false, "Looks ahead along the momentum; needs momentum."));
  }
  void check() {
    if (nesterov && momentum == 0) throw error("nesterov = true needs momentum above 0, for example momentum = 0.9.");
  }

  Parameters parameters_;
  std::vector<Tensor> velocities;  // [n] each, where there is momentum

  void start(Parameters p, State state) {
    parameters_ = p;
    if (momentum > 0) velocities = state_arenas(p, state, "velocity");
  }

  LossResult step(const Context&, const Closure& closure) {
    static const Op update(
        "aten::_fused_sgd_.tensor_lr(Tensor(a!)[] self, Tensor(b!)[] grads, Tensor(c!)[] momentum_buffer_list, *, "
        "float weight_decay, float momentum, Tensor lr, float dampening, bool nesterov, bool maximize, bool "
        "is_first_step, Tensor? grad_scale=None, Tensor? found_inf=None) -> ()");
    using List = std::vector<Tensor>;
    const LossResult result = closure();
    for (size_t i = 0; i < parameters_.size(); ++i) {
      const Group& g = parameters_[i];
      // a velocity of zeros needs no first step of its own
      update.act(List{g.values}, List{g.gradients}, velocities.empty() ? List{} : List{velocities[i]}, weight_decay,
                 momentum, learning_rate(g, lr), 0.0, nesterov, false, false);
    }
    return result;
  }
};

}  // namespace

BASIN_PLUGIN("sgd", "0.1.0", "Apache-2.0", "Stochastic gradient descent.", OptimizerComponent<Sgd>)
