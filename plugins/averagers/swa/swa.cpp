// Stochastic weight averaging (Izmailov et al. 2018, arXiv 1803.05407, Algorithm 1): the plain mean of snapshots of the
// weights, taken every `every` steps after step `start`. Snapshots are counted, not steps divided by `every`: with a
// late start the latter would leave the first snapshot almost all of the weight.
#include <basin/basin.hpp>

namespace {
using namespace basin;

struct Swa {
  static constexpr const char* name = "swa";
  static constexpr const char* summary = "Stochastic weight averaging (Izmailov et al. 2018, arXiv 1803.05407).";
  int64_t first, every;

  static auto parameters() {
    return declare(integer("start", &Swa::first, 0, "The first snapshot is `every` steps after this one.")
                       .at_least(0)
                       .unit("steps"),
                   integer("every", &Swa::every, 100, "Steps between snapshots.").at_least(1).unit("steps"));
  }

  Parameters parameters_;
  std::vector<Tensor> averages;  // [n] each
  Tensor snapshots;              // [] int64
  bool warned = false;

  void start(Parameters p, State state) {
    parameters_ = p;
    snapshots = state.tensor("snapshots", {}, Type::int64);
    for (const Group& g : parameters_) averages.push_back(state.like(g.name + ".average", g.values));
  }

  void update(const Context& context) {
    const auto step = static_cast<int64_t>(context.step) + 1;  // steps done
    if (step <= first || (step - first) % every) return;
    const double n = snapshots.item();
    for (size_t i = 0; i < averages.size(); ++i) averages[i].lerp_(parameters_[i].values, 1 / (n + 1));
    snapshots.add_(1);
  }

  // Before the first snapshot: the weights as they stand, and that is said once.
  Tensor average(uint32_t group) {
    if (group == 0 && snapshots.item() == 0 && !std::exchange(warned, true))
      log_warning("there is no snapshot yet, so the average is the raw weights; the first is taken after step " +
                  std::to_string(first + every));
    return snapshots.item() == 0 ? parameters_[group].values.clone() : averages.at(group);
  }
};

}  // namespace

BASIN_PLUGIN("swa", "0.1.0", "Apache-2.0", "Stochastic weight averaging.", AveragerComponent<Swa>)
