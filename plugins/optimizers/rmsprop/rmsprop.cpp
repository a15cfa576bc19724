// RMSprop (Tieleman and Hinton 2012, Coursera, lecture 6.5): v <- alpha v + (1 - alpha) g^2, w <- w - lr g / (sqrt(v) +
// eps). Centred (Graves 2013, arXiv 1308.0850, eq. 38 to 41): the root is of v - a^2, a the mean of gradients. With
// momentum the steps without lr are summed up, b <- momentum b + g / (sqrt(v) + eps), and w <- w - lr b. One pass over
// each arena.
#include <basin/basin.hpp>

namespace {
using namespace basin;

struct Rmsprop {
  static constexpr const char* name = "rmsprop";
  static constexpr const char* summary =
      "RMSprop (Tieleman and Hinton 2012), also centred (Graves 2013, arXiv 1308.0850) and with momentum.";
  double lr, alpha, eps, momentum, weight_decay;
  bool centered;

  static auto parameters() {
    return declare(
        number("lr", &Rmsprop::lr, 1e-3, "Learning rate.").at_least(0),
        number("alpha", &Rmsprop::alpha, 0.99, "Decay of the mean of squared gradients.").between(0, 1),
        number("eps", &Rmsprop::eps, 1e-8, "Added to the root of the mean of squares.").at_least(0),
        number("momentum", &Rmsprop::momentum, 0, "Decay of the sum of steps.").between(0, 1),
        number("weight_decay", &Rmsprop::weight_decay, 0, "Times the values, added to the gradients.").at_least(0),
        boolean("centered", &Rmsprop::centered, false, "Divides by the gradients' deviation, not by their size."));
  }

  Parameters parameters_;
  std::vector<Tensor> squares, means, sums;  // [n] each; the latter two where they are used

  void start(Parameters p, State state) {
    parameters_ = p;
    squares = state_arenas(p, state, "v");
    // What is not used stands in as the squares, so that a pass has the same tensors always.
    means = centered ? state_arenas(p, state, "mean") : squares;
    sums = momentum > 0 ? state_arenas(p, state, "sum") : squares;
  }

  LossResult step(const Context&, const Closure& closure) {
    const LossResult result = closure();
    for (size_t i = 0; i < squares.size(); ++i) {
      const Group& group = parameters_[i];
      const Tensor rate = learning_rate(group, lr);
      one_pass(
          [&](const Tensor& w, const Tensor& gradient, const Tensor& v, const Tensor& a, const Tensor& b) {
            const Tensor g = weight_decay > 0 ? gradient + w * weight_decay : gradient;
            v.mul_(alpha).addcmul_(g, g, 1 - alpha);
            if (centered) a.lerp_(g, 1 - alpha);
            const Tensor move = g / ((centered ? v - a * a : v).sqrt() + eps);
            w.addcmul_(momentum > 0 ? b.mul_(momentum).add_(move) : move, rate, -1);
          },
          group.values, group.gradients, squares[i], means[i], sums[i]);
    }
    return result;
  }
};

}  // namespace

BASIN_PLUGIN("rmsprop", "0.1.0", "Apache-2.0", "RMSprop.", OptimizerComponent<Rmsprop>)
