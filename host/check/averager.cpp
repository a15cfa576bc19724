// An averager beside parameters that the check moves.
#include <basin/averager.h>

#include "abi/context.hpp"
#include "check/steps.hpp"
#include "train/report.hpp"
#include "train/validation.hpp"

namespace basin::checking {
namespace {

constexpr int64_t kNumbers = 17;

class Bench {
 public:
  explicit Bench(Subject& subject) : seed_(subject.request.seed), averager(subject.make()) {
    parameters.add("a", {3, 4}, {});
    parameters.add("b", {5}, {});
    parameters.lay_out(at::kCPU, at::MemoryFormat::Contiguous);
    values().copy_(begin());
    functions_ = averager->functions<basin_averager_functions>();
    if (!functions_.start || !functions_.update || !functions_.average) fail("it lacks start, update or average");
  }
  void start() {
    averager->call([&] { return functions_.start(averager->self(), &parameters, &state); });
  }
  void update(uint64_t step) {
    const Context context(1, step, {0, 1});
    averager->call([&] { return functions_.update(averager->self(), context.get()); });
  }
  void train(uint64_t step) {
    values().copy_(begin() + some_values(seed_, 100 + step, {kNumbers}, 0.1));
    update(step);
  }
  void follow(const Bench& other) { values().copy_(other.values()); }
  Tensor outcome() {  // the average
    basin_tensor* out = nullptr;
    averager->call([&] { return functions_.average(averager->self(), 0, &out); });
    const Tensor average = steal(out);
    expect(average.defined(), "average gave nothing");
    expect(average.scalar_type() == at::kFloat && average.numel() == kNumbers && average.dim() == 1,
           "average gave " + std::string(c10::toString(average.scalar_type())) + c10::str(average.sizes()) +
               ", and the group has " + std::to_string(kNumbers) + " numbers in one float32 tensor");
    return average.clone();
  }
  Tensor begin() const { return some_values(seed_, 1, {kNumbers}); }  // where the training begins
  const Tensor& values() const { return parameters.groups()[0].values; }
  Parameters parameters;
  State state;

 private:
  uint64_t seed_;
  ServedValidation validation_{parameters, [] { return 1.0; }};  // for those that ask: it never changes
  ServedReport report_{parameters};
  basin_averager_functions functions_{};

 public:
  std::shared_ptr<Object> averager;  // gone before what it was started with
};

void constant(Subject& subject) {
  Bench bench(subject);
  const Tensor weights = bench.begin();
  bench.start();
  for (uint64_t step = 0; step < 200; step++) {
    bench.values().copy_(weights);
    bench.update(step);
    const double off = (bench.outcome() - weights).abs().max().item<double>();
    expect(off <= 1e-5, "the weights never changed, and after step " + std::to_string(step + 1) +
                            " their average is off by up to " + std::to_string(off));
  }
  subject.passed = "after each of 200 steps the average of constant weights is those weights, to 1e-5";
}

void hull(Subject& subject) {
  Bench bench(subject);
  bench.start();
  Tensor low = bench.begin(), high = bench.begin();
  for (uint64_t step = 0; step < 50; step++) {
    bench.train(step);
    low = at::minimum(low, bench.values()), high = at::maximum(high, bench.values());
    const Tensor average = bench.outcome();
    expect(average.ge(low - 1e-5).logical_and(average.le(high + 1e-5)).all().item<bool>(),
           "after step " + std::to_string(step + 1) + " its average lies outside of all weights there have been");
  }
}

}  // namespace

void live_averager(Subject& subject) { live_steps<Bench>(subject); }

std::vector<Test> averager_tests() {
  return {{"averager-constant", "averager", "The average of constant weights is those weights.", constant},
          {"averager-hull", "averager", "The average lies among the weights there have been.", hull},
          {"averager-state-round-trip", "averager", "Saved, loaded and continued, it gives the same bits.",
           state_round_trip<Bench>},
          {"averager-garbage-state", "averager", "A broken state is refused with a sentence, or survived.",
           garbage_state<Bench>}};
}

}  // namespace basin::checking
