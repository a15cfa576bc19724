// The loss over a plane through the model among its weights (arXiv 2503.11078, Fig. 1; Li et al. 2018, arXiv 1712.09913):
//
//   L(theta + a d1 + b d2),  a and b in [-range, range]
//
// filter_normalised: d1, d2 random, each filter scaled to the norm of the model's own, so that |d| is about |theta| and
// a step of 0.1 moves every filter by a tenth of its norm. hessian: the eigenvectors of the two largest eigenvalues,
// scaled to |theta|, so that the axes mean the same. Images, noise levels and noise are the same at every point and for
// every model. All parameters move, biases and norms too.
#include <basin/basin.hpp>
#include <basin/cpp/landscape.hpp>

using namespace basin;

struct LossSurface {
  static constexpr const char* name = "loss_surface";
  static constexpr const char* summary = "The loss over a plane through the model among its weights, as grids.";
  std::string directions;
  double range;
  int64_t points, images, bands, iterations, draw;

  static auto parameters() {
    return declare(
        choice("directions", &LossSurface::directions, "filter_normalised", {"filter_normalised", "hessian"},
               "What spans the plane: random directions scaled by filter, or the Hessian's top two eigenvectors."),
        number("range", &LossSurface::range, 0.1, "How far each axis reaches to both sides, as a share of the weights.")
            .at_least(0),
        integer("points", &LossSurface::points, 11, "Points along each axis; odd, so that the model is one.")
            .at_least(3)
            .at_most(201),
        integer("images", &LossSurface::images, 64, "Images of the data set, spread over all of it.")
            .at_least(2)
            .unit("images"),
        integer("bands", &LossSurface::bands, 4, "Bands of noise levels with a grid of their own; 0: none.")
            .at_least(0),
        integer("iterations", &LossSurface::iterations, 30, "Hessian-vector products for its eigenvectors, at most.")
            .at_least(2),
        integer("draw", &LossSurface::draw, 0, "Which pair of random directions.").at_least(0));
  }
  void check() {
    if (points % 2 == 0)
      throw error("loss_surface needs an odd number of points along each axis, so that the model itself is one: " +
                  std::to_string(points + 1) + " instead of " + std::to_string(points) + ".");
    if (range <= 0) throw error("loss_surface needs a range above 0, such as 0.1.");
  }

  void measure(Measurement& m) {
    if (!m.parameters)
      throw error("The metric 'loss_surface' measures a model, not images or data: give it a model and a data set.");
    if (m.n_reference() < 2) throw error("The metric 'loss_surface' needs a data set of at least 2 items.");
    const LossSample sample(m, images, bands);
    const Origin origin(m.parameters);
    const auto [d1, d2] = directions == "hessian" ? eigenvectors(m, sample, origin) : random(m);

    std::vector<double> axis;
    for (int64_t i = 0; i < points; ++i)
      axis.push_back(range * (2 * static_cast<double>(i) / static_cast<double>(points - 1) - 1));
    const size_t n = axis.size(), centre = n / 2;
    axis[centre] = 0;
    std::vector<Estimates> grids(static_cast<size_t>(sample.bands()) + 1);
    std::vector<std::vector<double>> all;  // [points^2][images]
    for (size_t j = 0; j < n; ++j)
      for (size_t i = 0; i < n; ++i) {
        if (i == centre && j == centre) origin.back();
        else origin.move(d1, axis[i], d2, axis[j]);
        all.push_back(sample.losses(m));
        progress("points", static_cast<int64_t>(all.size()), points * points);
      }
    origin.back();
    const std::vector<double>& base = all[centre * n + centre];
    std::vector<double> rise(base.size());
    double lowest = HUGE_VAL;
    for (const auto& losses : all) {
      grids[0].add(mean_interval(losses));
      lowest = std::min(lowest, grids[0].value.back());
      for (int64_t b = 0; b < sample.bands(); ++b)
        grids[static_cast<size_t>(b) + 1].add(mean_interval(sample.of_band(b, losses)));
      for (size_t i = 0; i < base.size(); ++i) rise[i] += (losses[i] - base[i]) / static_cast<double>(all.size());
    }
    const Interval mean_rise = mean_interval(rise), loss = mean_interval(base);
    m.scalar("mean_rise", mean_rise.value, mean_rise.low, mean_rise.high);
    m.scalar("loss", loss.value, loss.low, loss.high);
    m.scalar("lowest", lowest);
    const std::string label = directions == "hessian" ? "top eigenvector" : "direction 1",
                      other = directions == "hessian" ? "second eigenvector" : "direction 2";
    grids[0].give_grid(m, "loss", label, axis, other, axis);
    for (int64_t b = 0; b < sample.bands(); ++b) {
      const auto edge = [&](int64_t e) { return std::to_string(e * m.process.steps() / sample.bands()); };
      grids[static_cast<size_t>(b) + 1].give_grid(m, "loss, t from " + edge(b) + " to " + edge(b + 1), label, axis,
                                                  other, axis);
    }
    m.protocol("axes", "shares of the weights' norm");
    m.protocol("levels", sample.text());
    m.protocol("mean_rise", "loss - loss of the model, mean over all points of the grid");
    m.protocol("intervals", "95 %, Student's t, over images with the plane fixed");
  }

 private:
  using Pair = std::pair<Direction, Direction>;

  Pair random(Measurement& m) const {
    Pair pair = {normal_direction(m, 2 * draw), normal_direction(m, 2 * draw + 1)};
    scale_by_filters(m, pair.first, true), scale_by_filters(m, pair.second, true);
    const double cosine = inner(pair.first, pair.second) / (norm(pair.first) * norm(pair.second));
    m.protocol("plane",
               "two random directions, filter-normalised (cosine of their angle " + std::to_string(cosine) + ")");
    return pair;
  }

  Pair eigenvectors(Measurement& m, const LossSample& sample, const Origin& origin) const {
    Lanczos lanczos(normal_direction(m, 2 * draw));
    const auto product = [&](const Direction& v) { return m.hessian_vector_product(v, sample.ids, sample.levels); };
    const auto ritz = find_largest(lanczos, 2, iterations, 1e-2, product,
                                   [&] { progress("Hessian-vector products", lanczos.steps(), iterations); });
    const size_t n = ritz.values.size();
    if (n < 2) throw error("loss_surface along eigenvectors needs a model of at least 2 parameters.");
    Pair pair = {lanczos.vector(ritz, n - 1), lanczos.vector(ritz, n - 2)};
    scale(pair.first, origin.norm()), scale(pair.second, origin.norm());
    m.protocol("plane", "the Hessian's eigenvectors of eigenvalues " + std::to_string(ritz.values[n - 1]) + " and " +
                            std::to_string(ritz.values[n - 2]) + " (Lanczos, " + std::to_string(lanczos.steps()) +
                            " products, residuals " + std::to_string(ritz.residuals[n - 1]) + " and " +
                            std::to_string(ritz.residuals[n - 2]) + ")");
    return pair;
  }
};

BASIN_PLUGIN("loss_surface", "0.1.0", "Apache-2.0", "The loss over a plane among the weights.",
             basin::MetricComponent<LossSurface>)
