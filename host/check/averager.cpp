// An averager beside parameters that the check moves.
#include <basin/averager.h>

#include "abi/context.hpp"
#include "abi/state.hpp"
#include "check/standins.hpp"
#include "check/test.hpp"
#include "train/validation.hpp"

namespace basin::checking {
namespace {

constexpr int64_t kNumbers = 17;

class Bench {
 public:
  explicit Bench(Subject& subject) : averager(subject.make()) {
    parameters.add("a", {3, 4}, {});
    parameters.add("b", {5}, {});
    parameters.lay_out(at::kCPU, at::MemoryFormat::Contiguous);
    functions_ = averager->functions<basin_averager_functions>();
    if (!functions_.start || !functions_.update || !functions_.average) fail("it lacks start, update or average");
  }
  void start() {
    averager->call([&] { return functions_.start(averager->self(), &parameters, &state); });
  }
  void update(int64_t step) {
    const Context context(1, static_cast<uint64_t>(step - 1), {0, 1});
    averager->call([&] { return functions_.update(averager->self(), context.get()); });
  }
  // The parameters where step `step` of a training would have left them.
  void train(uint64_t seed, int64_t step) {
    values().copy_(some_values(seed, 1, {kNumbers}) +
                   some_values(seed, 100 + static_cast<uint64_t>(step), {kNumbers}, 0.1));
    update(step);
  }
  Tensor average() {
    basin_tensor* out = nullptr;
    averager->call([&] { return functions_.average(averager->self(), 0, &out); });
    const Tensor average = steal(out);
    expect(average.defined(), "average gave nothing");
    expect(average.scalar_type() == at::kFloat && average.numel() == kNumbers && average.dim() == 1,
           "average gave " + std::string(c10::toString(average.scalar_type())) + c10::str(average.sizes()) +
               ", and the group has " + std::to_string(kNumbers) + " numbers in one float32 tensor");
    return average.clone();
  }
  Tensor& values() { return parameters.groups()[0].values; }
  Parameters parameters;
  State state;

 private:
  ServedValidation validation_{parameters, [] { return 1.0; }};  // for those that ask: it never changes
  basin_averager_functions functions_{};

 public:
  std::shared_ptr<Object> averager;  // gone before what it was started with
};

void constant(Subject& subject) {
  Bench bench(subject);
  const Tensor weights = some_values(subject.request.seed, 1, {kNumbers});
  bench.values().copy_(weights);
  bench.start();
  for (int64_t step = 1; step <= 200; step++) {
    bench.values().copy_(weights);
    bench.update(step);
    const double off = (bench.average() - weights).abs().max().item<double>();
    expect(off <= 1e-5, "the weights never changed, and after step " + std::to_string(step) +
                            " their average is off by up to " + std::to_string(off));
  }
  subject.passed = "after each of 200 steps the average of constant weights is those weights, to 1e-5";
}

void hull(Subject& subject) {
  const uint64_t seed = subject.request.seed;
  Bench bench(subject);
  const Tensor begin = some_values(seed, 1, {kNumbers});
  bench.values().copy_(begin);
  bench.start();
  Tensor low = begin.clone(), high = begin.clone();
  for (int64_t step = 1; step <= 50; step++) {
    bench.train(seed, step);
    low = at::minimum(low, bench.values()), high = at::maximum(high, bench.values());
    const Tensor average = bench.average();
    expect(average.ge(low - 1e-5).logical_and(average.le(high + 1e-5)).all().item<bool>(),
           "after step " + std::to_string(step) + " its average lies outside of all weights there have been");
  }
}

void state_round_trip(Subject& subject) {
  const uint64_t seed = subject.request.seed;
  Bench whole(subject);
  whole.values().copy_(some_values(seed, 1, {kNumbers}));
  whole.start();
  for (int64_t step = 1; step <= 10; step++) whole.train(seed, step);
  const auto saved = copied(whole.state.save());
  const Tensor values = whole.values().clone();
  for (int64_t step = 11; step <= 20; step++) whole.train(seed, step);

  Bench resumed(subject);
  resumed.values().copy_(values);
  resumed.start();
  resumed.state.restore(saved);
  for (int64_t step = 11; step <= 20; step++) resumed.train(seed, step);
  expect(same_bits(whole.average(), resumed.average()),
         "stopped, loaded and continued, its average differs: something it remembers is not in its state");
  subject.passed = std::to_string(saved.size()) + " tensors of state; continued bit for bit";
}

void garbage(Subject& subject) {
  const uint64_t seed = subject.request.seed;
  Bench first(subject);
  first.start();
  for (int64_t step = 1; step <= 3; step++) first.train(seed, step);
  try_broken_states(subject, copied(first.state.save()), [&](const auto& broken) {
    Bench bench(subject);
    bench.state.restore(broken);
    bench.start();
    for (int64_t step = 4; step <= 6; step++) bench.train(seed, step);
    bench.average();
  });
}

}  // namespace

void live_averager(Subject& subject) {
  Bench bench(subject);
  bench.start();
  for (int64_t step = 1; step <= 2; step++) bench.train(subject.request.seed, step);
  bench.average();
}

std::vector<Test> averager_tests() {
  return {{"averager-constant", "averager", "The average of constant weights is those weights.", constant},
          {"averager-hull", "averager", "The average lies among the weights there have been.", hull},
          {"averager-state-round-trip", "averager", "Saved, loaded and continued, it gives the same bits.",
           state_round_trip},
          {"averager-garbage-state", "averager", "A broken state is refused with a sentence, or survived.", garbage}};
}

}  // namespace basin::checking
