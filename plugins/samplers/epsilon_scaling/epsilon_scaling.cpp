// Epsilon scaling (Ning et al. 2024, arXiv 2308.15321): along its own trajectory a model predicts noise of a larger norm
// than on noised images; divided by a lambda a little above 1 the norm comes back. Any sampler, no training:
//
//   epsilon' = epsilon(x, t) / lambda,   x0' = (x - sigma_t epsilon') / alpha_t        (the uniform schedule of section 5)
#include <basin/basin.hpp>

namespace {
using namespace basin;

struct EpsilonScaling {
  static constexpr const char* name = "epsilon_scaling";
  static constexpr const char* summary =
      "Epsilon scaling against exposure bias (Ning et al. 2024), around any sampler.";
  double scale;
  Sampler base;

  static auto parameters() {
    return declare(number("scale", &EpsilonScaling::scale, 1.005, "lambda: what the predicted noise is divided by.")
                       .between(0.5, 2),
                   component("base", &EpsilonScaling::base, "sampler", "The sampler that takes the steps."));
  }

  Tensor sample(const Sampling& s) {
    return base.sample(s, {}, [&](const Context& context, const Tensor& x, Span<const double> t) {
      Denoised d = s.denoise(context, x, t);
      d.epsilon = d.epsilon * (1 / scale);
      d.x0 = clean(s.process, x, d.epsilon, t);
      return d;
    });
  }
};
}  // namespace

BASIN_PLUGIN("epsilon_scaling", "0.1.0", "Apache-2.0", "Sampling with scaled noise predictions.",
             SamplerComponent<EpsilonScaling>)
