// Noise levels from a logit-normal distribution (Esser et al. 2024, arXiv 2403.03206, section 3.1): more of the middle,
// where there is most to learn, less of both ends.
//
//   t = T sigmoid(mean + std n), n ~ N(0, 1);   P(level < k) = Phi((logit(k / T) - mean) / std)
//
// With `unbiased`, level k weighs 1 / (T p(k)), so that the expected loss is that of uniform levels, with less
// variance.
#include <algorithm>
#include <basin/basin.hpp>
#include <cmath>

namespace {
using namespace basin;

struct MyNoiseSchedule {
  static constexpr const char* name = "my_noise_schedule";
  static constexpr const char* summary = "Noise levels from a logit-normal distribution (arXiv 2403.03206).";

  // The options: each line declares one, says its default and range, and fills the field.
  double mean, std;
  bool unbiased;
  static auto parameters() {
    return declare(number("mean", &MyNoiseSchedule::mean, 0, "Below 0: less noise; above: more.").between(-4, 4),
                   number("std", &MyNoiseSchedule::std, 1, "Width of the distribution.").between(0.1, 4),
                   boolean("unbiased", &MyNoiseSchedule::unbiased, false,
                           "Weighs losses so that their mean is as for uniform levels."));
  }

  int64_t steps = 0;  // T

  // What a schedule learns belongs into the state; this one learns nothing, and has no update().
  void start(const Process& process, State) { steps = process.steps(); }

  // One level and one weight for each sample of the context, from the random numbers of its sample ids alone.
  void draw(const Context& context, Span<double> levels, Span<double> weights) {
    const std::vector<float> n =
        normal(stream(context, BASIN_PURPOSE_LEVEL, context.step), sample_ids(context), {1}).values<float>();
    const double T = static_cast<double>(steps);
    for (size_t i = 0; i < levels.size(); ++i) {
      levels[i] = std::min(std::floor(T / (1 + std::exp(-(mean + std * n[i])))), T - 1);
      weights[i] = unbiased ? 1 / (T * (below(levels[i] + 1) - below(levels[i]))) : 1;
    }
  }

 private:
  double below(double level) const {  // P(level < k)
    const double u = level / static_cast<double>(steps);
    if (u <= 0 || u >= 1) return u <= 0 ? 0 : 1;
    return 0.5 * std::erfc(-(std::log(u / (1 - u)) - mean) / (std * std::sqrt(2.0)));
  }
};

}  // namespace

BASIN_PLUGIN("my_noise_schedule", "0.1.0", "Apache-2.0", "Noise levels from a logit-normal distribution.",
             NoiseScheduleComponent<MyNoiseSchedule>)
