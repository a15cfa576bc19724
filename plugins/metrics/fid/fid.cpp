// The Frechet distance between images and a data set in the features of any extractor.
//
// It is the published FID only with the published extractor and protocol: what it was computed with is written down.
// The interval is a jackknife over groups of images: image i belongs to group i mod G, the distance is computed G times
// without one group, and their spread gives the standard error. The data set counts as fixed. The bias of the distance,
// which falls with the number of images, is in no interval: compare equal numbers only.
#include <basin/cpp/statistics.hpp>

#include "moments.hpp"

using namespace basin;

struct Fid {
  static constexpr const char* name = "fid";
  static constexpr const char* summary =
      "Frechet distance between images and a data set, in the features of an extractor.";
  Object features;
  int64_t batch, groups;

  static auto parameters() {
    return declare(component("features", &Fid::features, "model",
                             "The feature extractor: a model without time, such as small_features."),
                   integer("batch", &Fid::batch, 128, "Images handled at once.").at_least(1).unit("images"),
                   integer("groups", &Fid::groups, 20, "Groups of the jackknife behind the interval; 0: no interval.")
                       .at_least(0));
  }

  void measure(Measurement& m) {
    const int64_t n = m.n_images(), n_reference = m.n_reference();
    if (n < 2 || n_reference < 2)
      throw error("The metric 'fid' compares images with a data set and needs at least 2 of each, but got " +
                  std::to_string(n) + " images and " + std::to_string(n_reference) + " items.");
    const int64_t used = groups < 2 || n < 2 * groups ? 1 : groups;
    std::vector<fid::Moments> parts(static_cast<size_t>(used));
    fid::Moments reference;
    const int64_t total = n + n_reference;
    for (int64_t first = 0; first < n; first += batch) {
      const int64_t size = std::min(batch, n - first);
      const Tensor x = m.features(features, m.images(first, size)).to(Type::float64);  // [size,D]
      for (int64_t g = 0; g < used; ++g) {
        const int64_t start = ((g - first) % used + used) % used;  // the first row of this group
        if (start < size) parts[static_cast<size_t>(g)].add(slice(x, 0, start, size, used));
      }
      progress("images", first + size, total);
    }
    for (int64_t first = 0; first < n_reference; first += batch) {
      const int64_t size = std::min(batch, n_reference - first);
      reference.add(m.features(features, m.reference(first, size)).to(Type::float64));
      progress("images", n + first + size, total);
    }

    fid::Moments all;
    for (const fid::Moments& part : parts) all = all + part;
    const fid::Side side(reference);
    const double value = side.distance(all);
    Interval result{value};
    if (used > 1) {
      std::vector<double> without;
      for (const fid::Moments& part : parts) without.push_back(side.distance(all - part));
      const double g = static_cast<double>(used);
      result = interval(value, standard_deviation(without) * (g - 1) / std::sqrt(g), used - 1);
    }
    m.scalar("fid", result.value, result.low, result.high);

    const int64_t d = all.sum.numel();
    m.protocol("numbers", std::to_string(d) + " features, " + std::to_string(n) + " images against " +
                              std::to_string(n_reference));
    m.protocol("interval", used > 1
                               ? "95 %, jackknife over " + std::to_string(used) + " groups of images, data set fixed"
                               : "none: too few images, or groups = 0");
    if (std::min(n, n_reference) <= d)
      log_warning(std::to_string(std::min(n, n_reference)) + " images cannot fill a covariance of " +
                  std::to_string(d) +
                  " features; the distance will be far too large. Use more images or fewer features.");
  }

 private:
  static inline const Op slice{
      "aten::slice.Tensor(Tensor(a) self, int dim=0, SymInt? start=None, SymInt? end=None, SymInt step=1) -> "
      "Tensor(a)"};
};

BASIN_PLUGIN("fid", "0.1.0", "Apache-2.0", "Frechet distance between images and data.", basin::MetricComponent<Fid>)
