// Ancestral sampling (Ho et al. 2020, arXiv 2006.11239, Algorithm 2), on some of the process's levels (Nichol and
// Dhariwal 2021, arXiv 2102.09672, section 4). With a = alpha_bar(t) of a level kept and a' that of the one before it
// (1 at the first), beta = 1 - a/a':
//   mean      (beta sqrt(a') x0 + (1 - a') sqrt(a/a') x_t) / (1 - a)                             (Ho et al., eq. 7)
//   variance  small: beta (1 - a')/(1 - a); large: beta; learned: between the two, in logarithms (N. & D., eq. 15)
#include <basin/basin.hpp>
#include <cmath>

namespace {
using namespace basin;

struct Ddpm {
  static constexpr const char* name = "ddpm";
  static constexpr const char* summary =
      "Ancestral sampling (Ho et al. 2020, arXiv 2006.11239), also with fewer steps.";
  int64_t steps;
  std::string spacing, variance;
  bool clip;

  static auto parameters() {
    return declare(
        integer("steps", &Ddpm::steps, 100, "Steps; 0: all of the process's.").at_least(0).unit("steps"),
        choice("spacing", &Ddpm::spacing, "even", {"even", "stride"},
               "Which levels: evenly spread with both ends, or every i-th from 0."),
        choice("variance", &Ddpm::variance, "small", {"small", "large"}, "Where the model learns none: beta~ or beta."),
        boolean("clip", &Ddpm::clip, true, "Clips the estimate of x0 to [-1, 1] in each step."));
  }

  struct Step {
    int64_t t;
    double of_x0, of_x, log_small, log_large;
  };

  Tensor sample(const Sampling& s) {
    const std::vector<Step> plan = make_plan(s.process);
    const int64_t n = static_cast<int64_t>(plan.size());
    Tensor x = s.start;  // [B,C,H,W]
    for (int64_t i = 0; i < n; ++i) {
      const Step& step = plan[static_cast<size_t>(n - 1 - i)];
      const Denoised d = s.denoise(s.context, x, static_cast<double>(step.t));
      const Tensor x0 = clip ? d.x0.clamp(-1, 1) : d.x0;
      x = x0 * step.of_x0 + x * step.of_x;
      if (i + 1 < n) {  // the last step adds none
        if (d.variance) {
          const Tensor f = (d.variance.to(Type::float32) + 1) * 0.5;
          x = x + ((f * step.log_large + (1 - f) * step.log_small) * 0.5).exp() * s.noise(i);
        } else {
          x.add_(s.noise(i), std::exp(0.5 * (variance == "small" ? step.log_small : step.log_large)));
        }
      }
      s.report(i + 1, n, x, x0);
    }
    return x;
  }

 private:
  // By level, ascending.
  std::vector<Step> make_plan(const Process& process) const {
    const std::vector<int64_t> levels = process.respace(spacing, steps ? steps : process.steps());
    std::vector<Step> plan;
    double before = 1;
    for (int64_t t : levels) {
      const double a = process.alpha_bar(t), beta = 1 - a / before;
      const double small = beta * (1 - before) / (1 - a);  // 0 at the first level, where no noise is added
      plan.push_back({t, beta * std::sqrt(before) / (1 - a), (1 - before) * std::sqrt(a / before) / (1 - a),
                      small > 0 ? std::log(small) : std::log(beta), std::log(beta)});
      before = a;
    }
    return plan;
  }
};

}  // namespace

BASIN_PLUGIN("ddpm", "0.1.0", "Apache-2.0", "Ancestral sampling.", SamplerComponent<Ddpm>)
