// start_watch.hpp: says when a wrapper that finds its gradients at w + e climbs so far that the training does not start.
#pragma once
#include <cmath>
#include <cstdio>

#include "kinds/optimizer.hpp"
#include "services.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

// Where e is so long that the gradients at w + e say nothing about w, the loss stays where it began. The sharpness
// L(w + e) - L(w) is then large: in the first steps at least, for SAM's e soon drives the weights to where e changes
// nothing any more. It grows at least as |e| does, so an e that would raise the loss by a tenth is short enough to start; and
// half the radius at most is said, for a single look can be small by chance.
//
//   void start(Parameters p, State state) { watch.start(state); }
//   watch(context.step, rho, loss at w, sharpness)        in every step, both []; no sharpness in a step without a climb
//
// A wrapper with one gradient a step sees the loss at the moved weights only, which may be low where that at w is not. It
// looks at w too, in two steps, before the gradient, which the losses alone would undo:
//
//   const Tensor at_w = watch.look(context.step, closure, request);
//   ...
//   if (at_w) watch(context.step, rho, at_w, loss at the moved weights - at_w)
//
// After 300 steps it waits for the device once, and warns if the last 20 losses are above 0.9 of the first 20, and the
// size of the sharpness in the first or the last 20 steps above 0.1 of them. Its sums are state, "first_steps" [8]: a
// restart within these steps changes nothing. Weights that were trained before cannot be told from a training that is stuck.
class StartWatch {
 public:
  void start(const State& state) { sums_ = state.tensor("first_steps", {8}, Type::float64); }

  // The loss at the weights as they stand [], of the samples that the gradients are asked of; empty in all steps but two.
  static Tensor look(uint64_t step, const Closure& closure, Request request) {
    if (!request.gradients || (step != 10 && step != 299)) return {};
    request.gradients = request.per_sample = false;
    return closure(request).loss;
  }

  void operator()(uint64_t step, double rho, const Tensor& loss, const Tensor& sharpness) const {
    if (step >= 300) return;
    const int64_t end = step < 20 ? 0 : step >= 280 ? 2 : -1;
    if (end >= 0) add(end, loss);
    if (end >= 0 && sharpness) add(4 + end, sharpness);
    if (step != 299) return;
    const std::vector<double> s = sums_.values<double>();
    const double before = s[0] / s[1], after = s[2] / s[3];
    const double apart = std::fmax(std::fabs(s[4] / s[5]), std::fabs(s[6] / s[7]));  // NaN without a climb
    if (!(before > 0 && after > 0.9 * before && apart > 0.1 * before)) return;
    char text[400];
    std::snprintf(
        text, sizeof text,
        "After 300 steps the loss is %.3g, and it began at %.3g: with rho = %.3g the training does not start, "
        "because the losses at w and at w + e are %.2g apart. Try rho = %.1g. (If the weights were trained before, "
        "this may be as it should.)",
        after, before, rho, apart, rho * std::fmin(0.5, 0.1 * before / apart));
    log_warning(text);
  }

 private:
  void add(int64_t i, const Tensor& value) const {
    sums_.narrow(0, i, 1).add_(value);
    sums_.narrow(0, i + 1, 1).add_(1.0);
  }

  // Sum and count: of the first 20 losses, of the last 20, of the sharpness in both.
  Tensor sums_;
};

}  // namespace basin
#pragma GCC visibility pop
