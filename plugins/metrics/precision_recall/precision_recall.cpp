// How much of what is drawn is plausible, and how much of the data is drawn, by nearest neighbours in the features of an
// extractor. With B_k(y) the ball around y that reaches to its k-th nearest neighbour on y's own side:
//
//   precision   share of images x in some B_k(y)            (Kynkaanniemi et al. 2019, arXiv 1904.06991, eq. 1 and 2)
//   recall      share of data y in some B_k(x)
//   density     number of pairs with x in B_k(y), over k n  (Naeem et al. 2020, arXiv 2002.09797, eq. 4)
//   coverage    share of y whose B_k(y) holds some x        (eq. 5)
#include <basin/basin.hpp>
#include <basin/cpp/alike.hpp>
#include <basin/cpp/statistics.hpp>

namespace {
using namespace basin;

Tensor squared_distances(const Tensor& a, const Tensor& b) {  // [n,D], [m,D] of double -> [n,m]
  const Tensor products = a.matmul(b.permute({1, 0}));
  return ((a * a).sum({1}, true) + (b * b).sum({1}) - products * 2).clamp(0, HUGE_VAL);
}

// Of a share, by its score (Wilson 1927): never beyond 0 and 1, and of some width where the share is one of them.
Interval share_interval(double share, double n) {
  constexpr double z = 1.959963985;
  const double middle = (share + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  return {share, middle - half, middle + half};
}

struct PrecisionRecall {
  static constexpr const char* name = "precision_recall";
  static constexpr const char* summary = "Precision, recall, density and coverage by nearest neighbours in features.";
  Object features;
  int64_t k, limit, batch;

  static auto parameters() {
    return declare(
        component("features", &PrecisionRecall::features, "model",
                  "The feature extractor: a model without time, such as small_features."),
        integer("k", &PrecisionRecall::k, 3, "Which neighbour a ball reaches to.").at_least(1),
        integer("limit", &PrecisionRecall::limit, 10000, "Of the data at most so many, spread evenly over it; 0: all.")
            .at_least(0)
            .unit("images"),
        integer("batch", &PrecisionRecall::batch, 128, "Images handled at once.").at_least(1).unit("images"));
  }

  void measure(Measurement& m) {
    const int64_t n_x = m.n_images(), n_y = m.count(Side::reference, {limit, batch});
    if (std::min(n_x, n_y) <= k)
      throw error("The metric 'precision_recall' needs more than k = " + std::to_string(k) + " of each, but got " +
                  std::to_string(n_x) + " images and " + std::to_string(n_y) + " items.");
    const Tensor x = m.all_features(features, Side::images, {0, batch});
    const Tensor y = m.all_features(features, Side::reference, {limit, batch});
    const Tensor reach_x = reach(x), reach_y = reach(y);  // [n_x], [n_y]

    // Row by row of the images: what each x falls into, and what falls into its ball.
    std::vector<double> precise, dense;
    const Tensor recalled = Tensor::zeros({n_y}, Type::float64, y), covered = recalled.clone();  // by how many x
    for (int64_t first = 0; first < n_x; first += batch) {
      const int64_t size = std::min(batch, n_x - first);
      const Tensor d = squared_distances(x.narrow(0, first, size), y);                        // [size,n_y]
      const Tensor inside_y = at_most(d, reach_y.reshape({1, n_y}));                          // x in B_k(y)
      const Tensor inside_x = at_most(d, reach_x.narrow(0, first, size).reshape({size, 1}));  // y in B_k(x)
      append(precise, inside_y.amax({1})), append(dense, inside_y.sum({1}) * (1.0 / static_cast<double>(k)));
      recalled.add_(inside_x.sum({0})), covered.add_(inside_y.sum({0}));
      progress("images", first + size, n_x);
    }
    const auto once = [](const Tensor& times) { return times.clamp(0, 1).values<double>(); };
    const std::vector<double> recall = once(recalled), coverage = once(covered);
    const auto report = [&](const char* what, const Interval& i) { m.scalar(what, i.value, i.low, i.high); };
    report("precision", share_interval(mean_of(precise), static_cast<double>(n_x)));
    report("recall", share_interval(mean_of(recall), static_cast<double>(n_y)));
    report("density", mean_interval(dense));
    report("coverage", share_interval(mean_of(coverage), static_cast<double>(n_y)));
    m.protocol("numbers", std::to_string(x.size(1)) + " features, " + std::to_string(n_x) + " images against " +
                              std::to_string(n_y) + ", k = " + std::to_string(k));
    m.protocol("interval", "95 % over the items that a share is of, the other side's balls taken as fixed");
    warn(x, "images", "recall", "precision"), warn(y, "items of the data set", "precision", "recall");
  }

 private:
  static void warn(const Tensor& side, const std::string& what, const std::string& reached, const std::string& own) {
    if (all_alike(side))
      log_warning("all " + std::to_string(side.size(0)) + " " + what +
                  " have the same features: the balls around them have no extent, so " + reached +
                  " counts copies of them alone, and " + own + " is that of a single picture.");
  }

  // Squared distance of each row to its k-th nearest other row: [n,D] -> [n]. The nearest of all is the row itself.
  Tensor reach(const Tensor& a) const {
    static const Op kth(
        "aten::kthvalue(Tensor self, SymInt k, int dim=-1, bool keepdim=False) -> (Tensor values, Tensor indices)");
    std::vector<Tensor> parts;
    for (int64_t first = 0; first < a.size(0); first += batch) {
      const Tensor d = squared_distances(a.narrow(0, first, std::min(batch, a.size(0) - first)), a);
      parts.push_back(kth.multi(d, k + 1, 1)[0]);
    }
    return cat(parts, 0);
  }
  static Tensor at_most(const Tensor& a, const Tensor& b) {  // 1 or 0, of double
    static const Op le("aten::le.Tensor(Tensor self, Tensor other) -> Tensor");
    return le(a, b).to(Type::float64);
  }
  static void append(std::vector<double>& to, const Tensor& values) {
    const auto more = values.values<double>();
    to.insert(to.end(), more.begin(), more.end());
  }
};
}  // namespace

BASIN_PLUGIN("precision_recall", "0.1.0", "Apache-2.0", "Nearest-neighbour measures of images against data.",
             basin::MetricComponent<PrecisionRecall>)
