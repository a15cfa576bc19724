// start_watch.hpp: says when a wrapper that finds its gradients at w + e climbs so far that the training does not start.
#pragma once
#include <cmath>
#include <cstdio>

#include "parameters.hpp"
#include "services.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

// Where e is so long that the gradients at w + e say nothing about w, the loss stays where it began. The sharpness
// L(w + e) - L(w) grows at least as |e| does, so an e that would raise the loss by a tenth is short enough to start with.
//
//   void start(Parameters p, State state) { watch.start(state); }
//   watch(context.step, rho, loss at w, sharpness)        in every step, both []; no sharpness in a step without a climb
//
// A wrapper with one gradient a step sees the loss at the moved weights only, which may be low where that at w is not. It
// computes the other one in the two steps that `looks` names, before the gradient, which the losses alone would undo:
//
//   Tensor at_w;
//   if (watch.looks(context.step)) at_w = closure({.gradients = false}).loss;
//   ...
//   if (at_w) watch(context.step, rho, at_w, loss at the moved weights - at_w)
//
// The first 300 steps count; after them it waits for the device once, and warns if the loss is above 0.9 of what it was
// and the size of the sharpness above 0.1 of it. Its sums are state, "first_steps" [6]: a restart within these steps
// changes nothing.
class StartWatch {
 public:
  void start(const State& state) { sums_ = state.tensor("first_steps", {6}, Type::float64); }

  static bool looks(uint64_t step) { return step == 0 || step == 299; }

  void operator()(uint64_t step, double rho, const Tensor& loss, const Tensor& sharpness) const {
    if (step >= 300) return;
    if (step < 20) add(0, loss);
    if (step >= 280) add(2, loss);
    if (step >= 200 && sharpness) add(4, sharpness);
    if (step != 299) return;
    const std::vector<double> s = sums_.values<double>();
    const double before = s[0] / s[1], after = s[2] / s[3],
                 apart = s[4] / s[5];  // NaN without a climb: nothing is said
    const double distance = std::fabs(apart);
    if (!(before > 0 && after > 0.9 * before && distance > 0.1 * after)) return;
    char text[300];
    std::snprintf(
        text, sizeof text,
        "After 300 steps the loss is %.3g, and it began at %.3g: with rho = %.3g the training does not start, "
        "because the loss at w + e is %.2g %s. Try rho = %.1g.",
        after, before, rho, distance, apart > 0 ? "higher" : "lower", rho * 0.1 * after / distance);
    log_warning(text);
  }

 private:
  void add(int64_t i, const Tensor& value) const {
    sums_.narrow(0, i, 1).add_(value);
    sums_.narrow(0, i + 1, 1).add_(1.0);
  }

  // Sum and count: of the first 20 losses, of the last 20, of the sharpness in the last 100 steps.
  Tensor sums_;
};

}  // namespace basin
#pragma GCC visibility pop
