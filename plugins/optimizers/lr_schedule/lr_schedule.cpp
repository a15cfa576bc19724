// A learning rate that changes over the run: linear warm-up, then constant, linear to a floor, or a half cosine
// (Loshchilov and Hutter 2017, arXiv 1608.03983, eq. 5 without restarts), or cycles, each of which falls linearly to the
// floor (Izmailov et al. 2018, arXiv 1803.05407, section 3.1, for SWA). It writes the factor into each group's rate, which
// every optimizer multiplies its own learning rate with.
#include <algorithm>
#include <basin/basin.hpp>
#include <cmath>

namespace {
using namespace basin;

struct LrSchedule {
  static constexpr const char* name = "lr_schedule";
  static constexpr const char* summary = "Changes the learning rate over the run, around any optimizer.";
  std::string shape;
  int64_t warmup, steps, begin, cycle;
  double floor;
  Optimizer base;

  static auto parameters() {
    return declare(
        choice("shape", &LrSchedule::shape, "constant", {"constant", "linear", "cosine", "cyclic"},
               "What follows the warm-up."),
        integer("warmup", &LrSchedule::warmup, 0, "The rate grows linearly over so many steps.")
            .at_least(0)
            .unit("steps"),
        integer("steps", &LrSchedule::steps, 0, "Length of the run, where the shape falls.").at_least(0).unit("steps"),
        number("floor", &LrSchedule::floor, 0, "Where it falls to, as a part of the learning rate.").between(0, 1),
        integer("begin", &LrSchedule::begin, 0, "Cycles begin after so many steps.").at_least(0).unit("steps"),
        integer("cycle", &LrSchedule::cycle, 100, "Length of a cycle: the `every` of an averager swa.")
            .at_least(1)
            .unit("steps"),
        component("base", &LrSchedule::base, "optimizer", "The optimizer that takes the step."));
  }
  void check() {
    if ((shape == "linear" || shape == "cosine") && steps <= warmup)
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
    if (shape == "cyclic") return rise * (1 - in_cycle(n) * (1 - floor));
    const Tensor u = ((n - static_cast<double>(warmup)) / static_cast<double>(steps - warmup)).clamp(0, 1);
    const Tensor fall = shape == "linear" ? 1 - u : ((u * M_PI).cos() + 1) * 0.5;
    return rise * (fall * (1 - floor) + floor);
  }
  // How far step n is in its cycle, []: 1/c, 2/c, ..., 1, and again; 0 before the cycles begin.
  Tensor in_cycle(const Tensor& n) const {
    static const Op remainder("aten::remainder.Scalar(Tensor self, Scalar other) -> Tensor");
    const Tensor since = n - static_cast<double>(begin);
    const Tensor begun = (since + 1).clamp(0, 1);
    return begun * (remainder(since, static_cast<double>(cycle)) + 1) / static_cast<double>(cycle);
  }
};

}  // namespace

BASIN_PLUGIN("lr_schedule", "0.1.0", "Apache-2.0", "A learning rate that changes over the run.",
             OptimizerComponent<LrSchedule>)
