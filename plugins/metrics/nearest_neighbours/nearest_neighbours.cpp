// Whether images are copies: the distance of each to its nearest item of the data, in features. The data are gone
// through once and not kept; of the images the features are.
#include <basin/basin.hpp>
#include <basin/cpp/alike.hpp>
#include <basin/cpp/statistics.hpp>

#include <algorithm>

using namespace basin;

struct NearestNeighbours {
  static constexpr const char* name = "nearest_neighbours";
  static constexpr const char* summary = "The item of the data nearest to each image, and how far it is, in features.";
  Object features;
  int64_t limit, bins, batch;

  static auto parameters() {
    return declare(
        component("features", &NearestNeighbours::features, "model", "The feature extractor; without one, the pixels.")
            .optional(),
        integer("limit", &NearestNeighbours::limit, 0, "Of the data at most so many, spread evenly over it; 0: all.")
            .at_least(0)
            .unit("images"),
        integer("bins", &NearestNeighbours::bins, 20, "Of the histogram.").at_least(1),
        integer("batch", &NearestNeighbours::batch, 128, "Images handled at once.").at_least(1).unit("images"));
  }

  void measure(Measurement& m) {
    const Items items{limit, batch};
    const int64_t n = m.n_images(), n_data = m.n_reference(), used = m.count(Side::reference, items);
    if (n < 1 || n_data < 1)
      throw error("The metric 'nearest_neighbours' looks for each image's nearest item of a data set, and got " +
                  std::to_string(n) + " images and " + std::to_string(n_data) + " items.");
    const Tensor x = m.all_features(features, Side::images, {0, batch}), lengths = (x * x).sum({1}, true);
    std::vector<double> nearest(static_cast<size_t>(n), HUGE_VAL), index(nearest.size()), distance;
    m.each_features(features, Side::reference, items, [&](int64_t first, const Tensor& y) {
      const Tensor d = lengths + (y * y).sum({1}) - x.matmul(y.permute({1, 0})) * 2;  // [n,batch], squared
      const std::vector<Tensor> found = smallest.multi(d, 1, false);
      const Tensor apart = x - y.index_select(0, found[1]);  // again, without the cancellation: a copy is at distance 0
      const std::vector<double> values = (apart * apart).sum({1}).values<double>(), at = found[1].values<double>();
      for (size_t i = 0; i < values.size(); ++i)
        if (values[i] < nearest[i]) nearest[i] = values[i], index[i] = static_cast<double>(first) + at[i];
    });
    for (double& i : index)
      i = static_cast<double>(static_cast<int64_t>(i) * n_data / used + 1);  // among all items, from 1
    for (const double d : nearest) distance.push_back(std::sqrt(std::max(d, 0.0)));

    const Interval result = mean_interval(distance);
    m.scalar("nearest", result.value, result.low, result.high);
    m.scalar("closest", *std::min_element(distance.begin(), distance.end()));
    std::vector<double> different = index;
    std::sort(different.begin(), different.end());
    different.erase(std::unique(different.begin(), different.end()), different.end());
    m.scalar("different_neighbours", static_cast<double>(different.size()));
    histogram(m, distance);
    std::vector<double> image(distance.size());
    for (size_t i = 0; i < image.size(); ++i) image[i] = static_cast<double>(i + 1);
    m.curve("neighbour", "image", image, index);
    m.curve("distance", "image", image, distance);
    m.protocol("numbers", std::to_string(x.size(1)) + (features ? " features, " : " pixels, ") + std::to_string(n) +
                              " images among " + std::to_string(used));
    m.protocol("interval", "95 %, over the images");
    if (all_alike(x))
      log_warning("all " + std::to_string(n) + " images have the same " + (features ? "features" : "pixels") +
                  "; the distance, its interval and the neighbours are those of a single picture.");
  }

 private:
  void histogram(Measurement& m, const std::vector<double>& distance) const {
    const auto [low, high] = std::minmax_element(distance.begin(), distance.end());
    const double width = std::max((*high - *low) / static_cast<double>(bins), 1e-12);
    std::vector<double> x, y(static_cast<size_t>(bins));
    for (int64_t b = 0; b < bins; ++b) x.push_back(*low + (static_cast<double>(b) + 0.5) * width);
    for (const double d : distance)
      y[static_cast<size_t>(std::min(static_cast<int64_t>((d - *low) / width), bins - 1))] += 1;
    m.curve("images over the distance", "distance to the nearest", x, y);
  }
  static inline const Op smallest{
      "aten::min.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)"};
};

BASIN_PLUGIN("nearest_neighbours", "0.1.0", "Apache-2.0", "Each image's nearest item of the data.",
             basin::MetricComponent<NearestNeighbours>)
