// One component of each other kind with a fault; the name says which.
#include <algorithm>
#include <basin/basin.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>

using namespace basin;

namespace {

struct Decays {
  static constexpr const char* name = "decays";
  static constexpr const char* summary = "An average that begins at 0.";
  Parameters parameters_;
  Tensor sum;
  void start(Parameters p, State state) {
    parameters_ = p;
    sum = state.tensor("sum", {p[0].values.numel()}, Type::float32);
  }
  void update(const Context&) { sum.lerp_(parameters_[0].values, 0.1); }
  Tensor average(uint32_t) { return sum; }
};

struct Outside {
  static constexpr const char* name = "outside";
  static constexpr const char* summary = "Draws the level that comes after the last.";
  int64_t steps = 0;
  void start(const Process& process, State) { steps = process.steps(); }
  void draw(const Context& context, Span<double> levels, Span<double> weights) {
    const Tensor u = uniform(stream(context, BASIN_PURPOSE_LEVEL, context.step), sample_ids(context), {1});
    const std::vector<float> values = u.values<float>();
    for (size_t i = 0; i < levels.size(); ++i) {
      levels[i] = std::round(values[i] * static_cast<double>(steps));
      weights[i] = 1;
    }
  }
};

// By the place in the batch, not by the sample's id.
struct ByRow {
  static constexpr const char* name = "by_row";
  static constexpr const char* summary = "Noise by the place in the batch.";
  Tensor sample(const Sampling& s) {
    std::vector<int64_t> rows;
    for (uint32_t i = 0; i < s.context.n_samples; ++i) rows.push_back(i);
    const Denoised d = s.denoise(s.context, s.start, static_cast<double>(s.process.steps() - 1));
    const Tensor noise = normal(stream(s.context, BASIN_PURPOSE_SAMPLER, 0), rows, {3, 8, 8}, s.start);
    const Tensor x = d.x0 + 0.25 * noise;
    s.report(1, 1, x, d.x0);
    return x;
  }
};

// One step from noise to the mean of everything.
struct OneStep {
  static constexpr const char* name = "one_step";
  static constexpr const char* summary = "Gives the mean, and reports nothing.";
  Tensor sample(const Sampling& s) {
    return s.denoise(s.context, s.start, static_cast<double>(s.process.steps() - 1)).x0;
  }
};

// Halves every weight.
struct Shrinks {
  static constexpr const char* name = "shrinks";
  static constexpr const char* summary = "Changes weights without making them fewer.";
  int64_t bits;
  static auto parameters() { return declare(integer("bits", &Shrinks::bits, 4, "Bits of a weight.").between(2, 8)); }
  QuantizerReport report_;
  void attach(Model model, State) {
    for (const LayerInfo& layer : model.layers())
      if (layer.weight) {
        layer.weight.detach().mul_(0.5);
        report_.layers++, report_.weights += layer.weight.numel();
      }
    report_.bits_quantized = bits * report_.weights;
  }
  QuantizerReport report() const { return report_; }
};

struct Guess {
  static constexpr const char* name = "guess";
  static constexpr const char* summary = "A number out of a hat.";
  void measure(Measurement& m) { m.scalar("guess", static_cast<double>(std::rand()), 0, 1e12); }
};

struct Endless {
  static constexpr const char* name = "endless";
  static constexpr const char* summary = "A number that is none, in an interval beside it.";
  void measure(Measurement& m) { m.scalar("endless", std::numeric_limits<double>::infinity()); }
};

struct Blind {
  static constexpr const char* name = "blind";
  static constexpr const char* summary = "One for everything.";
  void measure(Measurement& m) { m.scalar("blind", 1, 0, 2); }
};

// Counts what it has read.
struct Rolling {
  static constexpr const char* name = "rolling";
  static constexpr const char* summary = "Items in the order of asking; there is no end.";
  float next = 0;
  void open() {}
  DatasetInfo describe() {
    DatasetInfo info;
    info.count = 10, info.channels = info.height = info.width = 2;
    info.type = Type::float32;
    info.reference = "numbers";
    return info;
  }
  void read(Span<const int64_t> indices, void* values, int64_t* labels) {
    for (size_t i = 0; i < indices.size(); ++i) {
      std::fill_n(static_cast<float*>(values) + 8 * i, 8, next++);
      if (labels) labels[i] = -1;
    }
  }
};

// Past the SDK's own check of indices.
struct RollingComponent : DatasetComponent<Rolling> {
  static const basin_component* describe() {
    static basin_dataset_functions f = functions;
    f.read = [](void* self, const int64_t* indices, uint32_t n, void* values, int64_t* labels) -> basin_status {
      return guard([&] { detail::self_of<Rolling, Kept>(self).part.read({indices, n}, values, labels); });
    };
    return detail::describe<Rolling>(BASIN_DATASET_INTERFACE, &f);
  }
};

// Writes one item more than it is asked for.
struct Overflows : Rolling {
  static constexpr const char* name = "overflows";
  static constexpr const char* summary = "Writes one item too many.";
  void read(Span<const int64_t> indices, void* values, int64_t* labels) {
    std::fill_n(static_cast<float*>(values), 8 * (indices.size() + 1), 1.f);
    if (labels) std::fill_n(labels, indices.size(), -1);
  }
};

}  // namespace

BASIN_PLUGIN("others", "0.1.0", "Apache-2.0", "For the tests of basin check.", AveragerComponent<Decays>,
             NoiseScheduleComponent<Outside>, SamplerComponent<ByRow>, SamplerComponent<OneStep>,
             QuantizerComponent<Shrinks>, MetricComponent<Guess>, MetricComponent<Endless>, MetricComponent<Blind>,
             RollingComponent, DatasetComponent<Overflows>)
