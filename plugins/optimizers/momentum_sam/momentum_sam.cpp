// Momentum-SAM (Becker et al. 2024, arXiv 2401.12033, Algorithm 1): SAM at the price of one gradient. Instead of
// climbing along a gradient it goes against the momentum, which is where the coming step leads: the base optimizer takes
// its step from w with the gradients found at
//
//   w - rho v / |v|,   then   v <- beta v + g
//
// g those gradients. v is the momentum of SGD, and along the mean of gradients of Adam, if beta is theirs.
#include <basin/basin.hpp>
#include <basin/cpp/start_watch.hpp>

namespace {
using namespace basin;

struct MomentumSam {
  static constexpr const char* name = "momentum_sam";
  static constexpr const char* summary =
      "Momentum-SAM (Becker et al. 2024, arXiv 2401.12033): one gradient a step, around any optimizer.";
  double rho, beta;
  Optimizer base;

  static auto parameters() {
    return declare(
        number("rho", &MomentumSam::rho, 0.3, "How far from w the gradient is found.").at_least(0),
        number("beta", &MomentumSam::beta, 0.9, "Decay of the momentum; that of the base.").between(0, 0.9999999),
        component("base", &MomentumSam::base, "optimizer", "The optimizer that takes the step."));
  }

  Parameters parameters_;
  StartWatch watch;
  std::vector<Tensor> momenta;  // v of each group [n]

  void start(Parameters p, State state) {
    parameters_ = p;
    watch.start(state);
    momenta = state_arenas(p, state, "v");
  }

  LossResult step(const Context& context, const Closure& closure) {
    return base.step(context, [&](const Request& request) {
      const Tensor at_w = watch.look(context.step, closure, request);
      LossResult result;  // of the moved weights: else the only ones that are looked at
      and_back(parameters_, [&] {
        const Tensor scale = rho / (joint_norm(momenta) + 1e-12);  // []; in the first step v is 0 and w stays
        for (size_t i = 0; i < momenta.size(); ++i) parameters_[i].values.addcmul_(momenta[i], scale, -1);
        result = closure(request);
      });
      if (!request.gradients) return result;
      if (at_w) watch(context.step, rho, at_w, result.loss - at_w);
      for (size_t i = 0; i < momenta.size(); ++i) momenta[i].mul_(beta).add_(parameters_[i].gradients);
      return result;
    });
  }
};

}  // namespace

BASIN_PLUGIN("momentum_sam", "0.2.0", "Apache-2.0", "Momentum-SAM.", OptimizerComponent<MomentumSam>)
