// Exposure bias (Ning et al. 2024, arXiv 2308.15321, section 4; arXiv 2503.11078, Fig. 6): in training a model sees noised
// images, while sampling what it made itself. At every level t that a sampler visits,
//
//   training  |epsilon(alpha_t x_0 + sigma_t z, t)|  on images of the data set,
//   sampling  |epsilon(x_t, t)|                      on the sampler's own x_t,
//
// L2 norms of one image's whole prediction, as the model gives it, and their squares; gap = sampling - training. Images and
// noise are the same for every model.
#include <basin/basin.hpp>
#include <basin/cpp/statistics.hpp>

namespace {
using namespace basin;

using Rows = std::vector<std::vector<double>>;  // [steps][images]

struct ExposureBias {
  static constexpr const char* name = "exposure_bias";
  static constexpr const char* summary =
      "How far the predicted noise grows while sampling: its norm against training's.";
  Sampler sampler;
  int64_t images, batch;

  static auto parameters() {
    return declare(component("sampler", &ExposureBias::sampler, "sampler", "Whose steps are watched."),
                   integer("images", &ExposureBias::images, 256, "Sampled, and noised of the data set.")
                       .at_least(2)
                       .unit("images"),
                   integer("batch", &ExposureBias::batch, 64, "Images handled at once.").at_least(1).unit("images"));
  }

  void measure(Measurement& m) {
    if (!m.denoise)
      throw error("The metric 'exposure_bias' measures a model, not images or data: give it a model and a data set.");
    if (m.n_reference() < 1) throw error("The metric 'exposure_bias' needs a data set to noise images of.");
    std::vector<double> levels;
    Rows sampling, training;
    for (int64_t first = 0; first < images; first += batch) {
      ids_.clear();
      for (int64_t i = first; i < std::min(first + batch, images); ++i) ids_.push_back(i);
      Context context = m.context();
      context.sample_ids = ids_.data(), context.n_samples = static_cast<uint32_t>(ids_.size());
      watch(m, context, levels, sampling);
      noised(m, context, levels, training);
      progress("images", first + static_cast<int64_t>(ids_.size()), images);
    }

    std::vector<Interval> by_step, squares_by_step;
    Rows squared_sampling = squares(sampling), squared_training = squares(training);
    for (size_t i = 0; i < levels.size(); ++i) {
      by_step.push_back(difference(sampling[i], training[i]));
      squares_by_step.push_back(difference(squared_sampling[i], squared_training[i]));
    }
    const Interval last = by_step.back(), last_square = squares_by_step.back(), mean = mean_of_steps(by_step);
    m.scalar("gap_last_step", last.value, last.low, last.high);
    m.scalar("squared_gap_last_step", last_square.value, last_square.low, last_square.high);
    m.scalar("gap_mean", mean.value, mean.low, mean.high);
    write(m, "training norm", levels, training);
    write(m, "sampling norm", levels, sampling);
    write(m, "training squared norm", levels, squared_training);
    write(m, "sampling squared norm", levels, squared_sampling);
    write(m, "gap", levels, by_step);
    m.protocol("norms", "L2 over one image's prediction, mean of " + std::to_string(images) + " images at " +
                            std::to_string(levels.size()) + " levels");
    m.protocol("intervals", "95 % over images; gap_mean adds the steps' errors as if they came together");
  }

 private:
  // A sampler that asks no level twice; what it asks is written down.
  void watch(Measurement& m, const Context& context, std::vector<double>& levels, Rows& norms) const {
    const Stream start = stream(context, BASIN_PURPOSE_START, 0);
    const Tensor noise = normal(start, ids_, {m.channels(), m.height(), m.width()}, m.parameters[0].values);
    const bool known = !levels.empty();
    size_t step = 0;
    const Sampling job(context, m.process, m.denoise, noise);
    sampler.sample(job, {}, [&](const Context& c, const Tensor& x, Span<const double> t) {
      if (!known) levels.push_back(mean_of(t)), norms.emplace_back();
      if (step >= levels.size()) throw error("The sampler took other steps for other images: it cannot be watched.");
      Denoised d = m.denoise(c, x, t);
      append(norms[step++], norms_of(d.epsilon));
      return d;
    });
    if (step == 0) throw error("The sampler did not ask the model at all.");
  }

  void noised(Measurement& m, const Context& context, const std::vector<double>& levels, Rows& norms) const {
    norms.resize(levels.size());
    std::vector<Tensor> parts;
    for (const int64_t id : ids_) parts.push_back(m.reference(id * m.n_reference() / images, 1));
    const Tensor x0 = cat(parts, 0).beside(m.parameters[0].values);
    for (size_t i = 0; i < levels.size(); ++i) {
      const auto t = static_cast<int64_t>(std::llround(levels[i]));
      const Tensor noise =
          normal(stream(context, BASIN_PURPOSE_MEASURE, i), ids_, {m.channels(), m.height(), m.width()}, x0);
      const Tensor x = x0 * m.process.alpha(t) + noise * m.process.sigma(t);
      append(norms[i], norms_of(m.denoise(context, x, static_cast<double>(t)).epsilon));
    }
  }

  static std::vector<double> norms_of(const Tensor& epsilon) {  // [B]
    const Tensor rows = epsilon.reshape({epsilon.size(0), -1}).to(Type::float64);
    return (rows * rows).sum({1}).sqrt().values<double>();
  }
  static Rows squares(Rows rows) {
    for (auto& row : rows)
      for (double& value : row) value *= value;
    return rows;
  }
  static void append(std::vector<double>& to, const std::vector<double>& more) {
    to.insert(to.end(), more.begin(), more.end());
  }
  static Interval difference(const std::vector<double>& a, const std::vector<double>& b) {  // of two means
    const double n = static_cast<double>(a.size()), sa = standard_deviation(a), sb = standard_deviation(b);
    return interval(mean_of(a) - mean_of(b), std::sqrt((sa * sa + sb * sb) / n), static_cast<int64_t>(a.size()) - 1);
  }
  static Interval mean_of_steps(const std::vector<Interval>& steps) {
    Interval sum{0, 0, 0};
    const double n = static_cast<double>(steps.size());
    for (const Interval& i : steps) sum.value += i.value / n, sum.low += i.low / n, sum.high += i.high / n;
    return sum;
  }
  static void write(Measurement& m, const std::string& what, const std::vector<double>& levels, const Rows& rows) {
    std::vector<Interval> means;
    for (const auto& row : rows) means.push_back(mean_interval(row));
    write(m, what, levels, means);
  }
  static void write(Measurement& m, const std::string& what, const std::vector<double>& levels,
                    const std::vector<Interval>& values) {
    std::vector<double> x, y, low, high;  // by rising t, where the sampler comes down
    for (size_t i = levels.size(); i-- > 0;) {
      x.push_back(levels[i]), y.push_back(values[i].value);
      low.push_back(values[i].low), high.push_back(values[i].high);
    }
    m.curve(what, "t", x, y, low, high);
  }

  std::vector<int64_t> ids_;
};
}  // namespace

BASIN_PLUGIN("exposure_bias", "0.1.0", "Apache-2.0", "The norm of predicted noise while sampling and in training.",
             MetricComponent<ExposureBias>)
