// How far a model's loss stands from the least loss that any model could have, by noise level.
//
// On Q queries x_t = alpha x0 + sigma epsilon, x0 out of the data, per dimension and in terms of epsilon:
//   loss    = |epsilon_model - epsilon|^2            the training loss (mean squared error)
//   optimal = (alpha / sigma)^2 tr Var(x0|x_t)       the least possible (posterior.hpp); for Gaussian data
//                                                    s^2 alpha^2 / (alpha^2 s^2 + sigma^2)
//   gap     = |epsilon_model - epsilon_best|^2       what remains to be learned
// In expectation gap = loss - optimal, because the best prediction's error is orthogonal to every function of x_t.
// Taken directly it is never negative and has far less noise than the difference.
//
// The three scalars are means over t = 0 .. T-1. A loss falls steeply near t = 0, so the default levels are cubes and
// the integral is the trapezoid rule in the cube root of t: within about 1 % for 9 levels, where the plain rule is off
// by 5 %.
#include <basin/cpp/statistics.hpp>

#include "posterior.hpp"

using namespace basin;

namespace {

// Weights that sum to 1: the trapezoid rule in the cube root of t.
std::vector<double> trapezoid(const std::vector<double>& t) {
  const size_t n = t.size();
  std::vector<double> weights(n, 1.0);
  double total = n < 2 ? 1.0 : 0.0;
  for (size_t i = 0; n > 1 && i < n; ++i) {
    const double low = std::cbrt(t[i ? i - 1 : 0]), high = std::cbrt(t[i + 1 < n ? i + 1 : i]);
    weights[i] = std::cbrt(t[i]) * std::cbrt(t[i]) * (high - low);
    total += weights[i];
  }
  for (double& w : weights) w /= total;
  return weights;
}

}  // namespace

struct OptimalLoss {
  static constexpr const char* name = "optimal_loss";
  static constexpr const char* summary =
      "The gap between a model's loss and the least loss possible on the data, by noise level.";
  int64_t items, queries, batch;
  std::vector<double> levels;

  static auto parameters() {
    return declare(
        integer("items", &OptimalLoss::items, 0, "Items that count as the data, from the first on; 0: all.")
            .at_least(0),
        integer("queries", &OptimalLoss::queries, 256, "Noisy images at each level.").at_least(2).unit("images"),
        numbers("levels", &OptimalLoss::levels, {}, "Noise levels t, ascending; empty: nine, spread over the process.")
            .at_least(0),
        integer("batch", &OptimalLoss::batch, 64, "Images the model sees at once.").at_least(1).unit("images"));
  }

  void measure(Measurement& m) {
    if (!m.denoise)
      throw error("The metric 'optimal_loss' measures a model, not images or data: give it a model and a data set.");
    const int64_t count = items ? std::min(items, m.n_reference()) : m.n_reference();
    if (count < 2) throw error("The metric 'optimal_loss' needs a data set of at least 2 items.");
    const std::vector<double> t = chosen_levels(m.process.steps());
    draw_queries(m, count);

    // [levels][queries]
    std::vector<std::vector<double>> loss, optimal, gap;
    const bool exact = m.gaussian_variance() > 0;
    Tensor mean;  // of Gaussian data
    std::unique_ptr<optimal_loss::Posteriors> posteriors;
    const auto read = [&](int64_t first, int64_t n) { return items_of(m, first, n); };
    const int64_t block = std::max<int64_t>(1, std::min<int64_t>(1024, (int64_t{1} << 23) / dimensions_));
    if (exact) mean = mean_item(read, count, block);
    else posteriors = std::make_unique<optimal_loss::Posteriors>(count, block, read, x0_, epsilon_);
    for (size_t l = 0; l < t.size(); ++l) {
      const auto level = static_cast<int64_t>(t[l]);
      const double alpha = m.process.alpha(level), sigma = m.process.sigma(level);
      Tensor best;  // E[x0|x_t], [Q,d] of double
      if (exact) {
        const double v = m.gaussian_variance(), factor = alpha * v / (alpha * alpha * v + sigma * sigma);
        best = (x0_ * alpha + epsilon_ * sigma - mean * alpha) * factor + mean;
        optimal.emplace_back(static_cast<size_t>(x0_.size(0)), alpha * factor);
      } else {
        optimal_loss::Posterior posterior = posteriors->at(sigma / alpha);
        best = posterior.mean;
        const double scale = alpha * alpha / (sigma * sigma * static_cast<double>(dimensions_));
        for (double& v : posterior.variance) v *= scale;
        optimal.push_back(std::move(posterior.variance));
      }
      const Tensor best_epsilon = epsilon_ + (x0_ - best) * (alpha / sigma);
      const Tensor model = predict(m, level, alpha, sigma);
      loss.push_back(mean_square(model - epsilon_));
      gap.push_back(mean_square(model - best_epsilon));
      progress("noise levels", static_cast<int64_t>(l) + 1, static_cast<int64_t>(t.size()));
    }

    write(m, "gap", t, gap, false);
    write(m, "loss", t, loss, false);
    write(m, "optimal", t, optimal, exact);
    m.protocol("loss", "mean squared error of epsilon a dimension, mean over t by the trapezoid rule in cbrt(t)");
    m.protocol("optimal",
               exact ? "exact, of the Gaussian distribution" : "exact, of the " + std::to_string(count) + " items");
    m.protocol("numbers", std::to_string(x0_.size(0)) + " queries out of " + std::to_string(count) + " items at " +
                              std::to_string(t.size()) + " levels, the same noise at every level");
    m.protocol("intervals", "95 %, Student's t over queries");
  }

 private:
  std::vector<double> chosen_levels(int64_t steps) const {
    std::vector<double> t;
    if (levels.empty()) {
      constexpr int n = 9;
      for (int i = 0; i < n; ++i) {
        const double u = i / (n - 1.0), level = std::round(u * u * u * static_cast<double>(steps - 1));
        if (t.empty() || level > t.back()) t.push_back(level);
      }
    }
    for (double given : levels) {
      const double level = std::round(given);
      if (level > static_cast<double>(steps - 1))
        throw error("The noise level " + std::to_string(given) + " is outside 0.." + std::to_string(steps - 1) + ".");
      if (!t.empty() && level <= t.back()) throw error("The noise levels of 'optimal_loss' must ascend.");
      t.push_back(level);
    }
    return t;
  }

  // Clean items at equal distances through the data, and noise that belongs to the item.
  void draw_queries(const Measurement& m, int64_t count) {
    shape_ = {m.channels(), m.height(), m.width()};
    dimensions_ = shape_[0] * shape_[1] * shape_[2];
    const int64_t n = std::min(queries, count);
    ids_.clear();
    std::vector<Tensor> rows;
    for (int64_t i = 0; i < n; ++i) {
      ids_.push_back(i * count / n);
      rows.push_back(items_of(m, ids_.back(), 1));
    }
    x0_ = cat(rows, 0);
    epsilon_ = normal(stream(m.context(), BASIN_PURPOSE_MEASURE, 0), ids_, {dimensions_}, x0_).to(Type::float64);
  }

  // Items [first, first + n) as [n,d] of double, where the model is.
  static Tensor items_of(const Measurement& m, int64_t first, int64_t n) {
    const Tensor model = m.parameters.size() ? m.parameters[0].values : Tensor();
    return m.reference(first, n).beside(model).reshape({n, -1}).to(Type::float64);
  }

  template <class Read>
  Tensor mean_item(Read&& read, int64_t count, int64_t block) const {
    Tensor sum = Tensor::zeros({dimensions_}, Type::float64, x0_);
    for (int64_t first = 0; first < count; first += block)
      sum.add_(read(first, std::min(block, count - first)).sum({0}));
    return sum * (1.0 / static_cast<double>(count));
  }

  // The model's epsilon at one level: [Q,d] of double.
  Tensor predict(const Measurement& m, int64_t level, double alpha, double sigma) const {
    const Tensor x = (x0_ * alpha + epsilon_ * sigma).to(Type::float32);
    std::vector<Tensor> parts;
    for (int64_t first = 0; first < x.size(0); first += batch) {
      const int64_t n = std::min(batch, x.size(0) - first);
      Context context = m.context();
      context.sample_ids = ids_.data() + first, context.n_samples = static_cast<uint32_t>(n);
      const Tensor some = x.narrow(0, first, n).reshape({n, shape_[0], shape_[1], shape_[2]});
      parts.push_back(m.denoise(context, some, static_cast<double>(level)).epsilon.reshape({n, -1}));
    }
    return cat(parts, 0).to(Type::float64);
  }

  static std::vector<double> mean_square(const Tensor& x) { return (x * x).mean({1}).values<double>(); }

  // One quantity as a curve by level and as its mean over t.
  static void write(Measurement& m, const std::string& what, const std::vector<double>& t,
                    const std::vector<std::vector<double>>& values, bool exact) {
    std::vector<double> y, low, high, means(values[0].size(), 0.0);
    const std::vector<double> weights = trapezoid(t);
    for (size_t l = 0; l < t.size(); ++l) {
      const Interval i = mean_interval(values[l]);
      y.push_back(i.value), low.push_back(i.low), high.push_back(i.high);
      for (size_t q = 0; q < means.size(); ++q) means[q] += weights[l] * values[l][q];
    }
    const Interval mean = mean_interval(means);
    if (exact) {
      m.scalar(what, mean.value);
      m.curve(what, "t", t, y);
    } else {
      m.scalar(what, mean.value, mean.low, mean.high);
      m.curve(what, "t", t, y, low, high);
    }
  }

  std::vector<int64_t> ids_, shape_;
  int64_t dimensions_ = 0;
  Tensor x0_, epsilon_;  // [Q,d] of double
};

BASIN_PLUGIN("optimal_loss", "0.1.0", "Apache-2.0",
             "The least loss possible on a data set, and a model's distance from it.",
             basin::MetricComponent<OptimalLoss>)
