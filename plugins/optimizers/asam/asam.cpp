// Adaptive sharpness-aware minimization (Kwon et al. 2021, arXiv 2102.11600, eq. 5 and Algorithm 1): as in SAM the base
// optimizer takes its step with the gradients found at w + e, but e lies in a ball that scales with the weights,
//
//   e = rho T^2 g / |T g|,   T = |w| + eta for parameters called a weight, 1 for all others (biases)
//
// elementwise, the norm over all parameters together: what a layer computes when its weights grow by a factor and the
// next ones shrink by it does not change e's effect.
#include <basin/basin.hpp>
#include <basin/cpp/start_watch.hpp>

namespace {
using namespace basin;

struct Asam {
  static constexpr const char* name = "asam";
  static constexpr const char* summary =
      "Adaptive sharpness-aware minimization (Kwon et al. 2021, arXiv 2102.11600), around any optimizer.";
  double rho, eta;
  Optimizer base;

  static auto parameters() {
    return declare(number("rho", &Asam::rho, 0.5, "Radius of the ball, in units of the weights.").at_least(0),
                   number("eta", &Asam::eta, 0.01, "Added to |w|, so that weights at 0 move too.").at_least(0),
                   component("base", &Asam::base, "optimizer", "The optimizer that takes the step."));
  }

  Parameters parameters_;
  StartWatch watch;

  void start(Parameters p, State state) {
    parameters_ = p;
    watch.start(state);
  }

  LossResult step(const Context& context, const Closure& closure) {
    return base.step(context, [&](const Request& request) {
      const LossResult first = closure(request);  // gradients at w
      if (!request.gradients) return first;
      and_back(parameters_, [&] {
        climb();
        const Tensor sharpness = closure(request).loss - first.loss;  // gradients at w + e
        report(parameters_, "sharpness", sharpness);
        watch(context.step, rho, first.loss, sharpness);
      });
      return first;
    });
  }

 private:
  void climb() {
    std::vector<Tensor> scales, scaled;  // T and T g of each group, [n]
    for (const Group& g : parameters_) scales.push_back(g.values.abs() + eta);
    for (const Parameter& p : parameters_.list())
      if (p.name.find("weight") == std::string::npos) scales[p.group].narrow(0, p.offset, p.numel).fill_(1);
    for (size_t i = 0; i < scales.size(); ++i) scaled.push_back(scales[i] * parameters_[i].gradients);
    const Tensor scale = rho / (joint_norm(scaled) + 1e-12);  // []
    for (size_t i = 0; i < scales.size(); ++i) parameters_[i].values.addcmul_(scales[i] * scaled[i], scale);
  }
};

}  // namespace

BASIN_PLUGIN("asam", "0.3.0", "Apache-2.0", "Adaptive sharpness-aware minimization.", OptimizerComponent<Asam>)
