// The Kullback-Leibler divergence of the data p from the images q, both taken for Gaussians in the features of an
// extractor, N(m_p, S_p) and N(m_q, S_q) in d dimensions:
//
//   D(p || q) = (tr(S_q^-1 S_p) + (m_q - m_p)^T S_q^-1 (m_q - m_p) - d + ln det S_q - ln det S_p) / 2
//
// The interval is a jackknife over groups of images: image i belongs to group i mod G; the data count as fixed.
#include "../fid/moments.hpp"

#include <basin/cpp/statistics.hpp>

using namespace basin;

struct GaussianKl {
  static constexpr const char* name = "gaussian_kl";
  static constexpr const char* summary = "Divergence of the data from the images, both as Gaussians in features.";
  Object features;
  int64_t batch, groups;

  static auto parameters() {
    return declare(
        component("features", &GaussianKl::features, "model", "The feature extractor; without one, the pixels.")
            .optional(),
        integer("batch", &GaussianKl::batch, 128, "Images handled at once.").at_least(1).unit("images"),
        integer("groups", &GaussianKl::groups, 20, "Groups of the jackknife behind the interval; 0: no interval.")
            .at_least(0));
  }

  void measure(Measurement& m) {
    const int64_t n = m.n_images(), n_data = m.n_reference();
    if (n < 2 || n_data < 2)
      throw error("The metric 'gaussian_kl' compares images with a data set and needs at least 2 of each, but got " +
                  std::to_string(n) + " images and " + std::to_string(n_data) + " items.");
    const int64_t used = groups < 2 || n < 2 * groups ? 1 : groups;
    std::vector<fid::Moments> parts(static_cast<size_t>(used));
    fid::Moments data, all;
    m.each_features(features, Side::images, {0, batch}, [&](int64_t first, const Tensor& x) {
      for (int64_t g = 0; g < used; ++g) {
        const int64_t start = ((g - first) % used + used) % used;  // the first row of this group
        if (start < x.size(0)) parts[static_cast<size_t>(g)].add(slice(x, 0, start, x.size(0), used));
      }
    });
    m.each_features(features, Side::reference, {0, batch}, [&](int64_t, const Tensor& x) { data.add(x); });
    for (const fid::Moments& part : parts) all = all + part;
    const fid::Gaussian p = data.gaussian();
    const Inverse own = inverse(p, "the data set");
    Interval result{divergence(p, own, all.gaussian())};
    if (used > 1) {
      std::vector<double> without;
      for (const fid::Moments& part : parts) without.push_back(divergence(p, own, (all - part).gaussian()));
      const double g = static_cast<double>(used);
      result = interval(result.value, standard_deviation(without) * (g - 1) / std::sqrt(g), used - 1);
    }
    m.scalar("gaussian_kl", result.value, result.low, result.high);
    m.protocol("numbers", std::to_string(p.features()) + (features ? " features, " : " pixels, ") + std::to_string(n) +
                              " images against " + std::to_string(n_data));
    m.protocol("interval", used > 1 ? "95 %, jackknife over " + std::to_string(used) + " groups of images, data fixed"
                                    : "none: too few images, or groups = 0");
  }

 private:
  struct Inverse {
    Tensor root;  // A with A^T A = S^-1: [D,D]
    double log_determinant;
  };
  static Inverse inverse(const fid::Gaussian& g, const std::string& whose) {
    static const Op eigh("aten::linalg_eigh(Tensor self, str UPLO=\"L\") -> (Tensor eigenvalues, Tensor eigenvectors)");
    const auto parts = eigh.multi(g.covariance);
    if (!(parts[0].amin().item() > 1e-12 * parts[0].amax().item()))
      throw error("The features of " + whose + " (" + std::to_string(g.count) + " items, " +
                  std::to_string(g.features()) +
                  " features) do not fill their covariance, and the divergence is infinite: use more images than "
                  "features, or an extractor with fewer.");
    return {parts[1].permute({1, 0}) / parts[0].sqrt().reshape({-1, 1}), parts[0].log().sum().item()};
  }
  static double divergence(const fid::Gaussian& p, const Inverse& own, const fid::Gaussian& q) {
    const Inverse theirs = inverse(q, "the images");
    const Tensor between = theirs.root.matmul((q.mean - p.mean).reshape({-1, 1}));
    const double spread = fid::trace(theirs.root.matmul(p.covariance).matmul(theirs.root.permute({1, 0})));
    return (spread + (between * between).sum().item() - static_cast<double>(p.features()) + theirs.log_determinant -
            own.log_determinant) /
           2;
  }
  static inline const Op slice{
      "aten::slice.Tensor(Tensor(a) self, int dim=0, SymInt? start=None, SymInt? end=None, SymInt step=1) -> "
      "Tensor(a)"};
};

BASIN_PLUGIN("gaussian_kl", "0.1.0", "Apache-2.0", "Divergence of Gaussians in features.",
             basin::MetricComponent<GaussianKl>)
