// The loss by noise level: the mean training loss of a model over a data set, with its 95 % interval, and the same for
// each band of noise levels. One number hides where a model is good; the curve shows it.
//
// Image i of those measured sits at the middle of band i mod `levels`. The noise is a function of (seed, image), the
// same for every model, so two models differ by their weights only.
#include <algorithm>
#include <basin/basin.hpp>
#include <basin/cpp/statistics.hpp>

namespace {
using namespace basin;

struct MyMetric {
  static constexpr const char* name = "my_metric";
  static constexpr const char* summary = "The mean loss with its interval, and by noise level.";

  // The options: each line declares one, says its default and range, and fills the field.
  int64_t images, levels;
  static auto parameters() {
    return declare(integer("images", &MyMetric::images, 256, "Images of the data set, spread over all of it.")
                       .at_least(2)
                       .unit("images"),
                   integer("levels", &MyMetric::levels, 8, "Bands of noise levels, evenly over t.").at_least(1));
  }

  void measure(Measurement& m) {
    if (!m.parameters)
      throw error("The metric 'my_metric' measures a model, not images: give it a model and a data set.");
    const int64_t n = std::min(images, m.n_reference());
    if (n < 2 * levels)
      throw error("The metric 'my_metric' needs 2 images a level: " + std::to_string(n) + " are too few for " +
                  std::to_string(levels) + " levels.");
    std::vector<std::vector<double>> losses(static_cast<size_t>(levels));
    std::vector<double> all, middles, means, low, high;
    for (int64_t k = 0; k < levels; ++k)
      middles.push_back(static_cast<double>((2 * k + 1) * m.process.steps() / (2 * levels)));

    constexpr int64_t batch = 64;
    for (int64_t first = 0; first < n; first += batch) {
      std::vector<int64_t> ids;
      std::vector<double> t;
      for (int64_t i = first; i < std::min(first + batch, n); ++i) {
        ids.push_back(i * m.n_reference() / n);
        t.push_back(middles[static_cast<size_t>(i % levels)]);
      }
      const std::vector<double> values = m.losses(ids, t).values<double>();  // one for each image
      for (size_t i = 0; i < values.size(); ++i)
        losses[(static_cast<size_t>(first) + i) % losses.size()].push_back(values[i]);
      all.insert(all.end(), values.begin(), values.end());
      // Progress is not among what a metric needs, so ask: an older host may lack it. It throws after Ctrl-C.
      if (host_has<&basin_log_interface::progress>()) progress("images", std::min(first + batch, n), n);
    }

    for (const std::vector<double>& values : losses) {
      const Interval mean = mean_interval(values);
      means.push_back(mean.value), low.push_back(mean.low), high.push_back(mean.high);
    }
    const Interval mean = mean_interval(all);
    m.scalar("loss", mean.value, mean.low, mean.high);  // the first number is the metric's value
    m.curve("loss", "t", middles, means, low, high);
    m.protocol("levels", std::to_string(n) + " images, each at one of " + std::to_string(levels) + " levels");
    m.protocol("intervals", "95 %, over images");
  }
};

}  // namespace

BASIN_PLUGIN("my_metric", "0.1.0", "Apache-2.0", "The loss by noise level.", MetricComponent<MyMetric>)
