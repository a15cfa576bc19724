// An optimizer at work on a bowl: loss_i(w) = sum_k h_k (w_k - c_k - d_ik)^2 / 2 over eight samples i, whose d_i sum to
// nothing, so that the mean loss is lowest at c.
#include <basin/optimizer.h>

#include "abi/context.hpp"
#include "check/gates.hpp"
#include "check/steps.hpp"
#include "train/optimizer.hpp"
#include "train/report.hpp"
#include "train/validation.hpp"

namespace basin::checking {
namespace {

constexpr int64_t kNumbers = 17, kSamples = 8;

class Bowl {
 public:
  explicit Bowl(Subject& subject) : seed_(subject.request.seed), optimizer(subject.make()) {
    const at::NoGradGuard no_grad;
    parameters.add("a", {3, 4}, {});
    parameters.add("b", {5}, {});
    parameters.lay_out(at::kCPU, at::MemoryFormat::Contiguous);
    centre_ = some_values(seed_, 1, {kNumbers});
    curvature_ = some_values(seed_, 2, {kNumbers}).abs().clamp(0.3, 2);
    spread_ = some_values(seed_, 3, {kSamples, kNumbers}, 0.1);
    spread_ = spread_ - spread_.mean(0, true);
    values().copy_(centre_ + some_values(seed_, 4, {kNumbers}, 0.1));
    functions_ = optimizer->functions<basin_optimizer_functions>();
    if (!functions_.start || !functions_.step) fail("it lacks start or step");
  }

  void start() { start_optimizer(*optimizer, parameters, state); }

  // One step, with context and closure lent until it returns. Gives the loss that the optimizer gives.
  double step(uint64_t number) {
    const std::vector<int64_t> ids = {0, 1, 2, 3, 4, 5, 6, 7};
    Context context(seed_, number, ids, true);
    runs = 0, first_losses.assign(kSamples, NAN);
    basin_closure_result result{};
    result.size = sizeof result;
    inside_ = true;
    {
      Loan loan("step returned");
      const basin_closure closure{sizeof closure, this, run};
      const auto* lent_closure = loan.memory(&closure, 1, "the closure");
      const auto* lent_context = loan.context(*context.get());
      optimizer->call([&] { return functions_.step(optimizer->self(), lent_context, lent_closure, &result); });
    }
    inside_ = false;
    const Tensor loss = steal(result.loss);
    steal(result.sample_losses);
    given_ = loss.defined();
    return given_ ? loss.item<double>() : NAN;
  }

  void train(uint64_t number) { step(number); }
  Tensor outcome() const { return values().clone(); }
  void follow(const Bowl& other) { values().copy_(other.values()); }

  const Tensor& values() const { return parameters.groups()[0].values; }
  double excess() {  // of the mean loss over its minimum
    return ((values() - centre_).square() * curvature_).sum().item<double>() / 2;
  }
  double loss() { return losses(values()).mean().item<double>(); }
  bool gave_loss() const { return given_; }

  int runs = 0;                        // of the closure, in the last step
  std::vector<double> first_losses;    // of each sample, at the weights of its first run; NaN: it had none
  basin_status fails_with = BASIN_OK;  // what the closure gives instead
  Parameters parameters;
  State state;

 private:
  Tensor losses(const Tensor& w) { return ((w - centre_ - spread_).square() * curvature_).sum(1) / 2; }  // [kSamples]

  static basin_status run(void* user, const basin_closure_request* request, basin_closure_result* out) {
    auto& me = *static_cast<Bowl*>(user);
    return guard([&] {
      if (!me.inside_) throw Error("the closure was run after step had returned, until when it was borrowed");
      me.runs++;
      if (me.fails_with != BASIN_OK) throw Error("the closure was stopped", me.fails_with);
      const at::NoGradGuard no_grad;
      std::vector<int64_t> rows = {0, 1, 2, 3, 4, 5, 6, 7};
      if (request && request->subset) {
        rows.assign(request->subset, request->subset + request->n_subset);
        for (int64_t row : rows)
          if (row < 0 || row >= kSamples) throw Error("the closure has no row " + std::to_string(row));
      }
      const Tensor index = at::tensor(rows, at::kLong), w = me.values();
      const Tensor all = me.losses(w).index_select(0, index);
      const Tensor gradient = (w - me.centre_ - me.spread_.index_select(0, index).mean(0)) * me.curvature_;
      me.parameters.groups()[0].gradients.copy_(gradient);
      for (size_t i = 0; i < rows.size(); i++)
        if (double& first = me.first_losses[static_cast<size_t>(rows[i])]; std::isnan(first))
          first = all[static_cast<int64_t>(i)].item<double>();
      out->loss = own(all.mean());
      out->sample_losses = request && request->per_sample ? own(all.clone()) : nullptr;
    });
  }

  uint64_t seed_;
  ServedValidation validation_{parameters, [this] { return loss(); }};  // for those that ask
  ServedReport report_{parameters};
  basin_optimizer_functions functions_{};
  Tensor centre_, curvature_, spread_;
  bool inside_ = false, given_ = false;

 public:
  std::shared_ptr<Object> optimizer;  // gone before what it was started with
};

void convergence(Subject& subject) {
  constexpr int kSteps = 5000;
  Bowl bowl(subject);
  bowl.start();
  const double first = bowl.excess();
  for (int i = 1; i <= kSteps; i++) {
    bowl.step(static_cast<uint64_t>(i - 1));
    const double now = bowl.excess();
    expect(std::isfinite(now), "the parameters are not finite after step " + std::to_string(i) + " on a convex bowl");
    if (now < 0.01 * first) {
      subject.passed = "99 % down a convex bowl after " + std::to_string(i) + " steps";
      return;
    }
  }
  fail("after " + std::to_string(kSteps) + " steps on a convex bowl the loss is " + std::to_string(bowl.excess()) +
       " above its minimum, from " + std::to_string(first) + " at the start; expected below 1 % of that");
}

void closure(Subject& subject) {
  Bowl bowl(subject);
  bowl.start();
  constexpr uint64_t kSteps = 5;
  for (uint64_t i = 0; i < kSteps; i++) {
    const double given = bowl.step(i);
    double first = 0;
    for (double loss : bowl.first_losses) first += loss / kSamples;
    expect(!std::isnan(first), "it did not run the closure on the whole batch");
    expect(bowl.gave_loss(), "it gave no loss; it is that of the closure's first run");
    expect(std::abs(given - first) <= 1e-5 * std::abs(first) + 1e-7,
           "it gave the loss " + std::to_string(given) + ", and the closure's first run " + std::to_string(first));
  }
  bowl.fails_with = BASIN_ERROR_INTERRUPTED;
  const Tensor before = bowl.values().clone();
  try {
    bowl.step(kSteps);
    fail("the closure failed (Ctrl-C), and it returned BASIN_OK");
  } catch (const Error& error) {
    expect(error.status == BASIN_ERROR_INTERRUPTED,
           "the closure gave BASIN_ERROR_INTERRUPTED, and it returned status " + std::to_string(error.status));
  }
  expect(same_bits(before, bowl.values()), "the closure was interrupted, and the parameters had been moved");
  subject.passed = "it gives the loss of the closure's first run, and passes Ctrl-C on";
}

}  // namespace

void live_optimizer(Subject& subject) { live_steps<Bowl>(subject); }

std::vector<Test> optimizer_tests() {
  return {
      {"optimizer-same-seed", "optimizer", "The same seed gives the same parameters, bit for bit.", same_seed<Bowl>},
      {"optimizer-convergence", "optimizer", "It comes within 1 % of the minimum of a convex bowl.", convergence},
      {"optimizer-closure", "optimizer", "It runs the closure on the whole batch, gives its loss, passes failures on.",
       closure},
      {"optimizer-state-round-trip", "optimizer", "Saved, loaded and continued, it gives the same bits.",
       state_round_trip<Bowl>},
      {"optimizer-garbage-state", "optimizer", "A broken state is refused with a sentence, or survived.",
       garbage_state<Bowl>}};
}

}  // namespace basin::checking
