// start_watch.hpp: says when a wrapper that finds its gradients at w + e climbs so far that the training does not start.
#pragma once
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
// The first 300 steps count; after them it waits for the device once, and warns if the loss is above 0.9 of what it was
// and the sharpness above 0.1 of it. Its sums are state, "first_steps" [4]: a restart within these steps changes nothing.
class StartWatch {
 public:
  void start(const State& state) { sums_ = state.tensor("first_steps", {4}, Type::float64); }

  void operator()(uint64_t step, double rho, const Tensor& loss, const Tensor& sharpness) const {
    if (step >= 300) return;
    if (step < 20) add(0, loss);
    if (step >= 280) add(1, loss);
    if (step >= 200 && sharpness) add(2, sharpness), sums_.narrow(0, 3, 1).add_(1.0);
    if (step != 299) return;
    const std::vector<double> s = sums_.values<double>();
    const double before = s[0] / 20, after = s[1] / 20, higher = s[2] / s[3];  // NaN without a climb: nothing is said
    if (!(before > 0 && after > 0.9 * before && higher > 0.1 * after)) return;
    char text[300];
    std::snprintf(
        text, sizeof text,
        "After 300 steps the loss is %.3g, and it began at %.3g: with rho = %.3g the training does not start, "
        "because the loss at w + e is %.2g higher. Try rho = %.1g.",
        after, before, rho, higher, rho * 0.1 * after / higher);
    log_warning(text);
  }

 private:
  void add(int64_t i, const Tensor& value) const { sums_.narrow(0, i, 1).add_(value); }

  // Of the first 20 losses, of the last 20, of the sharpness in the last 100 steps, of how many those are.
  Tensor sums_;
};

}  // namespace basin
#pragma GCC visibility pop
