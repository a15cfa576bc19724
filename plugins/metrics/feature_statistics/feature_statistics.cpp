// Mean and covariance of a data set's features, written once, so that FID against it needs neither the data nor its
// features again (fid's option `statistics`).
#include "../fid/statistics.hpp"

using namespace basin;

struct FeatureStatistics {
  static constexpr const char* name = "feature_statistics";
  static constexpr const char* summary = "Writes mean and covariance of a data set's features, for the metric fid.";
  Object features, spatial;
  std::string to;
  int64_t batch;

  static auto parameters() {
    return declare(
        component("features", &FeatureStatistics::features, "model",
                  "The feature extractor: a model without time, such as small_features."),
        component("spatial", &FeatureStatistics::spatial, "model",
                  "Of these features as well, as guided-diffusion keeps them for sFID: inception_v3 { layer = "
                  "\"spatial\" }.")
            .optional(),
        string("to", &FeatureStatistics::to, "", "The .npz file that is written; empty: none."),
        integer("batch", &FeatureStatistics::batch, 128, "Images handled at once.").at_least(1).unit("images"));
  }

  void measure(Measurement& m) {
    const int64_t n = m.n_images();
    if (n < 2)
      throw error("The metric 'feature_statistics' needs at least 2 images, but got " + std::to_string(n) + ".");
    const auto gaussian = [&](const Object& extractor) {
      fid::Moments moments;
      m.each_features(extractor, basin::Side::images, {0, batch}, [&](int64_t, const Tensor& x) { moments.add(x); });
      return moments.gaussian();
    };
    std::vector<fid::Named> all = {{"", gaussian(features), m.extractor(features)}};
    if (spatial) all.push_back({"_s", gaussian(spatial), m.extractor(spatial)});
    const fid::Gaussian& found = all[0].gaussian;
    if (!to.empty()) fid::write_statistics(to, all);
    m.scalar("variance", fid::trace(found.covariance));
    m.scalar("count", static_cast<double>(n));
    m.protocol("numbers", std::to_string(found.features()) + " features, " + std::to_string(n) + " images");
    if (!to.empty()) m.protocol("written", to);
  }
};

BASIN_PLUGIN("feature_statistics", "0.2.0", "Apache-2.0", "Statistics of features, kept for FID.",
             basin::MetricComponent<FeatureStatistics>)
