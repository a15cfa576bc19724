// A noise schedule beside a process of 100 levels and losses that the check makes up: large where t is large.
#include <basin/noise_schedule.h>

#include "abi/context.hpp"
#include "check/gates.hpp"
#include "check/steps.hpp"
#include "measure/denoiser.hpp"

namespace basin::checking {
namespace {

constexpr int64_t kLevels = 100;

struct Draw {
  std::vector<double> levels, weights;
};

class Bench {
 public:
  explicit Bench(Subject& subject)
      : seed(subject.request.seed),
        process{std::make_shared<const Process>("vp", "cosine", kLevels)},
        schedule(subject.make()) {
    functions_ = schedule->functions<basin_noise_schedule_functions>();
    if (!functions_.start || !functions_.draw) fail("it lacks start or draw");
  }
  void start() {
    schedule->call([&] { return functions_.start(schedule->self(), &process, &state); });
  }
  Draw draw(uint64_t step, const std::vector<int64_t>& ids) {
    Context context(seed, step, ids, true);
    Draw out{std::vector<double>(ids.size(), NAN), std::vector<double>(ids.size(), NAN)};
    Loan loan("draw returned");
    const auto* lent = loan.context(*context.get());
    schedule->call([&] { return functions_.draw(schedule->self(), lent, out.levels.data(), out.weights.data()); });
    for (double level : out.levels)
      expect(level >= 0 && level <= kLevels - 1, "it drew the level " + std::to_string(level) + " of a process with " +
                                                     std::to_string(kLevels) + ": 0 to " + std::to_string(kLevels - 1));
    return out;
  }
  void update(const Draw& draw) {
    if (!functions_.update) return;
    std::vector<double> losses;
    for (double level : draw.levels) losses.push_back(0.01 + level * level / (kLevels * kLevels));
    Loan loan("update returned");
    const auto n = draw.levels.size();
    const auto* levels = loan.memory(draw.levels.data(), n, "the levels");
    const auto* lent = loan.memory(losses.data(), n, "the losses");
    schedule->call([&] { return functions_.update(schedule->self(), levels, lent, static_cast<uint32_t>(n)); });
  }
  void train(uint64_t step) {
    drawn = draw(step, ids(64));
    update(drawn);
  }
  Tensor outcome() const { return at::cat({at::tensor(drawn.levels), at::tensor(drawn.weights)}); }
  void follow(const Bench&) {}
  static std::vector<int64_t> ids(int64_t n) {
    std::vector<int64_t> out;
    for (int64_t i = 0; i < n; i++) out.push_back(i);
    return out;
  }
  Draw drawn;  // of the last step
  uint64_t seed;
  basin_process process;
  State state;

 private:
  basin_noise_schedule_functions functions_{};

 public:
  std::shared_ptr<Object> schedule;  // gone before what it was started with
};

void range(Subject& subject) {
  Bench bench(subject);
  bench.start();
  double sum = 0;
  size_t n = 0;
  for (uint64_t step = 0; step < 200; step++) {
    bench.train(step);
    for (size_t i = 0; i < bench.drawn.weights.size(); i++, n++) {
      const double level = bench.drawn.levels[i], weight = bench.drawn.weights[i];
      expect(std::isfinite(weight) && weight > 0, "it gave the level " + std::to_string(level) + " the weight " +
                                                      std::to_string(weight) + "; weights are finite and above 0");
      sum += weight;
    }
  }
  char text[80];
  std::snprintf(text, sizeof text, "%zu draws in range, weights above 0 with a mean of %.3f", n,
                sum / static_cast<double>(n));
  subject.passed = text;
}

void batch(Subject& subject) {
  Bench a(subject), b(subject);
  a.start(), b.start();
  for (uint64_t step = 0; step < 5; step++) {
    const Draw all = a.draw(step, Bench::ids(32)), one = b.draw(step, {17});
    expect(all.levels[17] == one.levels[0], "sample 17 has the level " + std::to_string(all.levels[17]) +
                                                " in a batch of 32, and " + std::to_string(one.levels[0]) +
                                                " alone; what is drawn is a function of the sample's id");
  }
}

}  // namespace

void live_noise_schedule(Subject& subject) { live_steps<Bench>(subject); }

std::vector<Test> noise_schedule_tests() {
  return {
      {"noise-schedule-range", "noise_schedule", "Levels are those of the process; weights are finite and above 0.",
       range},
      {"noise-schedule-same-seed", "noise_schedule", "The same seed and losses give the same draws.", same_seed<Bench>},
      {"noise-schedule-batch", "noise_schedule", "Sample 17 has the same level at every batch size.", batch},
      {"noise-schedule-state-round-trip", "noise_schedule", "Saved, loaded and continued, it draws the same.",
       state_round_trip<Bench>},
      {"noise-schedule-garbage-state", "noise_schedule", "A broken state is refused with a sentence, or survived.",
       garbage_state<Bench>}};
}

}  // namespace basin::checking
