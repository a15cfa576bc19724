// Kernel distance: the unbiased estimate of the squared maximum mean discrepancy between images and a data set, in the
// features of any extractor, with the kernel k(x,y) = (x y / d + 1)^3 (Binkowski et al. 2018, arXiv 1801.01401, sec. 3
// and 4). For m features x and m features y
//
//   MMD^2 = sum over i != j of (k(x_i,x_j) + k(y_i,y_j)) / (m (m - 1)) - 2 sum over i, j of k(x_i,y_j) / m^2
//
// The value is the mean over S subsets of equal size, drawn without replacement, as other programs report it. Subsets
// overlap, so their spread s is not the error of the mean: for subsets of m out of n the estimate from all n has the
// standard error s sqrt(m / (n - m)) (subsampling with the correction for a finite population; Politis and Romano
// 1994), and S of them stand for all with the error s / sqrt(S). Where images and data agree the first is too wide,
// never too narrow.
#include <basin/basin.hpp>
#include <basin/cpp/alike.hpp>
#include <basin/cpp/statistics.hpp>

#include <numeric>

using namespace basin;

struct Kid {
  static constexpr const char* name = "kid";
  static constexpr const char* summary =
      "Kernel distance between images and a data set: unbiased, so it suits few images.";
  Object features;
  int64_t subsets, subset_size, limit, batch;

  static auto parameters() {
    return declare(
        component("features", &Kid::features, "model",
                  "The feature extractor: a model without time, such as small_features."),
        integer("subsets", &Kid::subsets, 100, "How many subsets.").at_least(2),
        integer("subset_size", &Kid::subset_size, 1000, "Images in each; at most half of those that there are.")
            .at_least(2)
            .unit("images"),
        integer("limit", &Kid::limit, 0, "Of each side at most so many images, spread evenly over it; 0: all.")
            .at_least(0)
            .unit("images"),
        integer("batch", &Kid::batch, 128, "Images handled at once.").at_least(1).unit("images"));
  }

  void measure(Measurement& m) {
    const Items items{limit, batch};
    const int64_t n_x = m.count(Side::images, items), n_y = m.count(Side::reference, items);
    const int64_t n = std::min(n_x, n_y), size = std::min(subset_size, n / 2);
    if (size < 2)
      throw error("The metric 'kid' compares images with a data set and needs at least 4 of each, but got " +
                  std::to_string(n_x) + " images and " + std::to_string(n_y) + " items" +
                  (limit ? " (limit = " + std::to_string(limit) + ")." : "."));
    const Tensor x = m.all_features(features, Side::images, items);
    const Tensor y = m.all_features(features, Side::reference, items);
    std::vector<double> distances;
    for (int64_t s = 0; s < subsets; ++s) {
      const Tensor some_x = x.index_select(0, choose(m, 1, s, n_x, size, x));
      const Tensor some_y = y.index_select(0, choose(m, 2, s, n_y, size, y));
      distances.push_back(discrepancy(some_x, some_y));
      progress("subsets", s + 1, subsets);
    }
    const double spread = standard_deviation(distances);
    const double error = spread * std::sqrt(static_cast<double>(size) / static_cast<double>(n - size) +
                                            1 / static_cast<double>(subsets));
    const Interval result = interval(mean_of(distances), error, subsets - 1);
    m.scalar("kid", result.value, result.low, result.high);
    m.scalar("kid_spread", spread);
    m.protocol("kernel", "(x y / d + 1)^3, unbiased");
    m.protocol("numbers", std::to_string(x.size(1)) + " features, " + std::to_string(n_x) + " images against " +
                              std::to_string(n_y) + ", " + std::to_string(subsets) + " subsets of " +
                              std::to_string(size));
    m.protocol("interval", "95 %, subsampling: the subsets' spread times sqrt(m / (n - m) + 1 / subsets)");
    warn(x, "images"), warn(y, "items of the data set");
  }

 private:
  static void warn(const Tensor& side, const std::string& what) {
    if (all_alike(side))
      log_warning("all " + std::to_string(side.size(0)) + " " + what +
                  " have the same features; the distance is that of a single picture.");
  }

  // `size` different numbers below n, for subset `s` of one side: the first steps of a Fisher-Yates shuffle.
  static Tensor choose(const Measurement& m, uint32_t side, int64_t s, int64_t n, int64_t size, const Tensor& like) {
    std::vector<float> u(static_cast<size_t>(size));
    fill_uniform(stream(m.context(), BASIN_PURPOSE_MEASURE, 0, side), s, u);
    std::vector<int64_t> order(static_cast<size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    for (int64_t i = 0; i < size; ++i) {
      const auto step =
          static_cast<int64_t>(static_cast<double>(u[static_cast<size_t>(i)]) * static_cast<double>(n - i));
      std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(i + std::min(step, n - i - 1))]);
    }
    order.resize(static_cast<size_t>(size));
    return Tensor::from(order, like);
  }

  static Tensor kernel(const Tensor& x, const Tensor& y) {  // [m,D], [m,D] -> [m,m]
    return (x.matmul(y.permute({1, 0})) * (1.0 / static_cast<double>(x.size(1))) + 1.0).pow(3);
  }
  // Mean of k over pairs of one side without the diagonal, of both sides, minus twice the mean across.
  static double discrepancy(const Tensor& x, const Tensor& y) {
    const auto m = static_cast<double>(x.size(0));
    const auto diagonal = [](const Tensor& a) {
      return ((a * a).sum({1}) * (1.0 / static_cast<double>(a.size(1))) + 1.0).pow(3).sum().item();
    };
    const double xx = kernel(x, x).sum().item() - diagonal(x), yy = kernel(y, y).sum().item() - diagonal(y);
    return (xx + yy) / (m * (m - 1)) - 2 * kernel(x, y).sum().item() / (m * m);
  }
};

BASIN_PLUGIN("kid", "0.1.0", "Apache-2.0", "Kernel distance between images and data.", basin::MetricComponent<Kid>)
