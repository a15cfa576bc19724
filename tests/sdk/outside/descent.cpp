// The shortest optimizer, as basin/basin.hpp shows it.
#include <basin/basin.hpp>

struct Descent {
  static constexpr const char* name = "descent";
  static constexpr const char* summary = "Plain gradient descent.";
  double lr;
  static auto parameters() {
    return basin::declare(basin::number("lr", &Descent::lr, 0.1, "Learning rate.").at_least(0));
  }
  basin::Parameters parameters_;
  void start(basin::Parameters p, basin::State) { parameters_ = p; }
  basin::LossResult step(const basin::Context&, const basin::Closure& closure) {
    basin::LossResult result = closure();
    for (auto& group : parameters_) group.values.add_(group.gradients * group.rate, -lr);
    return result;
  }
};
BASIN_PLUGIN("descent", "1.0.0", "Apache-2.0", "Gradient descent.", basin::OptimizerComponent<Descent>)
