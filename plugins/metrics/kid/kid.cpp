// Kernel distance: the unbiased estimate of the squared maximum mean discrepancy between images and a data set, in the
// features of any extractor, with the kernel k(x,y) = (x y / d + 1)^3 (Binkowski et al. 2018, arXiv 1801.01401, sec.
// 3):
//
//   KID = sum_{i != j} k(x_i,x_j) / n(n-1) + sum_{i != j} k(y_i,y_j) / m(m-1) - 2 sum_ij k(x_i,y_j) / nm
//
// Other programs average it over 100 subsets of 1000 images: the same expectation, with more noise. Here every image
// meets every other, up to `limit` of each side. The interval is a jackknife over the images, each left out in turn,
// with the data set as fixed; the sums over rows of k are all that it needs. (The spread of overlapping subsets, which
// others print, is no error of the mean.)
#include <basin/basin.hpp>
#include <basin/cpp/statistics.hpp>

using namespace basin;

struct Kid {
  static constexpr const char* name = "kid";
  static constexpr const char* summary =
      "Kernel distance between images and a data set: unbiased, so it suits few images.";
  Object features;
  int64_t limit, batch;

  static auto parameters() {
    return declare(component("features", &Kid::features, "model",
                             "The feature extractor: a model without time, such as small_features."),
                   integer("limit", &Kid::limit, 5000,
                           "At most so many of each side, spread over all of it; the cost grows with the square.")
                       .at_least(3)
                       .unit("images"),
                   integer("batch", &Kid::batch, 128, "Images handled at once.").at_least(1).unit("images"));
  }

  void measure(Measurement& m) {
    if (m.n_images() < 3 || m.n_reference() < 2)
      throw error("The metric 'kid' compares images with a data set and needs at least 3 images and 2 items, but got " +
                  std::to_string(m.n_images()) + " images and " + std::to_string(m.n_reference()) + " items.");
    const Tensor x = all_features(m, m.n_images(), [&](int64_t first, int64_t k) { return m.images(first, k); });
    const Tensor y = all_features(m, m.n_reference(), [&](int64_t first, int64_t k) { return m.reference(first, k); });
    const auto n = static_cast<double>(x.size(0)), k = static_cast<double>(y.size(0));

    const std::vector<double> within = row_sums(x, x, true), across = row_sums(x, y, false);
    const double xx = total(within), xy = total(across), yy = total(row_sums(y, y, true)) / (k * (k - 1));
    const double value = xx / (n * (n - 1)) + yy - 2 * xy / (n * k);
    std::vector<double> without;  // image i: its row and its column leave xx, its row leaves xy
    for (size_t i = 0; i < within.size(); ++i)
      without.push_back((xx - 2 * within[i]) / ((n - 1) * (n - 2)) + yy - 2 * (xy - across[i]) / ((n - 1) * k));
    const double error = standard_deviation(without) * (n - 1) / std::sqrt(n);
    const Interval result = interval(value, error, x.size(0) - 1);
    m.scalar("kid", result.value, result.low, result.high);
    m.protocol("kernel", "(x y / d + 1)^3, unbiased, over all pairs");
    m.protocol("numbers", std::to_string(x.size(1)) + " features, " + std::to_string(x.size(0)) + " images against " +
                              std::to_string(y.size(0)));
    m.protocol("interval", "95 %, jackknife over images, data set fixed");
  }

 private:
  // Of at most `limit` items at equal distances: [n,D] of double.
  template <class Get>
  Tensor all_features(const Measurement& m, int64_t n, Get&& get) const {
    std::vector<Tensor> parts;
    const int64_t used = std::min(n, limit);
    int64_t next = 0;  // the next of the used ones: item next * n / used
    for (int64_t first = 0; first < n; first += batch) {
      const int64_t size = std::min(batch, n - first);
      std::vector<int64_t> rows;
      for (; next < used && next * n / used < first + size; ++next) rows.push_back(next * n / used - first);
      if (rows.empty()) continue;
      Tensor images = get(first, size);
      if (static_cast<int64_t>(rows.size()) < size) images = images.index_select(0, Tensor::from(rows, images));
      parts.push_back(m.features(features, images));
      progress("features", next, used);
    }
    return cat(parts, 0).to(Type::float64);
  }

  // sum_j k(x_i, y_j) for each i, in blocks of rows; `same`: x is y, and j = i is left out.
  static std::vector<double> row_sums(const Tensor& x, const Tensor& y, bool same) {
    const double scale = 1.0 / static_cast<double>(x.size(1));
    const Tensor columns = y.permute({1, 0});
    std::vector<Tensor> parts;
    constexpr int64_t block = 512;
    for (int64_t first = 0; first < x.size(0); first += block) {
      const Tensor rows = x.narrow(0, first, std::min(block, x.size(0) - first));
      Tensor sums = (rows.matmul(columns) * scale + 1.0).pow(3).sum({1});
      if (same) sums = sums - ((rows * rows).sum({1}) * scale + 1.0).pow(3);
      parts.push_back(sums);
    }
    return cat(parts, 0).values<double>();
  }

  static double total(const std::vector<double>& values) {
    return mean_of(values) * static_cast<double>(values.size());
  }
};

BASIN_PLUGIN("kid", "0.1.0", "Apache-2.0", "Kernel distance between images and data.", basin::MetricComponent<Kid>)
