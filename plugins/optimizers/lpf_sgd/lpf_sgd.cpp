// LPF-SGD (Bisla et al. 2022, arXiv 2201.08025, Algorithm 1): descent on the loss convolved with a Gaussian, a low-pass
// filter over the weights. The batch is cut into M parts; part m finds its gradients at w + n_m, and the base optimizer
// takes its step from w with their mean,
//
//   n_m ~ N(0, (sigma_t |f|)^2) for the weights of filter f (a matrix's row; a vector is one filter)
//   sigma_t = sigma (1 + increase (1 - cos(pi t / steps)) / 2)
//
// so that a step costs one pass over the batch.
#include <basin/basin.hpp>
#include <cmath>

namespace {
using namespace basin;

struct LpfSgd {
  static constexpr const char* name = "lpf_sgd";
  static constexpr const char* summary =
      "LPF-SGD (Bisla et al. 2022, arXiv 2201.08025): descent on the loss smoothed over the weights.";
  double sigma, increase;
  int64_t draws, steps;
  Optimizer base;

  static auto parameters() {
    return declare(
        number("sigma", &LpfSgd::sigma, 5e-4, "Deviation of the noise, in units of each filter's norm.").at_least(0),
        integer("draws", &LpfSgd::draws, 8, "M: parts of the batch, each with noise of its own.").at_least(1),
        number("increase", &LpfSgd::increase, 15, "How much sigma grows until step `steps`, in units of itself.")
            .at_least(0),
        integer("steps", &LpfSgd::steps, 0, "Length of the run, over which sigma grows; 0: it does not.")
            .at_least(0)
            .unit("steps"),
        component("base", &LpfSgd::base, "optimizer", "The optimizer that takes the step."));
  }

  Parameters parameters_;
  std::vector<Parameter> list;

  void start(Parameters p, State) { parameters_ = p, list = p.list(); }

  LossResult step(const Context& context, const Closure& closure) {
    return base.step(context, [&](const Request& request) {
      if (!request.gradients) return closure(request);
      std::vector<int64_t> rows = request.subset;
      for (int64_t i = 0; request.subset.empty() && i < int64_t{context.n_samples}; ++i) rows.push_back(i);
      const auto n = static_cast<int64_t>(rows.size()), parts = std::max<int64_t>(1, std::min(draws, n));

      LossResult result{Tensor::zeros({}, Type::float32, parameters_[0].rate), {}};
      std::vector<Tensor> sums, losses;  // of gradients of each group [n]; of losses of each part
      for (const Group& g : parameters_) sums.push_back(Tensor::zeros(g.values.sizes(), Type::float32, g.values));
      for (int64_t m = 0; m < parts; ++m) {
        const int64_t first = n * m / parts, last = n * (m + 1) / parts;
        Request part = request;
        if (parts > 1) part.subset.assign(rows.begin() + first, rows.begin() + last);
        LossResult found;
        and_back(parameters_, [&] {
          perturb(context, m);
          found = closure(part);
        });
        const double share = parts > 1 ? static_cast<double>(last - first) / static_cast<double>(n) : 1;
        for (size_t i = 0; i < sums.size(); ++i) sums[i].add_(parameters_[i].gradients, share);
        result.loss.add_(found.loss, share);
        if (request.per_sample) losses.push_back(found.sample_losses);
      }
      for (size_t i = 0; i < sums.size(); ++i) parameters_[i].gradients.copy_(sums[i]);
      if (request.per_sample) result.sample_losses = cat(losses, 0);
      return result;
    });
  }

 private:
  void perturb(const Context& context, int64_t draw) const {
    const double u = steps ? std::min(1.0, static_cast<double>(context.step) / static_cast<double>(steps)) : 0;
    const double deviation = sigma * (1 + increase * (1 - std::cos(M_PI * u)) / 2);
    for (uint32_t i = 0; i < list.size(); ++i) {
      const Tensor& w = list[i].value;
      std::vector<int64_t> within;  // a filter's dims
      for (int64_t d = w.dims() > 1 ? 1 : 0; d < w.dims(); ++d) within.push_back(d);
      const Tensor norms = within.empty() ? w.abs() : w.pow(2).sum(within, true).sqrt();
      const Stream numbers = stream(context, BASIN_PURPOSE_OPTIMIZER, context.step, i);
      w.addcmul_(normal(numbers, {draw}, w.sizes(), w).reshape(w.sizes()), norms, deviation);
    }
  }
};

}  // namespace

BASIN_PLUGIN("lpf_sgd", "0.1.0", "Apache-2.0", "LPF-SGD.", OptimizerComponent<LpfSgd>)
