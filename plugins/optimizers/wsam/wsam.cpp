// Weighted sharpness-aware minimization (Yue et al. 2023, arXiv 2305.15817, eq. 5 and Algorithms 1 and 2): the loss plus
// gamma / (1 - gamma) times the sharpness L(w + e) - L(w). With g the gradient at w, s the one at w + e,
// e = rho g / |g|, and k = gamma / (1 - gamma):
//
//   through the base    the base steps with (1 - k) g + k s          gamma = 0 is the base, 1/2 is SAM
//   decoupled           the base steps with g; then w <- w - lr k (s - g), which no momentum and no Adam rescales
#include <basin/basin.hpp>
#include <basin/cpp/start_watch.hpp>

namespace {
using namespace basin;

struct Wsam {
  static constexpr const char* name = "wsam";
  static constexpr const char* summary =
      "Weighted sharpness-aware minimization (Yue et al. 2023, arXiv 2305.15817), around any optimizer.";
  double rho, gamma, decoupled_lr;
  Optimizer base;

  static auto parameters() {
    return declare(
        number("rho", &Wsam::rho, 0.05, "Radius of the ball, over all parameters together.").at_least(0),
        number("gamma", &Wsam::gamma, 0.9, "Weight of the sharpness: gamma / (1 - gamma).").between(0, 0.999),
        number("decoupled_lr", &Wsam::decoupled_lr, 0,
               "Learning rate of the sharpness by itself, the base's in the paper; 0: through the base.")
            .at_least(0),
        component("base", &Wsam::base, "optimizer", "The optimizer that takes the step."));
  }

  Parameters parameters_;
  StartWatch watch;

  void start(Parameters p, State state) {
    parameters_ = p;
    watch.start(state);
  }

  LossResult step(const Context& context, const Closure& closure) {
    const double k = gamma / (1 - gamma);
    std::vector<Tensor> at_w, sharpness;  // g and s - g of each group, [n]
    const LossResult result = base.step(context, [&](const Request& request) {
      const LossResult first = closure(request);
      if (!request.gradients) return first;
      at_w = copied_gradients(parameters_), sharpness.clear();
      and_back(parameters_, [&] {
        const Tensor scale = rho / (joint_norm(at_w) + 1e-12);  // []
        for (const Group& g : parameters_) g.values.addcmul_(g.gradients, scale);
        const Tensor rise = closure(request).loss - first.loss;
        report(parameters_, "sharpness", rise);
        watch(context.step, rho, first.loss, rise);
      });
      for (size_t i = 0; i < at_w.size(); ++i) {
        const Tensor& gradients = parameters_[i].gradients;
        sharpness.push_back(gradients - at_w[i]);
        gradients.copy_(at_w[i]);
        if (!decoupled_lr) gradients.add_(sharpness[i], k);
      }
      return first;
    });
    if (decoupled_lr)
      for (size_t i = 0; i < sharpness.size(); ++i)
        parameters_[i].values.addcmul_(sharpness[i], learning_rate(parameters_[i], decoupled_lr).to(Type::float32), -k);
    return result;
  }
};

}  // namespace

BASIN_PLUGIN("wsam", "0.2.0", "Apache-2.0", "Weighted sharpness-aware minimization.", OptimizerComponent<Wsam>)
