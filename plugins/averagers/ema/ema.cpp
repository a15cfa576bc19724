// Exponential moving average of the weights: a <- d a + (1 - d) w after every step, begun as a copy of w. Off by
// default, two ways to forget the beginning sooner:
//   count   d_n = min(d, (1 + n) / (10 + n)), n steps done before    (TensorFlow's form, also of diffusers)
//   ramp    half-life min(h, n / 20), h that of d                    (Karras et al. 2022, arXiv 2206.00364, app. F)
#include <algorithm>
#include <basin/basin.hpp>
#include <cmath>

namespace {
using namespace basin;

struct Ema {
  static constexpr const char* name = "ema";
  static constexpr const char* summary = "Exponential moving average of the weights.";
  double decay;
  std::string warmup;

  static auto parameters() {
    return declare(
        number("decay", &Ema::decay, 0.9999, "What is kept of the average at each step.").between(0, 1),
        choice("warmup", &Ema::warmup, "none", {"none", "count", "ramp"}, "Forgets the beginning sooner (README)."));
  }

  Parameters parameters_;
  std::vector<Tensor> averages;  // [n] each
  Tensor done;                   // [] int64: updates so far

  void start(Parameters p, State state) {
    parameters_ = p;
    done = state.tensor("updates", {}, Type::int64);
    const Tensor started = state.tensor("started", {}, Type::int64);
    for (const Group& g : parameters_) {
      averages.push_back(state.like(g.name + ".average", g.values));
      if (started.item() == 0) averages.back().copy_(g.values);
    }
    started.fill_(1);
  }

  void update(const Context&) {
    const double d = warmup == "none" ? decay : early(done.item());
    for (size_t i = 0; i < averages.size(); ++i) averages[i].lerp_(parameters_[i].values, 1 - d);
    done.add_(1);
  }

  Tensor average(uint32_t group) { return averages.at(group); }

 private:
  double early(double n) const {
    if (warmup == "count") return std::min(decay, (1 + n) / (10 + n));
    if (n == 0 || decay == 0) return 0;
    const double half_life = decay < 1 ? -std::log(2.0) / std::log(decay) : HUGE_VAL;
    return std::exp2(-1 / std::min(half_life, n / 20));
  }
};

}  // namespace

BASIN_PLUGIN("ema", "0.1.0", "Apache-2.0", "Exponential moving average of the weights.", AveragerComponent<Ema>)
