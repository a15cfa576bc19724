// The shortest optimizer: a name, a table of options that also fills the fields, and the functions of its kind.
#include <basin/basin.hpp>

namespace {
using namespace basin;

struct Descent {
  static constexpr const char* name = "descent";
  static constexpr const char* summary = "Plain gradient descent.";
  double lr;

  static auto parameters() { return declare(number("lr", &Descent::lr, 0.1, "Learning rate.").at_least(0)); }

  Parameters parameters_;
  void start(Parameters p, State) { parameters_ = p; }

  LossResult step(const Context&, const Closure& closure) {
    LossResult result = closure();  // forward and backward: the gradients lie in the groups
    for (const Group& group : parameters_) group.values.add_(group.gradients * group.rate, -lr);
    return result;
  }
};

}  // namespace

BASIN_PLUGIN("descent", "1.0.0", "Apache-2.0", "Gradient descent.", OptimizerComponent<Descent>)
