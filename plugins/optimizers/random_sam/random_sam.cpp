// Sharpness-aware minimization with noise where the gradient was: the base optimizer takes its step from w with the
// gradients found at
//
//   w + rho n / |n|,   n ~ N(0, I), the norm over all parameters together.
//
// A climb in no particular direction, which costs one gradient instead of two: what is left of SAM's effect with it is
// not due to the direction. (R-SAM of Liu et al. 2022, NeurIPS, takes a gradient at such a point to climb further: that
// is `random_sam` inside `sam`.)
#include <basin/basin.hpp>
#include <basin/cpp/start_watch.hpp>

namespace {
using namespace basin;

struct RandomSam {
  static constexpr const char* name = "random_sam";
  static constexpr const char* summary = "Gradients found at a random point of SAM's sphere, around any optimizer.";
  double rho;
  Optimizer base;

  static auto parameters() {
    return declare(
        number("rho", &RandomSam::rho, 0.05, "Radius of the ball, over all parameters together.").at_least(0),
        component("base", &RandomSam::base, "optimizer", "The optimizer that takes the step."));
  }

  Parameters parameters_;
  StartWatch watch;

  void start(Parameters p, State state) {
    parameters_ = p;
    watch.start(state);
  }

  LossResult step(const Context& context, const Closure& closure) {
    return base.step(context, [&](const Request& request) {
      const Tensor at_w = watch.look(context.step, closure, request);
      LossResult result;
      and_back(parameters_, [&] {
        std::vector<Tensor> noise;  // of each group [n]
        for (uint32_t i = 0; i < parameters_.size(); ++i) {
          const Tensor& w = parameters_[i].values;
          const Stream numbers = stream(context, BASIN_PURPOSE_OPTIMIZER, context.step, i);
          noise.push_back(normal(numbers, {0}, {w.numel()}, w).reshape({-1}));
        }
        const Tensor scale = rho / (joint_norm(noise) + 1e-12);  // []
        for (size_t i = 0; i < noise.size(); ++i) parameters_[i].values.addcmul_(noise[i], scale);
        result = closure(request);
      });
      if (at_w) watch(context.step, rho, at_w, result.loss - at_w);
      return result;
    });
  }
};

}  // namespace

BASIN_PLUGIN("random_sam", "0.2.0", "Apache-2.0", "SAM with noise where the gradient was.",
             OptimizerComponent<RandomSam>)
