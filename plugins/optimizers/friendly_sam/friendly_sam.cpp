// Friendly sharpness-aware minimization (Li et al. 2024, arXiv 2403.12350, Algorithm 1): SAM whose climb leaves out the
// full gradient, as far as the mean of the gradients so far tells it. That part raises the loss on all data and hurts;
// what is left is the noise of the batch:
//
//   d = g - sigma m,   e = rho d / |d|,   then   m <- decay m + (1 - decay) g
//
// with g the gradient at w, unchanged. In the first step m is g of that step afterwards and nothing before.
#include <basin/basin.hpp>
#include <basin/cpp/start_watch.hpp>

namespace {
using namespace basin;

struct FriendlySam {
  static constexpr const char* name = "friendly_sam";
  static constexpr const char* summary =
      "Friendly SAM (Li et al. 2024, arXiv 2403.12350): climbs along the noise of the batch, around any optimizer.";
  double rho, sigma, decay;
  Optimizer base;

  static auto parameters() {
    return declare(
        number("rho", &FriendlySam::rho, 0.2, "Radius of the ball, over all parameters together.").at_least(0),
        number("sigma", &FriendlySam::sigma, 1, "How much of the mean gradient is left out.").at_least(0),
        number("decay", &FriendlySam::decay, 0.9, "What is kept of the mean gradient at each step.").between(0, 1),
        component("base", &FriendlySam::base, "optimizer", "The optimizer that takes the step."));
  }

  Parameters parameters_;
  StartWatch watch;
  std::vector<Tensor> means;  // m of each group [n]
  Tensor steps;               // []

  void start(Parameters p, State state) {
    parameters_ = p;
    means = state_arenas(p, state, "m");
    steps = state.tensor("steps", {}, Type::int64);
    watch.start(state);
  }

  LossResult step(const Context& context, const Closure& closure) {
    return base.step(context, [&](const Request& request) {
      const LossResult first = closure(request);  // gradients at w
      if (!request.gradients) return first;
      and_back(parameters_, [&] {
        climb();
        watch(context.step, rho, first.loss, closure(request).loss - first.loss);  // gradients at w + e
      });
      return first;
    });
  }

 private:
  void climb() {
    std::vector<Tensor> directions;
    const Tensor share = 1 - steps.clamp(0, 1).to(Type::float32) * decay;  // []: of g in m; all of it in the first step
    for (size_t i = 0; i < means.size(); ++i) {
      const Tensor& g = parameters_[i].gradients;
      directions.push_back(g - means[i] * sigma);
      means[i].addcmul_(g - means[i], share);
    }
    steps.add_(1);
    const Tensor scale = rho / (joint_norm(directions) + 1e-12);  // []
    for (size_t i = 0; i < means.size(); ++i) parameters_[i].values.addcmul_(directions[i], scale);
  }
};

}  // namespace

BASIN_PLUGIN("friendly_sam", "0.3.0", "Apache-2.0", "Friendly sharpness-aware minimization.",
             OptimizerComponent<FriendlySam>)
