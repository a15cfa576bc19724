// Sharpness-aware minimization (Foret et al. 2021, arXiv 2010.01412, eq. 2 and 3): the base optimizer takes its step
// with the gradients found at w + e, e = rho g / |g|, the norm over all parameters together. Adaptive: e = rho w^2 g /
// |w g|, elementwise, so that e scales with the weights (the plugin asam has the paper's whole form of that).
//
// It reports the sharpness L(w + e) - L(w), and warns after 300 steps of a rho at which the training does not start.
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
  Tensor sums;  // [3] float64: of the first 20 losses, of the losses and of the sharpness in steps 281 to 300

  void start(Parameters p, State state) {
    parameters_ = p;
    sums = state.tensor("started", {3}, Type::float64);
  }

  LossResult step(const Context& context, const Closure& closure) {
    return base.step(context, [&](const Request& request) {
      const LossResult first = closure(request);  // gradients at w
      if (!request.gradients) return first;
      and_back(parameters_, [&] {
        climb();
        const Tensor sharpness = closure(request).loss - first.loss;  // gradients at w + e
        report(parameters_, "sharpness", sharpness);
        watch(context.step, first.loss, sharpness);
      });
      return first;
    });
  }

 private:
  void climb() {
    std::vector<Tensor> scaled;
    for (const Group& g : parameters_) scaled.push_back(adaptive ? g.values.abs() * g.gradients : g.gradients);
    const Tensor scale = rho / (joint_norm(scaled) + 1e-12);  // []
    for (size_t i = 0; i < scaled.size(); ++i) {
      const Group& g = parameters_[i];
      g.values.addcmul_(adaptive ? scaled[i] * g.values.abs() : g.gradients, scale);
    }
  }

  // Where e is so long that the gradients at w + e say nothing about w, the loss stays where it began. The sharpness
  // grows at least as e does, so this much shorter an e raises the loss by a tenth, and the training starts.
  void watch(uint64_t step, const Tensor& loss, const Tensor& sharpness) {
    if (step < 20) sums.narrow(0, 0, 1).add_(loss);
    if (step >= 280 && step < 300) sums.narrow(0, 1, 1).add_(loss), sums.narrow(0, 2, 1).add_(sharpness);
    if (step != 299) return;
    const std::vector<double> s = sums.values<double>();
    if (!(s[0] > 0 && s[1] > 0.9 * s[0] && s[2] > 0.1 * s[1])) return;
    char text[300];
    std::snprintf(
        text, sizeof text,
        "After 300 steps the loss is %.3g, and it began at %.3g: with rho = %.3g the training does not start, "
        "because the loss at w + e is %.2g higher. Try rho = %.1g.",
        s[1] / 20, s[0] / 20, rho, s[2] / 20, rho * 0.1 * s[1] / s[2]);
    log_warning(text);
  }
};

}  // namespace

BASIN_PLUGIN("sam", "0.1.0", "Apache-2.0", "Sharpness-aware minimization.", OptimizerComponent<Sam>)
