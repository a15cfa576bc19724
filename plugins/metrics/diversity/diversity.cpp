// How far a set's images are from each other: the mean squared distance in features over all pairs of different images,
//
//   2 n / (n - 1) (mean |f|^2 - |mean f|^2),
//
// so that it needs sums alone, and no pair is ever looked at. In the features of the model lpips_features it is the
// mean LPIPS within the set. The interval is a jackknife over groups of images: image i belongs to group i mod G.
#include <basin/basin.hpp>
#include <basin/cpp/statistics.hpp>

using namespace basin;

namespace {
struct Sums {
  double count = 0, squares = 0;
  Tensor sum;  // [D]
  void add(const Tensor& x) {
    count += static_cast<double>(x.size(0)), squares += (x * x).sum().item();
    if (sum) sum.add_(x.sum({0}));
    else sum = x.sum({0});
  }
  double mean_distance() const {
    return 2 * count / (count - 1) * (squares / count - (sum * sum).sum().item() / (count * count));
  }
};

struct Diversity {
  static constexpr const char* name = "diversity";
  static constexpr const char* summary =
      "Mean squared distance in features between the images of a set; with lpips_features, their mean LPIPS.";
  Object features;
  int64_t batch, groups;

  static auto parameters() {
    return declare(
        component("features", &Diversity::features, "model",
                  "The features whose squared distance counts: the model lpips_features, or any extractor."),
        integer("batch", &Diversity::batch, 16, "Images handled at once.").at_least(1).unit("images"),
        integer("groups", &Diversity::groups, 20, "Groups of the jackknife behind the interval; 0: no interval.")
            .at_least(0));
  }

  void measure(Measurement& m) {
    const int64_t n = m.n_images(), n_data = m.n_reference();
    if (n < 2 || n_data == 1)
      throw error("The metric 'diversity' is about pairs within a set, and there are " + std::to_string(n) + " images" +
                  (n_data ? " and " + std::to_string(n_data) + " items" : "") + ": at least 2 are needed.");
    const Interval own = of(m, Side::images, n);
    if (own.value <= 1e-12) log_warning("all " + std::to_string(n) + " images have the same features.");
    m.scalar("diversity", own.value, own.low, own.high);
    if (n_data) {
      const Interval theirs = of(m, Side::reference, n_data);
      m.scalar("diversity_of_reference", theirs.value, theirs.low, theirs.high);
    }
    m.protocol("numbers",
               std::to_string(n) + " images" + (n_data ? ", and " + std::to_string(n_data) + " of the reference" : ""));
    m.protocol("interval", "95 %, jackknife over groups of images");
  }

 private:
  Interval of(const Measurement& m, Side side, int64_t n) const {
    const int64_t used = groups < 2 || n < 2 * groups ? 1 : groups;
    std::vector<Sums> parts(static_cast<size_t>(used));
    m.each_features(features, side, {0, batch}, [&](int64_t first, const Tensor& x) {
      for (int64_t g = 0; g < used; ++g) {
        const int64_t start = ((g - first) % used + used) % used;  // the first row of this group
        if (start < x.size(0)) parts[static_cast<size_t>(g)].add(slice(x, 0, start, x.size(0), used));
      }
    });
    Sums all;
    all.sum = Tensor::zeros({parts[0].sum.numel()}, Type::float64, parts[0].sum);
    for (const Sums& p : parts) all.count += p.count, all.squares += p.squares, all.sum.add_(p.sum);
    if (used == 1) return {all.mean_distance()};
    std::vector<double> without;
    for (const Sums& p : parts)
      without.push_back(Sums{all.count - p.count, all.squares - p.squares, all.sum - p.sum}.mean_distance());
    const double g = static_cast<double>(used);
    return interval(all.mean_distance(), standard_deviation(without) * (g - 1) / std::sqrt(g), used - 1);
  }
  static inline const Op slice{
      "aten::slice.Tensor(Tensor(a) self, int dim=0, SymInt? start=None, SymInt? end=None, SymInt step=1) -> "
      "Tensor(a)"};
};
}  // namespace

BASIN_PLUGIN("diversity", "0.1.0", "Apache-2.0", "How far a set's images are from each other.",
             basin::MetricComponent<Diversity>)
