// Sharpness-aware minimization (Foret et al. 2021, arXiv 2010.01412, eq. 2 and 3): the base optimizer takes its step
// with the gradients found at w + e, e = rho g / |g|, the norm over all parameters together. Adaptive (Kwon et al.
// 2021, arXiv 2102.11600): e = rho w^2 g / |w g|, elementwise, so that e scales with the weights.
#include <basin/basin.hpp>

namespace {
using namespace basin;

struct Sam {
  static constexpr const char* name = "sam";
  static constexpr const char* summary =
      "Sharpness-aware minimization (Foret et al. 2021, arXiv 2010.01412, eq. 2), around any optimizer.";
  double rho;
  bool adaptive;
  Optimizer base;

  static auto parameters() {
    return declare(
        number("rho", &Sam::rho, 0.05, "Radius of the ball, over all parameters together.").at_least(0),
        boolean("adaptive", &Sam::adaptive, false, "A ball that scales with the weights (Kwon et al. 2021)."),
        component("base", &Sam::base, "optimizer", "The optimizer that takes the step."));
  }

  Parameters parameters_;
  std::vector<Tensor> before;  // the values at w, [n] each: copied back, so that they return bit for bit

  void start(Parameters p, State) { parameters_ = p; }

  LossResult step(const Context& context, const Closure& closure) {
    return base.step(context, [&](const Request& request) {
      const LossResult first = closure(request);  // gradients at w
      if (!request.gradients) return first;
      climb();
      try {
        closure(request);  // gradients at w + e
      } catch (...) {
        restore();
        throw;
      }
      restore();
      return first;
    });
  }

 private:
  void climb() {
    before.resize(parameters_.size());
    std::vector<Tensor> directions;
    for (const Group& g : parameters_) directions.push_back(adaptive ? g.values.abs() * g.gradients : g.gradients);
    const Tensor scale = rho / (joint_norm(directions) + 1e-12);  // []
    for (size_t i = 0; i < parameters_.size(); ++i) {
      const Group& g = parameters_[i];
      if (!before[i]) before[i] = g.values.clone();
      else before[i].copy_(g.values);
      if (adaptive) g.values.addcmul_(directions[i] * before[i].abs(), scale);
      else g.values.addcmul_(g.gradients, scale);
    }
  }
  void restore() {
    for (size_t i = 0; i < parameters_.size(); ++i) parameters_[i].values.copy_(before[i]);
  }
};

}  // namespace

BASIN_PLUGIN("sam", "0.1.0", "Apache-2.0", "Sharpness-aware minimization.", OptimizerComponent<Sam>)
