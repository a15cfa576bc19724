// Every noise level as often as every other, with weight 1 (Ho et al. 2020, arXiv 2006.11239, Algorithm 1).
#include <algorithm>
#include <basin/basin.hpp>

namespace {
using namespace basin;

struct Uniform {
  static constexpr const char* name = "uniform";
  static constexpr const char* summary =
      "Every noise level as often as every other (Ho et al. 2020, arXiv 2006.11239).";
  Process process;

  void start(const Process& p, State) { process = p; }

  void draw(const Context& context, Span<double> levels, Span<double> weights) {
    const int64_t steps = process.steps();
    const Tensor u = uniform(stream(context, BASIN_PURPOSE_LEVEL, context.step), sample_ids(context), {1});
    const std::vector<float> values = u.values<float>();
    for (size_t i = 0; i < levels.size(); ++i) {
      levels[i] = static_cast<double>(std::min(steps - 1, static_cast<int64_t>(double(values[i]) * double(steps))));
      weights[i] = 1;
    }
  }
};

}  // namespace

BASIN_PLUGIN("uniform", "0.1.0", "Apache-2.0", "Every noise level as often as every other.",
             NoiseScheduleComponent<Uniform>)
