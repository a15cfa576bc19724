// Adam with an exponential moving average of the weights in one pass over memory: what `adam` and the averager `ema` do
// one after the other, a <- decay a + (1 - decay) w right behind w's step, while w is in the cache.
//
// Two components of one plugin: the optimizer, whose state holds the average, and an averager that hands it out. They
// meet by the handle of the parameters that both were started with.
#include <basin/basin.hpp>
#include <map>
#include <mutex>

namespace {
using namespace basin;

// The averages [n] of each group, by the parameters they are of. An optimizer may be destroyed on any thread.
std::map<basin_parameters*, std::vector<Tensor>> averages_of;
std::mutex mutex;

struct AdamEma {
  static constexpr const char* name = "adam_ema";
  static constexpr const char* summary =
      "Adam (Kingma and Ba 2015, arXiv 1412.6980) and an average of the weights in one pass over memory.";
  double lr, beta1, beta2, eps, weight_decay, decay;

  static auto parameters() {
    return declare(
        number("lr", &AdamEma::lr, 1e-4, "Learning rate.").at_least(0),
        number("beta1", &AdamEma::beta1, 0.9, "Decay of the mean of gradients.").between(0, 0.9999999),
        number("beta2", &AdamEma::beta2, 0.999, "Decay of the mean of squared gradients.").between(0, 0.9999999),
        number("eps", &AdamEma::eps, 1e-8, "Added to the root of the mean of squares.").at_least(0),
        number("weight_decay", &AdamEma::weight_decay, 0, "Decoupled: values shrink by lr times this.").at_least(0),
        number("decay", &AdamEma::decay, 0.9999, "What is kept of the average at each step.").between(0, 1));
  }

  Parameters parameters_;
  std::vector<Tensor> means, squares, averages;  // [n] each
  Tensor steps;                                  // []

  ~AdamEma() {
    const std::lock_guard lock(mutex);
    averages_of.erase(parameters_.handle());
  }
  void start(Parameters p, State state) {
    parameters_ = p;
    means = state_arenas(p, state, "m");
    squares = state_arenas(p, state, "v");
    averages = state_arenas(p, state, "average");
    steps = state.tensor("step", {});
    for (size_t i = 0; i < p.size(); ++i) averages[i].copy_(p[i].values);  // a checkpoint puts its own here afterwards
    const std::lock_guard lock(mutex);
    averages_of[p.handle()] = averages;
  }

  LossResult step(const Context&, const Closure& closure) {
    const LossResult result = closure();
    steps.add_(1);
    for (size_t i = 0; i < means.size(); ++i) {
      const Group& group = parameters_[i];
      const Tensor rate = learning_rate(group, lr);
      one_pass(
          [&](const Tensor& w, const Tensor& g, const Tensor& m, const Tensor& v, const Tensor& average) {
            adamw({w}, {g}, {m}, {v}, steps, rate, {beta1, beta2, eps, weight_decay});
            average.lerp_(w, 1 - decay);
          },
          group.values, group.gradients, means[i], squares[i], averages[i]);
    }
    return result;
  }
};

struct Average {
  static constexpr const char* name = "adam_ema";
  static constexpr const char* summary = "The average that the optimizer adam_ema keeps.";

  std::vector<Tensor> averages;  // [n] each

  void start(Parameters p, State) {
    const std::lock_guard lock(mutex);
    const auto found = averages_of.find(p.handle());
    if (found == averages_of.end())
      throw error(
          "The averager 'adam_ema' hands out what the optimizer 'adam_ema' averages: train with that optimizer, "
          "or take the averager 'ema'.");
    averages = found->second;
  }
  void update(const Context&) {}
  Tensor average(uint32_t group) { return averages.at(group); }
};

}  // namespace

BASIN_PLUGIN("adam_ema", "0.1.0", "Apache-2.0", "Adam and an average of the weights in one pass.",
             OptimizerComponent<AdamEma>, AveragerComponent<Average>)
