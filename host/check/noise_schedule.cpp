// A noise schedule beside a process of 100 levels and losses that the check makes up: large where t is large.
#include <basin/noise_schedule.h>

#include "abi/context.hpp"
#include "check/gates.hpp"
#include "check/test.hpp"
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
  Draw train(uint64_t step) {
    const Draw drawn = draw(step, ids(64));
    update(drawn);
    return drawn;
  }
  static std::vector<int64_t> ids(int64_t n) {
    std::vector<int64_t> out;
    for (int64_t i = 0; i < n; i++) out.push_back(i);
    return out;
  }
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
  int64_t n = 0;
  for (uint64_t step = 0; step < 200; step++) {
    const Draw drawn = bench.train(step);
    for (size_t i = 0; i < drawn.levels.size(); i++, n++) {
      const double level = drawn.levels[i], weight = drawn.weights[i];
      expect(level >= 0 && level <= kLevels - 1, "it drew the level " + std::to_string(level) + " of a process with " +
                                                     std::to_string(kLevels) + ": 0 to " + std::to_string(kLevels - 1));
      expect(std::isfinite(weight) && weight > 0, "it gave the level " + std::to_string(level) + " the weight " +
                                                      std::to_string(weight) + "; weights are finite and above 0");
      sum += weight;
    }
  }
  char text[80];
  std::snprintf(text, sizeof text, "%ld draws in range, weights above 0 with a mean of %.3f", static_cast<long>(n),
                sum / static_cast<double>(n));
  subject.passed = text;
}

void same_seed(Subject& subject) {
  Bench a(subject), b(subject);
  a.start(), b.start();
  for (uint64_t step = 0; step < 20; step++) {
    const Draw x = a.train(step), y = b.train(step);
    expect(x.levels == y.levels && x.weights == y.weights,
           "two of it with one seed draw differently at step " + std::to_string(step));
  }
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

void state_round_trip(Subject& subject) {
  constexpr uint64_t kHalf = 60;
  Bench whole(subject);
  whole.start();
  for (uint64_t step = 0; step < kHalf; step++) whole.train(step);
  const auto saved = copied(whole.state.save());
  Bench resumed(subject);
  resumed.start();
  resumed.state.restore(saved);
  for (uint64_t step = kHalf; step < 2 * kHalf; step++) {
    const Draw x = whole.train(step), y = resumed.train(step);
    expect(x.levels == y.levels && x.weights == y.weights,
           "stopped, loaded and continued, it draws differently at step " + std::to_string(step) +
               ": something it remembers is not in its state");
  }
  subject.passed = std::to_string(saved.size()) + " tensors of state; continued bit for bit";
}

void garbage(Subject& subject) {
  Bench first(subject);
  first.start();
  for (uint64_t step = 0; step < 3; step++) first.train(step);
  try_broken_states(subject, copied(first.state.save()), [&](const auto& broken) {
    Bench bench(subject);
    bench.state.restore(broken);
    bench.start();
    for (uint64_t step = 3; step < 6; step++)
      for (double level : bench.train(step).levels)
        expect(level >= 0 && level <= kLevels - 1,
               "out of a broken state it drew the level " + std::to_string(level) + ", which is none");
  });
}

}  // namespace

void live_noise_schedule(Subject& subject) {
  Bench bench(subject);
  bench.start();
  for (uint64_t step = 0; step < 2; step++) bench.train(step);
}

std::vector<Test> noise_schedule_tests() {
  return {{"noise-schedule-range", "noise_schedule", "Levels are those of the process; weights are finite and above 0.",
           range},
          {"noise-schedule-same-seed", "noise_schedule", "The same seed and losses give the same draws.", same_seed},
          {"noise-schedule-batch", "noise_schedule", "Sample 17 has the same level at every batch size.", batch},
          {"noise-schedule-state-round-trip", "noise_schedule", "Saved, loaded and continued, it draws the same.",
           state_round_trip},
          {"noise-schedule-garbage-state", "noise_schedule", "A broken state is refused with a sentence, or survived.",
           garbage}};
}

}  // namespace basin::checking
