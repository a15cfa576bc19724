// Components that misbehave, or that let a test see what happens inside.
#include <atomic>
#include <basin/basin.hpp>

using namespace basin;

namespace {

struct Numbered {
  static constexpr const char* name = "numbered";
  static constexpr const char* summary = "Item i is the number i; one may be broken.";
  int64_t count, broken, reads;
  static auto parameters() {
    return declare(integer("count", &Numbered::count, 10, "Items."), integer("broken", &Numbered::broken, -1, "Fails."),
                   integer("reads", &Numbered::reads, 0, "The address of a number that counts the reads; 0: none."));
  }
  void open() {}
  DatasetInfo describe() {
    DatasetInfo info;
    info.count = count, info.channels = info.height = info.width = 2;
    info.type = Type::float32;
    info.reference = "numbers";
    return info;
  }
  void read(Span<const int64_t> indices, void* values, int64_t* labels) {
    if (reads) ++*reinterpret_cast<std::atomic<int64_t>*>(reads);
    for (size_t i = 0; i < indices.size(); ++i) {
      if (indices[i] == broken) throw error("item " + std::to_string(broken) + " is broken", BASIN_ERROR_IO);
      std::fill_n(static_cast<float*>(values) + 8 * i, 8, static_cast<float>(indices[i]));
      if (labels) labels[i] = indices[i] % 2;
    }
  }
};

struct Idle {
  static constexpr const char* name = "idle";
  static constexpr const char* summary = "Never runs the closure on the whole batch.";
  bool part;
  static auto parameters() { return declare(boolean("part", &Idle::part, false, "Runs it on a part of the batch.")); }
  void start(Parameters, State) {}
  LossResult step(const Context&, const Closure& closure) {
    Request request;
    request.subset = {0, 1};
    return part ? closure(request) : LossResult{Tensor::full({}, 0), {}};
  }
};

struct Peeking {
  static constexpr const char* name = "peeking";
  static constexpr const char* summary =
      "Waits for the device inside of an operator, where no function of the SDK's says so.";
  Parameters parameters_;
  void start(Parameters p, State) { parameters_ = p; }
  LossResult step(const Context&, const Closure& closure) {
    static const Op nonzero("aten::nonzero(Tensor self) -> Tensor");
    const LossResult result = closure();
    for (const Group& g : parameters_) nonzero(g.gradients);
    return result;
  }
};

// epsilon = scale x + tilt t + bias, and a variance where it is asked for.
struct Line {
  static constexpr const char* name = "line";
  static constexpr const char* summary = "A prediction that is linear in x and in t.";
  int64_t size, classes;
  bool learned_variance;
  std::string target;
  Tensor scale, tilt, bias;
  static auto parameters() {
    return declare(integer("size", &Line::size, 4, "Side."), integer("classes", &Line::classes, 0, "Of labels."),
                   boolean("learned_variance", &Line::learned_variance, false, "Also gives v."),
                   choice("target", &Line::target, "epsilon", {"epsilon", "x0", "v", "score"}, "What it predicts."));
  }
  void build(Builder& b) {
    scale = b.parameter("scale", {2, 1, 1}, 0.5);
    tilt = b.parameter("tilt", {1}, 0.001);
    bias = b.parameter("bias", {1}, 0.1);
  }
  ModelDescription describe() {
    const std::vector<std::string> names = {"", "epsilon", "x0", "v", "score"};
    int32_t number = 0;
    for (size_t i = 1; i < names.size(); ++i)
      if (names[i] == target) number = static_cast<int32_t>(i);
    ModelDescription d{number, {{"x", {2, size, size}}, {"t", {}}}, {{"prediction", {2, size, size}}}, -1, 1, ""};
    if (classes) {
      Port label{"label", {}, Type::int64};
      label.classes = classes;
      d.inputs.push_back(label);
    }
    if (learned_variance) d.outputs.push_back({"variance", {2, size, size}});
    return d;
  }
  std::vector<Tensor> forward(const Context&, const Inputs& in) {
    const Tensor t = in[1].reshape({-1, 1, 1, 1}) * tilt;
    Tensor prediction = in[0] * scale + t + bias;
    if (classes) prediction = prediction + in[2].to(Type::float32).reshape({-1, 1, 1, 1}) * 0.1;
    std::vector<Tensor> out = {prediction};
    if (learned_variance) out.push_back((in[0] * 0.7 - t).sin() * 0.9);
    return out;
  }
};

// Gives back the noise that a sampler is given: x_T, or that of a step.
struct Echo {
  static constexpr const char* name = "echo";
  static constexpr const char* summary = "The noise itself.";
  int64_t step;
  static auto parameters() { return declare(integer("step", &Echo::step, -1, "-1: x_T; else that of a step.")); }
  Tensor sample(const Sampling& s) {
    s.denoise(s.context, s.start, 0.0);
    return step < 0 ? s.start : s.noise(step);
  }
};

// Moves every weight, then fails, in one of several ways.
struct Vandal {
  static constexpr const char* name = "vandal";
  static constexpr const char* summary = "Moves the weights and fails.";
  std::string way;
  static auto parameters() {
    return declare(choice("way", &Vandal::way, "fail", {"fail", "interrupt", "finish", "parameters"}, "How it ends."));
  }
  void measure(Measurement& m) {
    if (way == "parameters")
      for (const Parameter& p : m.parameters.list()) p.value.detach().fill_(std::nan(""));
    else
      for (const Group& g : m.parameters) g.values.add_(1.5).mul_(3);
    if (way == "fail" || way == "parameters") throw error("the vandal fails after its deed");
    if (way == "interrupt") throw error("stop", BASIN_ERROR_INTERRUPTED);
    m.scalar("done", 1);
  }
};

// The losses of items, one after another, in pieces of `batch`.
struct Losses {
  static constexpr const char* name = "item_losses";
  static constexpr const char* summary = "Losses of items as a curve.";
  std::vector<int64_t> ids;
  std::vector<double> levels;
  int64_t batch, draw;
  static auto parameters() {
    return declare(integers("ids", &Losses::ids, {}, "Items."), numbers("levels", &Losses::levels, {}, "Noise levels."),
                   integer("batch", &Losses::batch, 1000, "At once."),
                   integer("draw", &Losses::draw, 0, "Which noise."));
  }
  void measure(Measurement& m) {
    std::vector<double> x, y;
    for (size_t first = 0; first < ids.size(); first += static_cast<size_t>(batch)) {
      const size_t n = std::min(static_cast<size_t>(batch), ids.size() - first);
      const Span<const double> some = levels.empty() ? Span<const double>() : Span<const double>(&levels[first], n);
      const auto part = m.losses(Sizes(&ids[first], n), some, static_cast<uint64_t>(draw)).values<double>();
      for (double v : part) x.push_back(static_cast<double>(ids[x.size()])), y.push_back(v);
    }
    m.curve("losses", "item", x, y);
  }
};

}  // namespace

BASIN_PLUGIN("toys", "0.1.0", "Apache-2.0", "For tests.", basin::DatasetComponent<Numbered>,
             basin::OptimizerComponent<Idle>, basin::OptimizerComponent<Peeking>, basin::ModelComponent<Line>,
             basin::SamplerComponent<Echo>, basin::MetricComponent<Vandal>, basin::MetricComponent<Losses>)
