// Noise levels by importance (Nichol and Dhariwal 2021, arXiv 2102.09672, section 3.3): p(t) proportional to the root
// of the mean of the last losses squared, mixed with a little of the uniform distribution, and weights 1 / (T p(t)), so
// that the expected loss is unchanged. Uniform until every level has its history.
#include <algorithm>
#include <basin/basin.hpp>
#include <cmath>

namespace {
using namespace basin;

struct LossSecondMoment {
  static constexpr const char* name = "loss_second_moment";
  static constexpr const char* summary =
      "Noise levels by their losses' second moment (Nichol and Dhariwal 2021, arXiv 2102.09672, section 3.3).";
  int64_t history;
  double uniform_prob;

  static auto parameters() {
    return declare(integer("history", &LossSecondMoment::history, 10, "Losses remembered of each level.").at_least(1),
                   number("uniform_prob", &LossSecondMoment::uniform_prob, 0.001,
                          "Part of the uniform distribution in the mixture.")
                       .between(0, 1));
  }

  int64_t steps = 0;
  Tensor losses_state, counts_state;  // [T, history] float64; [T] int64, losses seen of each level
  std::vector<double> losses;         // the same in memory, read when first needed: a checkpoint comes after start
  std::vector<int64_t> counts;

  void start(const Process& process, State state) {
    steps = process.steps();
    losses_state = state.tensor("losses", {steps, history}, Type::float64);
    counts_state = state.tensor("counts", {steps}, Type::int64);
  }

  void draw(const Context& context, Span<double> levels, Span<double> weights) {
    remember();
    const std::vector<double> p = probabilities();
    std::vector<double> cumulative;
    double sum = 0;
    for (double v : p) cumulative.push_back(sum += v);
    const Tensor u = uniform(stream(context, BASIN_PURPOSE_LEVEL, context.step), sample_ids(context), {2});
    const std::vector<float> values = u.values<float>();
    for (size_t i = 0; i < levels.size(); ++i) {
      // two uniforms of 24 bits make one that resolves the smallest p
      const double v = (double(values[2 * i]) + double(values[2 * i + 1]) * 0x1p-24) * sum;
      const auto at = std::upper_bound(cumulative.begin(), cumulative.end(), v) - cumulative.begin();
      const size_t t = static_cast<size_t>(std::min<int64_t>(at, steps - 1));
      levels[i] = static_cast<double>(t);
      weights[i] = 1 / (static_cast<double>(steps) * p[t]);
    }
  }

  void update(Span<const double> levels, Span<const double> values) {
    remember();
    for (size_t i = 0; i < levels.size(); ++i) {
      const int64_t t = static_cast<int64_t>(levels[i]);
      if (t < 0 || t >= steps || !std::isfinite(values[i])) continue;
      losses[t * history + counts[t]++ % history] = values[i];  // over the oldest
    }
    losses_state.copy_(Tensor::from(losses.data(), {steps, history}));
    counts_state.copy_(Tensor::from(counts));
  }

 private:
  void remember() {
    if (!counts.empty()) return;
    const std::vector<int64_t> found = counts_state.values<int64_t>();
    for (int64_t n : found)
      if (n < 0) throw error("The state holds " + std::to_string(n) + " losses of a level: the checkpoint is damaged.");
    losses = losses_state.values<double>(), counts = found;
  }
  std::vector<double> probabilities() const {
    std::vector<double> p(static_cast<size_t>(steps), 1 / static_cast<double>(steps));
    if (std::any_of(counts.begin(), counts.end(), [&](int64_t n) { return n < history; })) return p;
    double sum = 0;
    for (int64_t t = 0; t < steps; ++t) {
      double squares = 0;
      for (int64_t k = 0; k < history; ++k) squares += losses[t * history + k] * losses[t * history + k];
      sum += p[t] = std::sqrt(squares / static_cast<double>(history));
    }
    const double share = uniform_prob / static_cast<double>(steps);
    for (double& v : p) v = sum > 0 ? v / sum * (1 - uniform_prob) + share : 1 / static_cast<double>(steps);
    return p;
  }
};

}  // namespace

BASIN_PLUGIN("loss_second_moment", "0.1.0", "Apache-2.0", "Noise levels by importance.",
             NoiseScheduleComponent<LossSecondMoment>)
