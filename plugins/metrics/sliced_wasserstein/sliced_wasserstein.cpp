// The sliced Wasserstein distance between two sets of images (Bonneel et al. 2015, "Sliced and Radon Wasserstein
// barycenters of measures", eq. 8): on a line the distance of order p is that between sorted values,
//
//   W_p^p = integral over u in [0,1] of |F^-1(u) - G^-1(u)|^p,    SW_p = (mean over directions of W_p^p)^(1/p),
//
// with directions uniform on the sphere. Sets of different sizes are compared exactly; only projections are kept.
#include <basin/basin.hpp>
#include <basin/cpp/statistics.hpp>

using namespace basin;

struct SlicedWasserstein {
  static constexpr const char* name = "sliced_wasserstein";
  static constexpr const char* summary = "Wasserstein distance along random directions, of pixels or of features.";
  Object features;
  int64_t directions, batch;
  double order;

  static auto parameters() {
    return declare(
        component("features", &SlicedWasserstein::features, "model", "The feature extractor; without one, the pixels.")
            .optional(),
        integer("directions", &SlicedWasserstein::directions, 128, "Random directions.").at_least(2),
        number("order", &SlicedWasserstein::order, 2, "p: the cost of moving by d is d^p.").at_least(1),
        integer("batch", &SlicedWasserstein::batch, 128, "Images handled at once.").at_least(1).unit("images"));
  }

  void measure(Measurement& m) {
    const int64_t n = m.n_images(), n_data = m.n_reference();
    if (n < 1 || n_data < 1)
      throw error("The metric 'sliced_wasserstein' compares images with a data set or with other images, and got " +
                  std::to_string(n) + " images and " + std::to_string(n_data) + " items.");
    Tensor lines;  // [D,directions], columns of length 1
    const Tensor x = projected(m, Side::images, n, lines), y = projected(m, Side::reference, n_data, lines);
    const auto a = x.values<double>(), b = y.values<double>();  // [directions,n], [directions,n_data]
    std::vector<double> costs;
    for (int64_t k = 0; k < directions; ++k) costs.push_back(cost(a.data() + k * n, n, b.data() + k * n_data, n_data));
    const Interval found = mean_interval(costs);
    const auto root = [&](double v) { return std::pow(std::max(v, 0.0), 1 / order); };
    m.scalar("sliced_wasserstein", root(found.value), root(found.low), root(found.high));
    m.protocol("numbers", std::to_string(lines.size(0)) + (features ? " features, " : " pixels, ") + std::to_string(n) +
                              " images against " + std::to_string(n_data) + ", " + std::to_string(directions) +
                              " directions");
    m.protocol("interval", "95 %, over the directions; the images taken as fixed");
  }

 private:
  // Sorted along each direction: [directions,n].
  Tensor projected(const Measurement& m, Side side, int64_t n, Tensor& lines) const {
    std::vector<Tensor> parts;
    m.each_features(features, side, {0, batch}, [&](int64_t, const Tensor& x) {
      if (!lines) lines = drawn(m, x);
      parts.push_back(x.matmul(lines));
    });
    static const Op sort(
        "aten::sort(Tensor self, int dim=-1, bool descending=False) -> (Tensor values, Tensor indices)");
    return sort.multi(cat(parts, 0).permute({1, 0}).reshape({directions, n}), 1)[0];
  }
  Tensor drawn(const Measurement& m, const Tensor& like) const {
    std::vector<int64_t> ids(static_cast<size_t>(directions));
    for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int64_t>(i);
    const Tensor g =
        normal(stream(m.context(), BASIN_PURPOSE_MEASURE, 0, 3), ids, {like.size(1)}, like).to(Type::float64);
    return (g / (g * g).sum({1}, true).sqrt()).permute({1, 0});
  }
  // W_p^p of two sorted lists: both are step functions of u, with steps of 1 / n and 1 / m.
  double cost(const double* a, int64_t n, const double* b, int64_t m) const {
    double sum = 0;
    for (int64_t i = 0, j = 0, at = 0; i < n && j < m;) {  // `at` counts in units of 1 / (n m)
      const int64_t next = std::min((i + 1) * m, (j + 1) * n);
      sum += static_cast<double>(next - at) * std::pow(std::abs(a[i] - b[j]), order);
      at = next;
      if (next == (i + 1) * m) ++i;
      if (next == (j + 1) * n) ++j;
    }
    return sum / (static_cast<double>(n) * static_cast<double>(m));
  }
};

BASIN_PLUGIN("sliced_wasserstein", "0.1.0", "Apache-2.0", "Wasserstein distance along random directions.",
             basin::MetricComponent<SlicedWasserstein>)
