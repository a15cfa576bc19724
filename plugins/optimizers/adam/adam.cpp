// Adam (Kingma and Ba 2015, arXiv 1412.6980, Algorithm 1) with decoupled weight decay (Loshchilov and Hutter 2019,
// arXiv 1711.05101, Algorithm 2; 0 makes it plain Adam). One pass over each arena by the engine's fused kernel.
#include <basin/basin.hpp>

namespace {
using namespace basin;

struct Adam {
  static constexpr const char* name = "adam";
  static constexpr const char* summary =
      "Adam with decoupled weight decay (Kingma and Ba 2015, arXiv 1412.6980; Loshchilov and Hutter 2019, arXiv "
      "1711.05101).";
  double lr, beta1, beta2, eps, weight_decay;

  static auto parameters() {
    return declare(
        number("lr", &Adam::lr, 1e-4, "Learning rate.").at_least(0),
        number("beta1", &Adam::beta1, 0.9, "Decay of the mean of gradients.").between(0, 0.9999999),
        number("beta2", &Adam::beta2, 0.999, "Decay of the mean of squared gradients.").between(0, 0.9999999),
        number("eps", &Adam::eps, 1e-8, "Added to the root of the mean of squares.").at_least(0),
        number("weight_decay", &Adam::weight_decay, 0, "Decoupled: values shrink by lr times this.").at_least(0));
  }

  struct Moments {
    Tensor mean, square, step;  // [n], [n], []
  };
  Parameters parameters_;
  std::vector<Moments> moments;

  void start(Parameters p, State state) {
    parameters_ = p;
    for (const Group& g : parameters_)
      moments.push_back({state.like(g.name + ".m", g.values), state.like(g.name + ".v", g.values),
                         state.tensor(g.name + ".step", {})});
  }

  LossResult step(const Context&, const Closure& closure) {
    static const Op update(
        "aten::_fused_adamw_.tensor_lr(Tensor(a!)[] self, Tensor(b!)[] grads, Tensor(c!)[] exp_avgs, Tensor(d!)[] "
        "exp_avg_sqs, Tensor(e!)[] max_exp_avg_sqs, Tensor[] state_steps, *, Tensor lr, float beta1, float beta2, "
        "float "
        "weight_decay, float eps, bool amsgrad, bool maximize, Tensor? grad_scale=None, Tensor? found_inf=None) -> ()");
    const LossResult result = closure();
    for (size_t i = 0; i < moments.size(); ++i) {
      const Group& g = parameters_[i];
      const Moments& m = moments[i];
      m.step.add_(1);
      // CUDA's kernel reads the rate as float32; the CPU's as it is: then 1e-4 need not be rounded
      const Tensor rate = (g.rate.on_cpu() ? g.rate.to(Type::float64) : g.rate) * lr;
      using List = std::vector<Tensor>;
      update.act(List{g.values}, List{g.gradients}, List{m.mean}, List{m.square}, List{}, List{m.step}, rate, beta1,
                 beta2, weight_decay, eps, false, false);
    }
    return result;
  }
};

}  // namespace

BASIN_PLUGIN("adam", "0.1.0", "Apache-2.0", "Adam with decoupled weight decay.", OptimizerComponent<Adam>)
