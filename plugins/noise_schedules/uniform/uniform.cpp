// Every noise level as often as every other, with weight 1 (Ho et al. 2020, arXiv 2006.11239, Algorithm 1).
#include <algorithm>
#include <basin/basin.hpp>

namespace {
using namespace basin;

struct Uniform {
  static constexpr const char* name = "uniform";
  static constexpr const char* summary =
      "Every noise level as often as every other (Ho et al. 2020, arXiv 2006.11239).";
  int64_t from, to;

  static auto parameters() {
    return declare(integer("from", &Uniform::from, 0, "The first level that is drawn.").at_least(0),
                   integer("to", &Uniform::to, 0, "The level before which it ends; 0: after the last.").at_least(0));
  }

  int64_t end;

  void start(const Process& process, State) {
    end = to ? to : process.steps();
    if (end > process.steps())
      throw error("to = " + std::to_string(to) + " lies beyond the process, which has " +
                  std::to_string(process.steps()) + " levels.");
    if (from >= end)
      throw error("from = " + std::to_string(from) + " leaves no level: they end before " + std::to_string(end) + ".");
  }

  void draw(const Context& context, Span<double> levels, Span<double> weights) {
    const Tensor u = uniform(stream(context, BASIN_PURPOSE_LEVEL, context.step), sample_ids(context), {1});
    const std::vector<float> values = u.values<float>();
    for (size_t i = 0; i < levels.size(); ++i) {
      const int64_t up = static_cast<int64_t>(double(values[i]) * double(end - from));
      levels[i] = static_cast<double>(std::min(end - 1, from + up));
      weights[i] = 1;
    }
  }
};

}  // namespace

BASIN_PLUGIN("uniform", "0.2.0", "Apache-2.0", "Every noise level as often as every other.",
             NoiseScheduleComponent<Uniform>)
