// The Frechet distance between images and a data set in the features of any extractor.
//
// It is the published FID only with the published extractor and protocol: what it was computed with is written down.
// The interval is a jackknife over groups of images: image i belongs to group i mod G, the distance is computed G times
// without one group, and their spread gives the standard error. The data set counts as fixed. The bias of the distance,
// which falls with the number of images, is in no interval: compare equal numbers only, or extrapolate.
#include <basin/cpp/statistics.hpp>

#include "statistics.hpp"

using namespace basin;

struct Fid {
  static constexpr const char* name = "fid";
  static constexpr const char* summary =
      "Frechet distance between images and a data set, in the features of an extractor.";
  Object features;
  std::string statistics;
  int64_t batch, groups, points;

  static auto parameters() {
    return declare(
        component("features", &Fid::features, "model",
                  "The feature extractor: a model without time, such as small_features."),
        file("statistics", &Fid::statistics,
             "Instead of a data set its mean and covariance: a .npz file of feature_statistics, pytorch-fid, EDM, "
             "clean-fid or guided-diffusion.")
            .optional(),
        integer("batch", &Fid::batch, 128, "Images handled at once.").at_least(1).unit("images"),
        integer("groups", &Fid::groups, 20, "Groups of the jackknife behind the interval; 0: no interval.").at_least(0),
        integer("points", &Fid::points, 0,
                "Numbers of images, between a quarter and all, from whose distances the one of infinitely many is "
                "extrapolated; 0: it is not.")
            .at_least(0));
  }

  void check() {
    if (points == 1 || points > groups)
      throw error("points = " + std::to_string(points) + " of groups = " + std::to_string(groups) +
                  ": a line goes through at least 2 points, and each is made of whole groups.");
  }

  void measure(Measurement& m) {
    const int64_t n = m.n_images(), n_data = m.n_reference();
    if (!statistics.empty() && n_data)
      throw error("The metric 'fid' has the statistics '" + statistics +
                  "' and was given a data set as well: leave one out.");
    if (n < 2 || (statistics.empty() && n_data < 2))
      throw error("The metric 'fid' compares images with a data set and needs at least 2 of each, but got " +
                  std::to_string(n) + " images and " + std::to_string(n_data) + " items.");
    const fid::Gaussian reference = statistics.empty() ? of_data(m) : of_file(m);
    const int64_t d = reference.features(), used = groups < 2 || n < 2 * groups ? 1 : groups;
    const std::vector<fid::Moments> parts = grouped(m, used);
    fid::Moments all;
    for (const fid::Moments& part : parts) all = all + part;
    const fid::Gaussian measured = all.gaussian();
    const fid::Distance distance(reference);
    const double value = distance(measured);
    Interval result{value};
    if (used > 1) {
      std::vector<double> without;
      for (const fid::Moments& part : parts) {
        without.push_back(distance((all - part).gaussian()));
        progress("jackknife", static_cast<int64_t>(without.size()), used);
      }
      const double g = static_cast<double>(used);
      result = interval(value, standard_deviation(without) * (g - 1) / std::sqrt(g), used - 1);
    }
    m.scalar("fid", result.value, result.low, result.high);
    if (points) extrapolate(m, distance, parts);

    m.protocol("numbers", std::to_string(d) + " features, " + std::to_string(n) + " images against " +
                              (reference.count ? std::to_string(reference.count) : "an unknown number"));
    m.protocol("interval", used > 1
                               ? "95 %, jackknife over " + std::to_string(used) + " groups of images, data set fixed"
                               : "none: too few images, or groups = 0");
    warn(measured, reference);
  }

 private:
  fid::Gaussian of_data(const Measurement& m) const {
    fid::Moments moments;
    m.each_features(features, basin::Side::reference, {0, batch}, [&](int64_t, const Tensor& x) { moments.add(x); });
    return moments.gaussian();
  }
  fid::Gaussian of_file(Measurement& m) const {
    const int64_t d = m.features(features, m.images(0, 1)).size(1);
    const fid::Statistics found = fid::StatisticsFile(statistics).read(d, m.extractor(features));
    const size_t slash = statistics.find_last_of('/');
    m.protocol(
        "reference",
        statistics.substr(slash == statistics.npos ? 0 : slash + 1) + ": " + found.arrays +
            (found.extractor.empty() ? "; its extractor is not known, only the number of features was compared" : ""));
    return found.gaussian;
  }

  // Of the images; image i is in group i mod `used`.
  std::vector<fid::Moments> grouped(const Measurement& m, int64_t used) const {
    static const Op slice(
        "aten::slice.Tensor(Tensor(a) self, int dim=0, SymInt? start=None, SymInt? end=None, SymInt step=1) -> "
        "Tensor(a)");
    std::vector<fid::Moments> parts(static_cast<size_t>(used));
    m.each_features(features, basin::Side::images, {0, batch}, [&](int64_t first, const Tensor& x) {
      for (int64_t g = 0; g < used; ++g) {
        const int64_t start = ((g - first) % used + used) % used;  // the first row of this group
        if (start < x.size(0)) parts[static_cast<size_t>(g)].add(slice(x, 0, start, x.size(0), used));
      }
    });
    return parts;
  }

  // The distance grows by c / n with fewer images n (Chong and Forsyth 2020, arXiv 1911.07023, sec. 3): a straight line
  // over 1 / n, by least squares, meets 0 at the distance of infinitely many. A point of k groups is the mean over all
  // disjoint unions of k.
  void extrapolate(Measurement& m, const fid::Distance& distance, const std::vector<fid::Moments>& parts) const {
    const size_t g = parts.size(), wanted = static_cast<size_t>(points);
    if (g < wanted)
      throw error("'fid' extrapolates from groups of at least 2 images, and " + std::to_string(m.n_images()) +
                  " images are too few for " + std::to_string(groups) + " of them: use more images or fewer groups.");
    std::vector<double> x, y;
    const size_t least = std::min(std::max<size_t>(g / 4, 1), g - wanted + 1);
    for (size_t i = 0; i < wanted; ++i) {
      const size_t k = g - i * (g - least) / (wanted - 1);
      double sum = 0, count = 0;
      size_t unions = 0;
      for (size_t first = 0; first + k <= g; first += k, ++unions) {
        fid::Moments some;
        for (size_t j = first; j < first + k; ++j) some = some + parts[j];
        sum += distance(some.gaussian()), count += static_cast<double>(some.count);
      }
      x.push_back(static_cast<double>(unions) / count), y.push_back(sum / static_cast<double>(unions));
      progress("extrapolation", static_cast<int64_t>(i) + 1, points);
    }
    const double mean_x = mean_of(x), mean_y = mean_of(y);
    double xy = 0, xx = 0;
    for (size_t i = 0; i < wanted; ++i)
      xy += (x[i] - mean_x) * (y[i] - mean_y), xx += (x[i] - mean_x) * (x[i] - mean_x);
    const double infinity = mean_y - xy / xx * mean_x;
    m.scalar("fid_infinity", infinity);
    x.insert(x.begin(), 0), y.insert(y.begin(), infinity);
    m.curve("fid over the number of images", "1 / images", x, y);
    m.protocol("extrapolation",
               "a line over 1 / images through " + std::to_string(points) + " distances, of a quarter to all");
  }

  static void warn(const fid::Gaussian& measured, const fid::Gaussian& reference) {
    const int64_t d = reference.features();
    const int64_t fewest = reference.count ? std::min(measured.count, reference.count) : measured.count;
    if (fewest <= d)
      log_warning(std::to_string(fewest) + " images cannot fill a covariance of " + std::to_string(d) +
                  " features; the distance will be far too large. Use more images or fewer features.");
    if (fid::trace(measured.covariance) <= 1e-10 * (measured.mean * measured.mean).sum().item())  // 0 up to rounding
      log_warning("all " + std::to_string(measured.count) +
                  " images have the same features; the distance is that of a single picture.");
  }
};

BASIN_PLUGIN("fid", "0.1.0", "Apache-2.0", "Frechet distance between images and data.", basin::MetricComponent<Fid>)
