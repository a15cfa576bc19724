// Exponential moving average with its start corrected (Kingma and Ba 2015, arXiv 1412.6980, section 3, there for
// moments): begun from zero, and divided by the part of the weight that has been given out, so that early weights are
// not favoured.
//
//   a <- decay a + (1 - decay) w,   average after n updates = a / (1 - decay^n)
#include <basin/basin.hpp>
#include <cmath>

namespace {
using namespace basin;

struct MyAverager {
  static constexpr const char* name = "my_averager";
  static constexpr const char* summary = "Exponential moving average with its start corrected.";

  // The options: each line declares one, says its default and range, and fills the field.
  double decay;
  static auto parameters() {
    return declare(
        number("decay", &MyAverager::decay, 0.999, "What is kept of the average at each step.").between(0, 0.9999999));
  }

  Parameters parameters_;
  std::vector<Tensor> sums;  // a of each group [n]
  Tensor updates;            // n: [] int64

  // Once, before the first step. State is zeros at first; after a restart it holds what it held, but a checkpoint may
  // be restored after start, so read it when it is needed.
  void start(Parameters p, State state) {
    parameters_ = p;
    updates = state.tensor("updates", {}, Type::int64);
    for (const Group& g : parameters_) sums.push_back(state.like(g.name + ".sum", g.values));
    // The log is not among what an averager needs, so ask: an older host may lack it.
    if (host_has<&basin_log_interface::write>() && decay < 0.5)
      log_warning("a decay this low averages two steps or fewer");
  }

  // After the optimizer's step.
  void update(const Context&) {
    for (size_t i = 0; i < sums.size(); ++i) sums[i].lerp_(parameters_[i].values, 1 - decay);
    updates.add_(1);
  }

  // At any time; before the first update the weights as they stand.
  Tensor average(uint32_t group) {
    const double n = updates.item();
    return n == 0 ? parameters_[group].values.clone() : sums.at(group) * (1 / (1 - std::pow(decay, n)));
  }
};

}  // namespace

BASIN_PLUGIN("my_averager", "0.1.0", "Apache-2.0", "Exponential moving average with its start corrected.",
             AveragerComponent<MyAverager>)
