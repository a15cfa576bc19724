// DDIM (Song et al. 2020, arXiv 2010.02502, eq. 12 and 16): deterministic at eta = 0, as noisy as DDPM at eta = 1. With
// a = alpha_bar(t) of a level kept and a' that of the one before it (1 at the first):
//   sigma = eta sqrt((1 - a')/(1 - a)) sqrt(1 - a/a'),   x' = sqrt(a') x0 + sqrt(1 - a' - sigma^2) epsilon + sigma z
#include <algorithm>
#include <basin/basin.hpp>
#include <cmath>

namespace {
using namespace basin;

struct Ddim {
  static constexpr const char* name = "ddim";
  static constexpr const char* summary = "DDIM (Song et al. 2020, arXiv 2010.02502).";
  int64_t steps;
  double eta;
  std::string spacing;
  bool clip;

  static auto parameters() {
    return declare(integer("steps", &Ddim::steps, 50, "Steps; 0: all of the process's.").at_least(0).unit("steps"),
                   number("eta", &Ddim::eta, 0, "Noise: 0 deterministic, 1 as DDPM.").between(0, 1),
                   choice("spacing", &Ddim::spacing, "stride", {"even", "stride"},
                          "Which levels: every i-th from 0, or evenly spread with both ends."),
                   boolean("clip", &Ddim::clip, true, "Clips the estimate of x0 to [-1, 1] in each step."));
  }

  Tensor sample(const Sampling& s) {
    const std::vector<int64_t> levels = s.process.respace(spacing, steps ? steps : s.process.steps());
    const int64_t n = static_cast<int64_t>(levels.size());
    Tensor x = s.start;  // [B,C,H,W]
    for (int64_t i = 0; i < n; ++i) {
      const int64_t k = n - 1 - i;
      const double a = s.process.alpha_bar(levels[k]), before = k ? s.process.alpha_bar(levels[k - 1]) : 1;
      const double sigma = eta * std::sqrt((1 - before) / (1 - a)) * std::sqrt(1 - a / before);
      const Denoised d = s.denoise(s.context, x, static_cast<double>(levels[k]));
      Tensor x0 = d.x0, epsilon = d.epsilon;
      if (clip) {  // the noise that fits the clipped x0
        x0 = x0.clamp(-1, 1);
        epsilon = (x * std::sqrt(1 / a) - x0) * (1 / std::sqrt(1 / a - 1));
      }
      x = x0 * std::sqrt(before) + epsilon * std::sqrt(std::max(0.0, 1 - before - sigma * sigma));
      if (k && sigma > 0) x.add_(s.noise(i), sigma);  // the last step adds none
      s.report(i + 1, n, x, x0);
    }
    return x;
  }
};

}  // namespace

BASIN_PLUGIN("ddim", "0.1.0", "Apache-2.0", "DDIM sampling.", SamplerComponent<Ddim>)
