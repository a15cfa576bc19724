// A learning rate that changes over the run: linear warm-up, then constant, linear to a floor, or a half cosine
// (Loshchilov and Hutter 2017, arXiv 1608.03983, eq. 5 without restarts). It writes the factor into each group's rate,
// which every optimizer multiplies its own learning rate with.
#include <algorithm>
#include <basin/basin.hpp>
#include <cmath>

namespace {
using namespace basin;

struct LrSchedule {
  static constexpr const char* name = "lr_schedule";
  static constexpr const char* summary = "Changes the learning rate over the run, around any optimizer.";
  std::string shape;
  int64_t warmup, steps;
  double floor;
  Optimizer base;

  static auto parameters() {
    return declare(
        choice("shape", &LrSchedule::shape, "constant", {"constant", "linear", "cosine"}, "What follows the warm-up."),
        integer("warmup", &LrSchedule::warmup, 0, "The rate grows linearly over so many steps.")
            .at_least(0)
            .unit("steps"),
        integer("steps", &LrSchedule::steps, 0, "Length of the run, where the shape falls.").at_least(0).unit("steps"),
        number("floor", &LrSchedule::floor, 0, "Where it falls to, as a part of the learning rate.").between(0, 1),
        component("base", &LrSchedule::base, "optimizer", "The optimizer that takes the step."));
  }
  void check() {
    if (shape != "constant" && steps <= warmup)
      throw error("A rate that falls (shape = \"" + shape +
                  "\") needs the length of the run: give steps above warmup (" + std::to_string(warmup) +
                  "), but steps is " + std::to_string(steps) + ".");
  }

  Parameters parameters_;
  Tensor done;  // [] int64: steps taken, so that a resumed run goes on where it was

  void start(Parameters p, State state) {
    parameters_ = p;
    done = state.tensor("steps", {}, Type::int64);
  }

  LossResult step(const Context& context, const Closure& closure) {
    const Tensor factor = factor_at(done.to(Type::float64));
    for (const Group& g : parameters_) g.rate.copy_(factor);
    const LossResult result = base.step(context, closure);
    done.add_(1);
    return result;
  }

 private:
  // After n steps, []: no number is read back, so that a step with a schedule can be captured.
  Tensor factor_at(const Tensor& n) const {
    const Tensor rise = ((n + 1) / static_cast<double>(std::max<int64_t>(warmup, 1))).clamp(0, 1);
    if (shape == "constant") return rise;
    const Tensor u = ((n - static_cast<double>(warmup)) / static_cast<double>(steps - warmup)).clamp(0, 1);
    const Tensor fall = shape == "linear" ? 1 - u : ((u * M_PI).cos() + 1) * 0.5;
    return rise * (fall * (1 - floor) + floor);
  }
};

}  // namespace

BASIN_PLUGIN("lr_schedule", "0.1.0", "Apache-2.0", "A learning rate that changes over the run.",
             OptimizerComponent<LrSchedule>)
