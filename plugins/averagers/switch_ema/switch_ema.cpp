// Switch EMA (Li et al. 2024, arXiv 2402.09240, Algorithm 1): an exponential moving average of the weights,
// a <- d a + (1 - d) w, that becomes the weights themselves after every `every` steps (an epoch in the paper): the
// optimizer goes on from there, with the moments it had.
#include <basin/basin.hpp>

namespace {
using namespace basin;

struct SwitchEma {
  static constexpr const char* name = "switch_ema";
  static constexpr const char* summary =
      "Switch EMA (Li et al. 2024, arXiv 2402.09240): an average that the training goes on from now and then.";
  double decay;
  int64_t every;

  static auto parameters() {
    return declare(number("decay", &SwitchEma::decay, 0.999, "What is kept of the average at each step.").between(0, 1),
                   integer("every", &SwitchEma::every, 1000, "Steps from one switch to the next; the paper's epoch.")
                       .at_least(1)
                       .unit("steps"));
  }

  Parameters parameters_;
  std::vector<Tensor> averages;  // [n] each

  void start(Parameters p, State state) {
    parameters_ = p;
    averages = state_arenas(p, state, "average");
    const Tensor started = state.tensor("started", {}, Type::int64);
    if (started.item() == 0)
      for (size_t i = 0; i < averages.size(); ++i) averages[i].copy_(p[i].values);
    started.fill_(1);
  }

  void update(const Context& context) {
    const bool switches = (context.step + 1) % static_cast<uint64_t>(every) == 0;
    for (size_t i = 0; i < averages.size(); ++i) {
      averages[i].lerp_(parameters_[i].values, 1 - decay);
      if (switches) parameters_[i].values.copy_(averages[i]);
    }
  }

  Tensor average(uint32_t group) { return averages.at(group); }
};

}  // namespace

BASIN_PLUGIN("switch_ema", "0.1.0", "Apache-2.0", "Switch EMA.", AveragerComponent<SwitchEma>)
