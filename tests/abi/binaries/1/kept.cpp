// kept.cpp: the source of kept_gcc.basin.so and kept_libcxx.basin.so: an optimizer, one that wraps another, and an
// averager, which call something of every interface that the first release holds. Never rebuilt: see README.md.
//
//   optimizer   v <- momentum v + g,  w <- w - lr rate v
//   wrapper     hands its base the gradients times `factor`
//   averager    the mean of the weights after every step from `first` on
#include <basin/basin.hpp>
#include <cmath>

namespace {
using namespace basin;

// Rounds forward; passes three times the gradient back.
struct Rounding {
  Tensor forward(Saved& saved, const Inputs& in) {
    saved.save({in[0]});
    return in[0].round();
  }
  Tensor backward(Saved& saved, const Inputs& gradients) {
    if (saved.load(1).size() != 1) throw error("what was saved is gone");
    return gradients[0] * 3;
  }
};

// Numbers whose closed forms the test knows (binaries.cpp has the same list).
std::vector<double> probes(const Context& context) {
  static const Op cumsum("aten::cumsum(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor");
  std::vector<double> out;
  Recording on(true);
  const Tensor x = Tensor::from(std::vector<float>{2});
  require_gradient(x);
  out.push_back(gradients({x * x * x}, {x})[0].item());  // 3 x^2
  out.push_back(gradients({apply(Rounding{}, {x})[0]}, {x})[0].item());
  NoRecording off;
  out.push_back(cumsum(Tensor::from(std::vector<double>{1, 2, 3, 4}), int64_t{0}).values<double>().back());
  std::vector<float> drawn(5);
  const Stream numbers = stream(context, 200, context.step, 7);
  fill_uniform(numbers, 11, {drawn.data(), drawn.size()});
  const Tensor same = uniform(numbers, {11}, {5});
  for (float u : drawn) out.push_back(u);
  out.push_back((same - Tensor::from(drawn.data(), {1, 5})).abs().amax().item());
  std::vector<double> terms(1000);
  parallel_for(1000, 10, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) terms[static_cast<size_t>(i)] = static_cast<double>(i);
  });
  double sum = 0;
  for (double t : terms) sum += t;
  out.push_back(sum);
  out.push_back(Tensor::from(std::vector<float>{3, 4}).norm().item());
  out.push_back(static_cast<double>(context.seed));
  out.push_back(static_cast<double>(context.step));
  return out;
}

struct Kept {
  static constexpr const char* name = KEPT;
  static constexpr const char* summary = "Gradient descent with momentum, of the first release.";
  double lr, momentum;
  bool probe;
  std::string line;

  static auto parameters() {
    return declare(number("lr", &Kept::lr, 0.1, "Learning rate.").at_least(0),
                   number("momentum", &Kept::momentum, 0.5, "Decay of the sum of gradients.").between(0, 1),
                   boolean("probe", &Kept::probe, false, "Puts what it computes into the state 'probes'."),
                   string("line", &Kept::line, "", "Logged at the start."));
  }

  Parameters parameters_;
  State state_;
  std::vector<Tensor> velocities;  // [n] each
  Tensor steps;                    // []

  void start(Parameters p, State state) {
    parameters_ = p, state_ = state;
    velocities = state_arenas(p, state, "velocity");
    steps = state.tensor("steps", {});
    if (!line.empty()) log_info(line);
    progress("starts", 1, 1);
  }

  LossResult step(const Context& context, const Closure& closure) {
    Request request;
    request.per_sample = true;
    const LossResult result = closure(request);
    for (size_t i = 0; i < velocities.size(); ++i) {
      const Group& g = parameters_[i];
      velocities[i].mul_(momentum).add_(g.gradients);
      g.values.add_(velocities[i] * learning_rate(g, lr).to(Type::float32), -1);
    }
    steps.add_(1);
    if (probe) {
      const std::vector<double> found = probes(context);
      state_.tensor("probes", {static_cast<int64_t>(found.size())}, Type::float64).copy_(Tensor::from(found));
    }
    return result;
  }
};

struct Wrapper {
  static constexpr const char* name = KEPT "_scaled";
  static constexpr const char* summary = "Scales the gradients that its base sees.";
  double factor;
  Optimizer base;

  static auto parameters() {
    return declare(number("factor", &Wrapper::factor, 0.5, "Times the gradients."),
                   component("base", &Wrapper::base, "optimizer", "The optimizer that takes the step."));
  }
  Parameters parameters_;
  void start(Parameters p, State) { parameters_ = p; }
  LossResult step(const Context& context, const Closure& closure) {
    return base.step(context, [&](const Request& request) {
      const LossResult result = closure(request);
      for (const Group& g : parameters_) g.gradients.mul_(factor);
      return result;
    });
  }
};

struct Mean {
  static constexpr const char* name = KEPT;
  static constexpr const char* summary = "The mean of the weights, of the first release.";
  int64_t first;
  bool watch;

  static auto parameters() {
    return declare(integer("first", &Mean::first, 0, "The first step that counts.").at_least(0),
                   boolean("watch", &Mean::watch, false, "Adds the validation loss to the state 'watched'."));
  }
  Parameters parameters_;
  std::vector<Tensor> means;  // [n] each
  Tensor count, watched;      // [] int64, [] float64

  void start(Parameters p, State state) {
    parameters_ = p;
    means = state_arenas(p, state, "mean");
    count = state.tensor("count", {}, Type::int64);
    watched = state.tensor("watched", {}, Type::float64);
  }
  void update(const Context& context) {
    if (context.step < static_cast<uint64_t>(first)) return;
    count.add_(1);
    for (size_t i = 0; i < means.size(); ++i) means[i].lerp_(parameters_[i].values, 1 / count.item());
    if (watch) watched.add_(validation_loss(parameters_));
  }
  Tensor average(uint32_t group) { return means.at(group); }
};

}  // namespace

BASIN_PLUGIN(KEPT, "1.0.0", "Apache-2.0", "Kept for ever.", OptimizerComponent<Kept>, OptimizerComponent<Wrapper>,
             AveragerComponent<Mean>)
