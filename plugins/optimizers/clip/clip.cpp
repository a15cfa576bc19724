// Clipping of gradients by their global norm (Pascanu et al. 2013, arXiv 1211.5063, Algorithm 1):
// g <- g min(1, c / |g|).
#include <basin/basin.hpp>

namespace {
using namespace basin;

struct Clip {
  static constexpr const char* name = "clip";
  static constexpr const char* summary =
      "Clips gradients by their global norm (Pascanu et al. 2013, arXiv 1211.5063), around any optimizer.";
  double norm;
  Optimizer base;

  static auto parameters() {
    return declare(number("norm", &Clip::norm, 1, "Largest norm, over all parameters together.").at_least(0),
                   component("base", &Clip::base, "optimizer", "The optimizer that takes the step."));
  }

  Parameters parameters_;
  void start(Parameters p, State) { parameters_ = p; }

  LossResult step(const Context& context, const Closure& closure) {
    return base.step(context, [&](const Request& request) {
      const LossResult result = closure(request);
      const Tensor factor = (norm / (gradient_norm(parameters_) + 1e-6)).clamp(0, 1);  // []
      for (const Group& g : parameters_) g.gradients.mul_(factor);
      return result;
    });
  }
};

}  // namespace

BASIN_PLUGIN("clip", "0.1.0", "Apache-2.0", "Clips gradients by their global norm.", OptimizerComponent<Clip>)
