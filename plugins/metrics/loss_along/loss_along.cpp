// The loss against the norm of a perturbation of the weights (arXiv 2503.11078, Fig. 5; Cha et al. 2021, SWAD, Fig. 3):
//
//   L(theta + r d), |d| = 1, over the radius r, along
//   random             d uniform on the sphere, mean over draws
//   filter_normalised  each filter of a random d scaled to the norm of the model's own (Li et al. 2018, arXiv 1712.09913)
//   gradient           d = g / |g|, the direction of steepest ascent, where SAM looks
//   hessian            d the eigenvector of the Hessian's largest eigenvalue, mean of both signs
//
// Images, noise levels and noise are the same at every point and for every model. All parameters move.
#include <basin/basin.hpp>
#include <basin/cpp/landscape.hpp>

using namespace basin;

struct LossAlong {
  static constexpr const char* name = "loss_along";
  static constexpr const char* summary =
      "The loss against the norm of a perturbation of the weights, along directions.";
  std::string along, unit;
  std::vector<double> radii;
  int64_t draws, images, bands, iterations;

  static auto parameters() {
    return declare(
        choice("along", &LossAlong::along, "all", {"all", "random", "filter_normalised", "gradient", "hessian"},
               "Along which directions."),
        numbers("radii", &LossAlong::radii, {0.002, 0.005, 0.01, 0.02, 0.05, 0.1},
                "L2 norms of the perturbation over all parameters, ascending; in which unit, `norm` says.")
            .at_least(0),
        choice("norm", &LossAlong::unit, "relative", {"relative", "absolute"},
               "Radii as a share of the weights' own norm, or as they are."),
        integer("draws", &LossAlong::draws, 5, "How many random directions of either kind.").at_least(1),
        integer("images", &LossAlong::images, 128, "Images of the data set, spread over all of it.")
            .at_least(2)
            .unit("images"),
        integer("bands", &LossAlong::bands, 4, "Bands of noise levels for the grids by level; 0: no grids.")
            .at_least(0),
        integer("iterations", &LossAlong::iterations, 20, "Hessian-vector products for the top direction, at most.")
            .at_least(1));
  }
  void check() {
    if (radii.empty()) throw error("loss_along needs one radius at least: radii = { 0.01, 0.1 }.");
    for (size_t i = 0; i < radii.size(); ++i)
      if (!(radii[i] > (i ? radii[i - 1] : 0)))
        throw error("loss_along needs radii above 0 in ascending order; radius 0 is there without asking.");
  }

  void measure(Measurement& m) {
    if (!m.parameters)
      throw error("The metric 'loss_along' measures a model, not images or data: give it a model and a data set.");
    if (m.n_reference() < 2) throw error("The metric 'loss_along' needs a data set of at least 2 items.");
    sample_ = LossSample(m, images, bands);
    base_ = sample_.losses(m);
    const Origin origin(m.parameters);
    const double weights = origin.norm();
    factor_ = unit == "relative" ? weights : 1;
    const auto wanted = [&](const char* kind) { return along == "all" || along == kind; };
    total_ = static_cast<int64_t>(radii.size()) *
             (draws * (wanted("random") + wanted("filter_normalised")) + wanted("gradient") + 2 * wanted("hessian"));
    done_ = 0;
    for (const char* kind : {"random", "filter_normalised"})
      if (wanted(kind)) random(m, origin, kind);
    if (wanted("gradient")) {
      const Direction g = m.gradient(sample_.ids, sample_.levels);
      if (const double size = norm(g); size > 0) {
        scale(g, 1 / size);
        fixed(m, origin, "gradient", g, false);
      } else {
        m.protocol("gradient", "zero: there is no such direction");
      }
    }
    if (wanted("hessian")) fixed(m, origin, "hessian", top_direction(m), true);

    const Interval loss = mean_interval(base_);
    m.scalar("loss", loss.value, loss.low, loss.high);
    m.scalar("weight_norm", weights);
    m.protocol("radius", unit == "relative" ? "L2 norm of the perturbation / that of all weights"
                                            : "L2 norm of the perturbation");
    m.protocol("levels", sample_.text());
    if (sample_.bands()) m.protocol("bands", std::to_string(sample_.bands()) + " of equal length in t");
    m.protocol("slope", "of loss - loss at 0 against the radius, least squares through 0");
    m.protocol("intervals", "95 %, Student's t: random directions over " + std::to_string(draws) +
                                " draws with images fixed, gradient and hessian over images with the direction fixed");
  }

 private:
  using Losses = std::vector<std::vector<double>>;  // [radii][images]

  Losses along_ray(const Measurement& m, const Origin& origin, const Direction& d, double sign) {
    Losses all;
    for (double radius : radii) {
      origin.move(d, sign * radius * factor_);
      all.push_back(sample_.losses(m));
      progress("points", ++done_, total_);
    }
    origin.back();
    return all;
  }

  void random(Measurement& m, const Origin& origin, const std::string& kind) {
    std::vector<Losses> rays;
    for (int64_t draw = 0; draw < draws; ++draw) {
      const Direction d = normal_direction(m, draw);
      if (kind == "filter_normalised") scale_by_filters(m, d, true);
      scale(d, 1 / norm(d));
      rays.push_back(along_ray(m, origin, d, 1));
    }
    // What is averaged: for each draw the mean of its losses.
    give(m, kind, [&](size_t radius, int64_t band) {
      std::vector<double> rises;
      for (const Losses& ray : rays) rises.push_back(mean_of(part(ray[radius], band)) - mean_of(part(base_, band)));
      return rises;
    });
  }

  void fixed(Measurement& m, const Origin& origin, const std::string& kind, const Direction& d, bool both_signs) {
    Losses ray = along_ray(m, origin, d, 1);
    if (both_signs) {
      const Losses other = along_ray(m, origin, d, -1);
      for (size_t r = 0; r < ray.size(); ++r)
        for (size_t i = 0; i < ray[r].size(); ++i) ray[r][i] = (ray[r][i] + other[r][i]) / 2;
    }
    // What is averaged: the images.
    give(m, kind, [&](size_t radius, int64_t band) {
      std::vector<double> rises = part(ray[radius], band), from = part(base_, band);
      for (size_t i = 0; i < rises.size(); ++i) rises[i] -= from[i];
      return rises;
    });
  }

  Direction top_direction(Measurement& m) {
    Lanczos lanczos(normal_direction(m, 0));
    const auto product = [&](const Direction& v) { return m.hessian_vector_product(v, sample_.ids, sample_.levels); };
    const auto ritz = find_largest(lanczos, 1, iterations, 1e-2, product,
                                   [&] { progress("Hessian-vector products", lanczos.steps(), iterations); });
    const double top = ritz.values.back(), residual = ritz.residuals.back();
    m.scalar("top_eigenvalue", top, top - residual, top + residual);
    m.protocol("hessian", "Lanczos, " + std::to_string(lanczos.steps()) +
                              " products; the eigenvalue's bounds are the residual of its vector");
    return lanczos.vector(ritz, ritz.values.size() - 1);
  }

  std::vector<double> part(const std::vector<double>& losses, int64_t band) const {  // -1: all
    return band < 0 ? losses : sample_.of_band(band, losses);
  }

  // rises(radius, band): the replicates of loss - loss at 0.
  template <class F>
  void give(Measurement& m, const std::string& kind, F&& rises) {
    const std::string label = unit == "relative" ? "relative norm of the perturbation" : "norm of the perturbation";
    std::vector<double> x = {0};
    x.insert(x.end(), radii.begin(), radii.end());
    const double loss = mean_of(base_);
    Estimates curve;
    curve.add({loss, loss, loss});
    std::vector<double> slopes;
    double squares = 0;
    for (size_t r = 0; r < radii.size(); ++r) {
      const std::vector<double> all = rises(r, -1);
      curve.add(mean_interval(all), -loss);
      slopes.resize(all.size());
      for (size_t i = 0; i < all.size(); ++i) slopes[i] += radii[r] * all[i];
      squares += radii[r] * radii[r];
    }
    for (double& s : slopes) s /= squares;
    const Interval slope = mean_interval(slopes);
    m.scalar("slope_" + kind, slope.value, slope.low, slope.high);
    curve.give_curve(m, "loss_" + kind, label, x);
    if (!sample_.bands()) return;
    Estimates grid;
    for (int64_t band = 0; band < sample_.bands(); ++band) {
      grid.add({0, 0, 0});
      for (size_t r = 0; r < radii.size(); ++r) grid.add(mean_interval(rises(r, band)));
    }
    grid.give_grid(m, "rise_" + kind, label, x, "noise level t", sample_.centres());
  }

  LossSample sample_;
  std::vector<double> base_;
  double factor_ = 1;
  int64_t done_ = 0, total_ = 0;
};

BASIN_PLUGIN("loss_along", "0.1.0", "Apache-2.0", "The loss along directions among the weights.",
             basin::MetricComponent<LossAlong>)
