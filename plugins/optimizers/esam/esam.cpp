// Efficient sharpness-aware minimization (Du et al. 2022, arXiv 2110.03141, Algorithm 1). The base optimizer takes its
// step from w with the gradients found at w + e, as in SAM, but
//   e   moves a part of the weights: e = (rho / beta) m g / |g|, m ~ Bernoulli(beta) for each weight   (section 3.1)
//   B+  is the part of the batch whose losses grow most from w to w + e, a share gamma of it; the gradients at w + e
//       are those of its mean loss                                                                     (section 3.2)
#include <algorithm>
#include <basin/basin.hpp>
#include <basin/cpp/start_watch.hpp>
#include <numeric>

namespace {
using namespace basin;

struct Esam {
  static constexpr const char* name = "esam";
  static constexpr const char* summary =
      "Efficient sharpness-aware minimization (Du et al. 2022, arXiv 2110.03141), around any optimizer.";
  double rho, beta, gamma;
  Optimizer base;

  static auto parameters() {
    return declare(
        number("rho", &Esam::rho, 0.05, "Radius of the ball, over all parameters together.").at_least(0),
        number("beta", &Esam::beta, 0.6, "Share of the weights that is moved, drawn anew in each step.")
            .between(0.01, 1),
        number("gamma", &Esam::gamma, 0.5, "Share of the batch that the second gradients are of.").between(0.01, 1),
        component("base", &Esam::base, "optimizer", "The optimizer that takes the step."));
  }

  Parameters parameters_;
  StartWatch watch;
  std::vector<Tensor> before;  // the values at w, [n] each: copied back, so that they return bit for bit

  void start(Parameters p, State state) {
    parameters_ = p;
    watch.start(state);
  }

  LossResult step(const Context& context, const Closure& closure) {
    return base.step(context, [&](Request request) {
      request.per_sample = true;
      const LossResult first = closure(request);  // gradients at w
      if (!request.gradients) return first;
      climb(context);
      try {
        Tensor moved;  // L(w + e) of the whole batch []
        if (gamma < 1) request.subset = most_sensitive(first, closure, request, moved);
        const LossResult second = closure(request);  // gradients at w + e
        watch(context.step, rho, first.loss, (gamma < 1 ? moved : second.loss) - first.loss);
      } catch (...) {
        restore();
        throw;
      }
      restore();
      return first;
    });
  }

 private:
  void climb(const Context& context) {
    static const Op below("aten::lt.Scalar(Tensor self, Scalar other) -> Tensor");
    const Tensor scale = rho / beta / (gradient_norm(parameters_) + 1e-12);  // []
    before.resize(parameters_.size());
    for (uint32_t i = 0; i < parameters_.size(); ++i) {
      const Group& g = parameters_[i];
      before[i] = g.values.clone();
      const Stream numbers = stream(context, BASIN_PURPOSE_OPTIMIZER, context.step, i);
      const Tensor u = uniform(numbers, {0}, {g.values.numel()}, g.values).reshape({-1});  // [n]
      g.values.addcmul_(g.gradients * below(u, beta).to(Type::float32), scale);
    }
  }
  void restore() {
    for (size_t i = 0; i < parameters_.size(); ++i) parameters_[i].values.copy_(before[i]);
  }

  // The rows of the batch whose losses have grown most, in ascending order; `moved` is the loss here.
  std::vector<int64_t> most_sensitive(const LossResult& at_w, const Closure& closure, Request request,
                                      Tensor& moved) const {
    request.gradients = false;
    const LossResult here = closure(request);
    moved = here.loss;
    const std::vector<double> growth = (here.sample_losses - at_w.sample_losses).values<double>();
    std::vector<size_t> order(growth.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return growth[a] > growth[b]; });
    order.resize(std::max<size_t>(1, static_cast<size_t>(std::lround(gamma * static_cast<double>(order.size())))));
    std::vector<int64_t> rows;
    for (size_t i : order) rows.push_back(request.subset.empty() ? static_cast<int64_t>(i) : request.subset[i]);
    std::sort(rows.begin(), rows.end());
    return rows;
  }
};

}  // namespace

BASIN_PLUGIN("esam", "0.3.0", "Apache-2.0", "Efficient sharpness-aware minimization.", OptimizerComponent<Esam>)
