// Two builds of one plugin, for reload.sh: every step adds STEP to all weights.
#include <basin/basin.hpp>

namespace {
using namespace basin;

struct Step {
  static constexpr const char* name = "step";
  static constexpr const char* summary = "Adds a constant to all weights.";

  Parameters parameters_;
  void start(Parameters p, State) { parameters_ = p; }
  LossResult step(const Context&, const Closure& closure) {
    const LossResult result = closure();
    for (const Group& group : parameters_) group.values.add_(Tensor::from(std::vector<float>{STEP}), 1.0);
    return result;
  }
};

}  // namespace

BASIN_PLUGIN("step", STEP == 1 ? "0.0.1" : "0.0.2", "Apache-2.0", "Adds a constant.", OptimizerComponent<Step>)
