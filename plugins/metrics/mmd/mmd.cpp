// The unbiased estimate of the squared maximum mean discrepancy with a Gaussian kernel (Gretton et al. 2012, "A kernel
// two-sample test", eq. 3), k(x,y) = exp(-|x - y|^2 / (2 s^2)):
//
//   MMD^2 = sum over i != j of k(x_i,x_j) / (n (n - 1)) + the same of y - 2 sum over i, j of k(x_i,y_j) / (n m)
//
// The bandwidth s is the median distance between items of both sides together, if none is given. The interval is a
// jackknife over groups of images: image i belongs to group i mod G; the data and the bandwidth count as fixed.
#include <basin/basin.hpp>
#include <basin/cpp/statistics.hpp>

#include <algorithm>

using namespace basin;

namespace {
Tensor squared_distances(const Tensor& a, const Tensor& b) {  // [n,D], [m,D] -> [n,m]
  return ((a * a).sum({1}, true) + (b * b).sum({1}) - a.matmul(b.permute({1, 0})) * 2).clamp(0, HUGE_VAL);
}
const Op slice{
    "aten::slice.Tensor(Tensor(a) self, int dim=0, SymInt? start=None, SymInt? end=None, SymInt step=1) -> Tensor(a)"};

struct Mmd {
  static constexpr const char* name = "mmd";
  static constexpr const char* summary =
      "Squared maximum mean discrepancy with a Gaussian kernel, unbiased, of features or pixels.";
  Object features;
  double bandwidth;
  int64_t limit, groups, batch;

  static auto parameters() {
    return declare(
        component("features", &Mmd::features, "model", "The feature extractor; without one, the pixels.").optional(),
        number("bandwidth", &Mmd::bandwidth, 0, "s of the kernel; 0: the median distance.").at_least(0),
        integer("limit", &Mmd::limit, 5000, "Of each side at most so many, spread evenly over it; 0: all.")
            .at_least(0)
            .unit("images"),
        integer("groups", &Mmd::groups, 20, "Groups of the jackknife behind the interval; 0: no interval.").at_least(0),
        integer("batch", &Mmd::batch, 128, "Images handled at once.").at_least(1).unit("images"));
  }

  void measure(Measurement& m) {
    const Items items{limit, batch};
    const int64_t n = m.count(Side::images, items), n_data = m.count(Side::reference, items);
    if (n < 2 || n_data < 2)
      throw error(
          "The metric 'mmd' compares images with a data set or with other images and needs at least 2 of each, but "
          "got " +
          std::to_string(n) + " images and " + std::to_string(n_data) + " items.");
    const Tensor x = m.all_features(features, Side::images, items),
                 y = m.all_features(features, Side::reference, items);
    const double s = bandwidth > 0 ? bandwidth : median_distance(x, y);

    const int64_t g = groups < 2 || n < 3 * groups ? 1 : groups;
    std::vector<Tensor> part(static_cast<size_t>(g));
    for (int64_t i = 0; i < g; ++i) part[static_cast<size_t>(i)] = slice(x, 0, i, n, g);
    // Sums of the kernel between groups, without the diagonal of ones; and of each group with the data.
    std::vector<std::vector<double>> within(part.size(), std::vector<double>(part.size()));
    std::vector<double> across(part.size());
    double all_within = 0, all_across = 0;
    for (size_t i = 0; i < part.size(); ++i) {
      for (size_t j = 0; j <= i; ++j)
        within[i][j] = within[j][i] =
            kernel_sum(part[i], part[j], s) - (i == j ? static_cast<double>(part[i].size(0)) : 0);
      across[i] = kernel_sum(part[i], y, s), all_across += across[i];
      progress("groups", static_cast<int64_t>(i) + 1, g);
    }
    for (const auto& row : within)
      for (const double v : row) all_within += v;
    const double k = static_cast<double>(n), l = static_cast<double>(n_data);
    const double data = (kernel_sum(y, y, s) - l) / (l * (l - 1));
    const auto estimate = [&](double within_x, double across_xy, double count) {
      return within_x / (count * (count - 1)) + data - 2 * across_xy / (count * l);
    };
    Interval result{estimate(all_within, all_across, k)};
    if (g > 1) {
      std::vector<double> without;
      for (size_t i = 0; i < part.size(); ++i) {
        double row = 0;
        for (const double v : within[i]) row += v;
        without.push_back(estimate(all_within - 2 * row + within[i][i], all_across - across[i],
                                   k - static_cast<double>(part[i].size(0))));
      }
      const double count = static_cast<double>(g);
      result = interval(result.value, standard_deviation(without) * (count - 1) / std::sqrt(count), g - 1);
    }
    m.scalar("mmd", result.value, result.low, result.high);
    m.scalar("bandwidth", s);
    m.protocol("kernel", std::string("exp(-|x - y|^2 / (2 s^2)), s ") +
                             (bandwidth > 0 ? "given" : "the median distance") + ", unbiased");
    m.protocol("numbers", std::to_string(x.size(1)) + (features ? " features, " : " pixels, ") + std::to_string(n) +
                              " images against " + std::to_string(n_data));
    m.protocol("interval",
               g > 1 ? "95 %, jackknife over " + std::to_string(g) + " groups of images, data and bandwidth fixed"
                     : "none: too few images, or groups = 0");
  }

 private:
  double kernel_sum(const Tensor& a, const Tensor& b, double s) const {
    double sum = 0;
    for (int64_t first = 0; first < a.size(0); first += 1024) {
      const Tensor rows = a.narrow(0, first, std::min<int64_t>(1024, a.size(0) - first));
      sum += (squared_distances(rows, b) * (-1 / (2 * s * s))).exp().sum().item();
    }
    return sum;
  }
  // Over all pairs of different items of both sides, of at most 1,000 of each.
  static double median_distance(const Tensor& x, const Tensor& y) {
    const auto some = [](const Tensor& a) { return slice(a, 0, 0, a.size(0), (a.size(0) + 999) / 1000); };
    const Tensor both = cat(std::vector<Tensor>{some(x), some(y)}, 0);
    const std::vector<double> square = squared_distances(both, both).values<double>();
    const auto n = static_cast<size_t>(both.size(0));
    std::vector<double> pairs;
    for (size_t i = 0; i < n; ++i)
      pairs.insert(pairs.end(), square.begin() + static_cast<int64_t>(i * n),
                   square.begin() + static_cast<int64_t>(i * n + i));
    const auto middle = pairs.begin() + static_cast<int64_t>(pairs.size() / 2);
    std::nth_element(pairs.begin(), middle, pairs.end());
    double median = std::sqrt(*middle);
    if (pairs.size() % 2 == 0) median = (median + std::sqrt(*std::max_element(pairs.begin(), middle))) / 2;
    if (!(median > 1e-6))
      throw error(
          "Half of all images and items are the same, so that their median distance is 0: give a bandwidth, or look "
          "whether the images are.");
    return median;
  }
};
}  // namespace

BASIN_PLUGIN("mmd", "0.1.0", "Apache-2.0", "Maximum mean discrepancy.", basin::MetricComponent<Mmd>)
