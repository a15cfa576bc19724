// Sharpness-aware minimization (Foret et al. 2021, arXiv 2010.01412, eq. 2 and 3): the base optimizer takes its step
// with the gradients found at w + e, e = rho g / |g|, the norm over all parameters together. Adaptive: e = rho w^2 g /
// |w g|, elementwise, so that e scales with the weights (the plugin asam has the paper's whole form of that).
//
// It reports the sharpness L(w + e) - L(w), and warns after 300 steps of a rho at which the training does not start.
#include <algorithm>
#include <basin/basin.hpp>
#include <basin/cpp/start_watch.hpp>

namespace {
using namespace basin;

struct Sam {
  static constexpr const char* name = "sam";
  static constexpr const char* summary =
      "Sharpness-aware minimization (Foret et al. 2021, arXiv 2010.01412, eq. 2), around any optimizer.";
  double rho;
  int64_t warmup;
  bool adaptive;
  Optimizer base;

  static auto parameters() {
    return declare(
        number("rho", &Sam::rho, 0.05, "Radius of the ball, over all parameters together.").at_least(0),
        integer("warmup", &Sam::warmup, 0, "Steps over which rho grows from 0: a long e then meets a trained network.")
            .at_least(0)
            .unit("steps"),
        boolean("adaptive", &Sam::adaptive, false, "A ball that scales with the weights (Kwon et al. 2021)."),
        component("base", &Sam::base, "optimizer", "The optimizer that takes the step."));
  }

  Parameters parameters_;
  StartWatch watch;

  void start(Parameters p, State state) {
    parameters_ = p;
    watch.start(state);
  }

  LossResult step(const Context& context, const Closure& closure) {
    const double share = static_cast<double>(context.step + 1) / static_cast<double>(std::max<int64_t>(1, warmup));
    const double radius = rho * std::min(1.0, share);
    return base.step(context, [&](const Request& request) {
      const LossResult first = closure(request);  // gradients at w
      if (!request.gradients) return first;
      and_back(parameters_, [&] {
        climb(radius);
        const Tensor sharpness = closure(request).loss - first.loss;  // gradients at w + e
        report(parameters_, "sharpness", sharpness);
        watch(context.step, radius, first.loss, sharpness);
      });
      return first;
    });
  }

 private:
  void climb(double radius) {
    std::vector<Tensor> scaled;
    for (const Group& g : parameters_) scaled.push_back(adaptive ? g.values.abs() * g.gradients : g.gradients);
    const Tensor scale = radius / (joint_norm(scaled) + 1e-12);  // []
    for (size_t i = 0; i < scaled.size(); ++i) {
      const Group& g = parameters_[i];
      g.values.addcmul_(adaptive ? scaled[i] * g.values.abs() : g.gradients, scale);
    }
  }
};

}  // namespace

BASIN_PLUGIN("sam", "0.3.0", "Apache-2.0", "Sharpness-aware minimization.", OptimizerComponent<Sam>)
