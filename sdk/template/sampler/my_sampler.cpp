// Euler's and Heun's method along the probability flow of a variance-preserving process, by its angle (Salimans and Ho
// 2022, arXiv 2202.00512, appendix D): with alpha = cos(phi), sigma = sin(phi) the flow is dx/dphi = v,
//
//   v = alpha epsilon - sigma x0 = (alpha x - x0) / sigma
//
//   Euler   x' = x + (phi' - phi) v(x, phi)
//   Heun    then once more with the mean of v(x, phi) and v(x', phi'), but for the last step, to phi' = 0
#include <basin/basin.hpp>
#include <cmath>

namespace {
using namespace basin;

struct MySampler {
  static constexpr const char* name = "my_sampler";
  static constexpr const char* summary = "Euler's or Heun's method along the probability flow (arXiv 2202.00512).";

  // The options: each line declares one, says its default and range, and fills the field.
  int64_t steps;
  std::string method;
  bool clip;
  static auto parameters() {
    return declare(
        integer("steps", &MySampler::steps, 20, "Steps, over levels spread evenly.").at_least(1).unit("steps"),
        choice("method", &MySampler::method, "heun", {"euler", "heun"},
               "First order, or second order at twice the cost of a step."),
        boolean("clip", &MySampler::clip, true, "Clips the estimate of x0 to [-1, 1]."));
  }

  // From s.start, N(0,1) [B,C,H,W], to images. Noise, where a method adds some, is s.noise(i) and nothing else.
  Tensor sample(const Sampling& s) {
    const std::vector<int64_t> levels = s.process.respace("even", steps);  // ascending
    Tensor x = s.start, x0;
    const auto v = [&](const Tensor& at, int64_t t) {
      x0 = s.denoise(s.context, at, static_cast<double>(t)).x0;
      if (clip) x0 = x0.clamp(-1, 1);
      return (at * s.process.alpha(t) - x0) * (1 / s.process.sigma(t));
    };
    const auto phi = [&](int64_t t) { return std::atan2(s.process.sigma(t), s.process.alpha(t)); };
    for (int64_t i = 0; i < steps; ++i) {
      const size_t k = static_cast<size_t>(steps - 1 - i);
      const double step = (k ? phi(levels[k - 1]) : 0) - phi(levels[k]);
      const Tensor here = v(x, levels[k]), euler = x + here * step;
      x = k && method == "heun" ? x + (here + v(euler, levels[k - 1])) * (step / 2) : euler;
      s.report(i + 1, steps, x, x0);  // shows progress, and throws after Ctrl-C
    }
    return x;
  }
};

}  // namespace

BASIN_PLUGIN("my_sampler", "0.1.0", "Apache-2.0", "Euler's and Heun's method along the probability flow.",
             SamplerComponent<MySampler>)
