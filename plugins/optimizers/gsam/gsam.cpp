// Surrogate gap guided sharpness-aware minimization (Zhuang et al. 2022, arXiv 2203.08065, Algorithm 1). With g the
// gradient at w and s the one at w + e, e = rho_t g / |g|, the base optimizer takes its step from w with
//
//   s - alpha (g - (<g,s> / |s|^2) s)
//
// s lowers the loss in the neighbourhood; minus the part of g at right angles to it also lowers the gap between that
// loss and the one at w, without changing the neighbourhood's to first order. rho_t goes with the learning rate, from
// rho where a schedule's factor is 1 to rho_min where it is 0.
#include <basin/basin.hpp>
#include <basin/cpp/start_watch.hpp>

namespace {
using namespace basin;

struct Gsam {
  static constexpr const char* name = "gsam";
  static constexpr const char* summary =
      "Surrogate gap guided sharpness-aware minimization (Zhuang et al. 2022, arXiv 2203.08065).";
  double rho, rho_min, alpha;
  Optimizer base;

  static auto parameters() {
    return declare(
        number("rho", &Gsam::rho, 0.05, "Radius of the ball at the full learning rate.").at_least(0),
        number("rho_min", &Gsam::rho_min, 0, "Radius where an lr_schedule's factor is 0.").at_least(0),
        number("alpha", &Gsam::alpha, 0.4, "How much of the gradient at w, at right angles, is taken off.").at_least(0),
        component("base", &Gsam::base, "optimizer", "The optimizer that takes the step."));
  }

  Parameters parameters_;
  StartWatch watch;

  void start(Parameters p, State state) {
    parameters_ = p;
    watch.start(state);
  }

  LossResult step(const Context& context, const Closure& closure) {
    return base.step(context, [&](const Request& request) {
      const LossResult first = closure(request);
      if (!request.gradients) return first;
      const std::vector<Tensor> at_w = copied_gradients(parameters_);
      and_back(parameters_, [&] {
        const Tensor norm = joint_norm(at_w) + 1e-12;  // []
        for (const Group& g : parameters_) g.values.addcmul_(g.gradients, (g.rate * (rho - rho_min) + rho_min) / norm);
        const Tensor sharpness = closure(request).loss - first.loss;
        report(parameters_, "sharpness", sharpness);
        watch(context.step, rho, first.loss, sharpness);
      });
      const Tensor along = joint_dot(at_w, gradients_of(parameters_)) / (gradient_norm(parameters_).pow(2) + 1e-24);
      for (size_t i = 0; i < at_w.size(); ++i) {
        const Tensor& s = parameters_[i].gradients;
        s.add_(at_w[i] - s * along, -alpha);
      }
      return first;
    });
  }
};

}  // namespace

BASIN_PLUGIN("gsam", "0.3.0", "Apache-2.0", "Surrogate gap guided sharpness-aware minimization.",
             OptimizerComponent<Gsam>)
