// Time-shifted sampling (Li et al. 2024, arXiv 2305.15583, Algorithm 2): a noisy image on the model's own trajectory has
// another variance than a noised image of its level t. The model is asked at the level near t whose variance fits,
//
//   t_s = argmin |var(x) - sigma_u^2|  over u in [t - window/2, t + window/2],  each image for itself,
//
// and the step is taken at t. Not in the first step, where x is the noise itself, and not below `cutoff`, where the
// variance of the images decides and not that of the noise.
#include <basin/basin.hpp>
#include <cmath>

namespace {
using namespace basin;

struct TimeShift {
  static constexpr const char* name = "time_shift";
  static constexpr const char* summary =
      "Time-shifted sampling against exposure bias (Li et al. 2024), around any sampler.";
  int64_t window, cutoff;
  Sampler base;

  static auto parameters() {
    return declare(
        integer("window", &TimeShift::window, 40, "Levels that are looked at, half to each side; 0: none.")
            .at_least(0)
            .unit("steps"),
        integer("cutoff", &TimeShift::cutoff, 200, "Below this level nothing is shifted.").at_least(0).unit("steps"),
        component("base", &TimeShift::base, "sampler", "The sampler that takes the steps."));
  }

  Tensor sample(const Sampling& s) {
    bool first = true;
    return base.sample(s, {}, [&](const Context& context, const Tensor& x, Span<const double> t) {
      if (std::exchange(first, false)) return s.denoise(context, x, t);
      const std::vector<double> variances = variance_of_each(x);
      std::vector<double> shifted;
      for (size_t i = 0; i < variances.size(); ++i)
        shifted.push_back(nearest(s.process, t.data()[t.size() > 1 ? i : 0], variances[i]));
      Denoised d = s.denoise(context, x, shifted);
      d.x0 = clean(s.process, x, d.epsilon, t);
      return d;
    });
  }

 private:
  static std::vector<double> variance_of_each(const Tensor& x) {
    const Tensor rows = x.reshape({x.size(0), -1}).to(Type::float64), mean = rows.mean({1}, true);
    return ((rows - mean) * (rows - mean)).mean({1}).values<double>();
  }

  double nearest(const Process& process, double t, double variance) const {
    const auto level = static_cast<int64_t>(std::llround(t));
    if (level < cutoff) return t;
    int64_t best = level;
    const auto distance = [&](int64_t u) { return std::abs(variance - process.sigma(u) * process.sigma(u)); };
    const int64_t low = std::max<int64_t>(0, level - window / 2);
    const int64_t high = std::min(process.steps() - 1, level + window / 2);
    for (int64_t u = low; u <= high; ++u)
      if (distance(u) < distance(best)) best = u;
    return static_cast<double>(best);
  }
};
}  // namespace

BASIN_PLUGIN("time_shift", "0.1.0", "Apache-2.0", "Sampling with time steps that fit the images.",
             SamplerComponent<TimeShift>)
