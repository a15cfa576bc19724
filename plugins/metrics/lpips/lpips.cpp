// The mean distance of pairs in features: of the model lpips_features it is LPIPS (Zhang et al. 2018, arXiv 1801.03924,
// eq. 1), whose sum over layers, places and channels that model writes as one squared distance.
#include <basin/basin.hpp>
#include <basin/cpp/statistics.hpp>

using namespace basin;

struct Lpips {
  static constexpr const char* name = "lpips";
  static constexpr const char* summary = "Perceptual distance between images and others, pair by pair.";
  Object features;
  int64_t batch;

  static auto parameters() {
    return declare(component("features", &Lpips::features, "model",
                             "The features whose squared distance counts: the model lpips_features."),
                   integer("batch", &Lpips::batch, 16, "Images handled at once.").at_least(1).unit("images"));
  }

  void measure(Measurement& m) {
    std::vector<double> distances;
    const int64_t n = m.each_pair(batch, [&](int64_t first, const Tensor& x, const Tensor& y) {
      const Tensor d = m.features(features, x).to(Type::float64) - m.features(features, y).to(Type::float64);
      for (const double v : (d * d).sum({1}).values<double>()) {
        if (!std::isfinite(v))
          throw error("A feature of the pairs from " + std::to_string(first + 1) + " on is infinite or not a number.");
        distances.push_back(v);
      }
    });
    const Interval result = mean_interval(distances);
    m.scalar("lpips", result.value, result.low, result.high);
    m.protocol("numbers", std::to_string(n) + " pairs");
    m.protocol("interval", "95 %, over the pairs");
  }
};

BASIN_PLUGIN("lpips", "0.1.0", "Apache-2.0", "Perceptual distance of pairs.", basin::MetricComponent<Lpips>)
