// LookSAM (Liu et al. 2022, arXiv 2203.02714, Algorithm 1): SAM's second gradient in every k-th step only. There the
// base optimizer gets s, found at w + e, e = rho g / |g|, and what of s is at right angles to g is kept:
//
//   v = s - (<s,g> / |g|^2) g
//
// It changes slowly, so the k - 1 steps between take g + alpha (|g| / |v|) v, g alone being computed.
#include <basin/basin.hpp>
#include <basin/cpp/start_watch.hpp>

namespace {
using namespace basin;

struct LookSam {
  static constexpr const char* name = "looksam";
  static constexpr const char* summary =
      "LookSAM (Liu et al. 2022, arXiv 2203.02714): SAM's second gradient in every k-th step, around any optimizer.";
  double rho, alpha;
  int64_t every;
  std::string norms;
  Optimizer base;

  static auto parameters() {
    return declare(number("rho", &LookSam::rho, 0.05, "Radius of the ball, over all parameters together.").at_least(0),
                   number("alpha", &LookSam::alpha, 0.2, "Share of the kept direction, in units of |g|.").at_least(0),
                   integer("every", &LookSam::every, 5, "k: steps from one second gradient to the next.")
                       .at_least(1)
                       .unit("steps"),
                   choice("norms", &LookSam::norms, "global", {"global", "tensor"},
                          "v and its scale of all parameters together, or of each by itself."),
                   component("base", &LookSam::base, "optimizer", "The optimizer that takes the step."));
  }

  Parameters parameters_;
  StartWatch watch;
  std::vector<Tensor> kept;                            // v of each group [n]
  std::vector<std::vector<Tensor>> gradients_, kept_;  // g and v as views, in the parts whose norms are taken

  void start(Parameters p, State state) {
    parameters_ = p;
    watch.start(state);
    kept = state_arenas(p, state, "v");
    if (norms == "global") {
      gradients_ = {gradients_of(p)}, kept_ = {kept};
    } else {
      for (const Parameter& one : p.list()) {
        gradients_.push_back({p[one.group].gradients.narrow(0, one.offset, one.numel)});
        kept_.push_back({kept[one.group].narrow(0, one.offset, one.numel)});
      }
    }
  }

  LossResult step(const Context& context, const Closure& closure) {
    return base.step(context, [&](const Request& request) {
      const LossResult first = closure(request);
      if (!request.gradients) return first;
      Tensor sharpness;  // L(w + e) - L(w) []; none between the climbs
      if (context.step % static_cast<uint64_t>(every) == 0) sharpness = look(closure, request) - first.loss;
      else reuse();
      watch(context.step, rho, first.loss, sharpness);
      return first;
    });
  }

 private:
  Tensor look(const Closure& closure, const Request& request) {  // the loss at w + e []
    Tensor loss;
    for (size_t i = 0; i < kept.size(); ++i) kept[i].copy_(parameters_[i].gradients);  // g, until s is there
    and_back(parameters_, [&] {
      const Tensor scale = rho / (gradient_norm(parameters_) + 1e-12);  // []
      for (const Group& g : parameters_) g.values.addcmul_(g.gradients, scale);
      loss = closure(request).loss;
    });
    for (size_t part = 0; part < kept_.size(); ++part) {
      const Tensor along = joint_dot(gradients_[part], kept_[part]) / (joint_norm(kept_[part]).pow(2) + 1e-24);
      for (size_t i = 0; i < kept_[part].size(); ++i)
        kept_[part][i].copy_(gradients_[part][i] - kept_[part][i] * along);
    }
    return loss;
  }
  void reuse() {
    for (size_t part = 0; part < kept_.size(); ++part) {
      const Tensor scale = joint_norm(gradients_[part]) / (joint_norm(kept_[part]) + 1e-12) * alpha;  // []
      for (size_t i = 0; i < kept_[part].size(); ++i) gradients_[part][i].addcmul_(kept_[part][i], scale);
    }
  }
};

}  // namespace

BASIN_PLUGIN("looksam", "0.3.0", "Apache-2.0", "LookSAM.", OptimizerComponent<LookSam>)
