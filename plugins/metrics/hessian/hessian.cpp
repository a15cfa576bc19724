// The Hessian H of the loss by the weights, through exact products H v (Pearlmutter 1994):
//
//   largest eigenvalues   Lanczos' process with full reorthogonalisation; an eigenvalue lies within |H v - lambda v| of
//                         each lambda
//   trace                 the mean of v' H v over v of random signs (Hutchinson 1990)
//   spectral density      stochastic Lanczos quadrature: the mean over v of sum_j w_j N(lambda; theta_j, s^2), theta_j
//                         and w_j the nodes and weights of Lanczos from v (Ghorbani, Krishnan and Xiao 2019, arXiv
//                         1901.10159, section 2)
//
// The loss is the mean over images, each at one noise level; images, levels and noise are the same for every model.
#include <basin/basin.hpp>
#include <basin/cpp/landscape.hpp>

using namespace basin;

struct Hessian {
  static constexpr const char* name = "hessian";
  static constexpr const char* summary = "Curvature: the Hessian's largest eigenvalues, trace and spectral density.";
  int64_t top, images, bands, iterations, probes, density;
  double tolerance, width;

  static auto parameters() {
    return declare(
        integer("top", &Hessian::top, 3, "How many of the largest eigenvalues.").at_least(1),
        integer("images", &Hessian::images, 64, "Images of the data set, spread over all of it.")
            .at_least(2)
            .unit("images"),
        integer("bands", &Hessian::bands, 4, "Bands of noise levels for the curves by level; 0: no curves.")
            .at_least(0),
        integer("iterations", &Hessian::iterations, 30,
                "Products for the largest eigenvalues, at most; as many directions are held.")
            .at_least(1),
        number("tolerance", &Hessian::tolerance, 1e-3, "Their error bound at which it ends, as a share of the largest.")
            .at_least(0),
        integer("probes", &Hessian::probes, 8, "Random directions for trace and density.").at_least(1),
        integer("density", &Hessian::density, 10, "Products for the density from each probe; 1: no density.")
            .at_least(1),
        number("width", &Hessian::width, 0.01, "Standard deviation of the density's bumps, as a share of its range.")
            .between(1e-6, 1));
  }

  void measure(Measurement& m) {
    if (!m.parameters)
      throw error("The metric 'hessian' measures a model, not images or data: give it a model and a data set.");
    if (m.n_reference() < 2) throw error("The metric 'hessian' needs a data set of at least 2 items.");
    const LossSample sample(m, images, bands);
    parameters_ = 0;
    for (const Group& group : m.parameters) parameters_ += group.values.numel();
    if (parameters_ == 0) throw error("The metric 'hessian' needs a model that has parameters.");
    done_ = 0, total_ = (iterations + probes * density) + (sample.bands() ? iterations + probes : 0);
    pieces_ = 1;
    eigenvalues(m, sample);
    trace_and_density(m, sample);
    if (sample.bands()) by_level(m, sample);
    m.protocol("levels", sample.text());
    if (sample.bands()) m.protocol("bands", std::to_string(sample.bands()) + " of equal length in t");
    m.protocol("products", "exact, by double differentiation, in fp32");
    m.protocol("intervals",
               "eigenvalues: Lanczos' error bounds for these images; trace and density: 95 %, Student's t, over " +
                   std::to_string(probes) + " probes with images fixed");
  }

 private:
  auto product(Measurement& m, const LossSample& sample) {
    return [this, &m, &sample](const Direction& v) {
      Direction w = m.hessian_vector_product(v, sample.ids, sample.levels);
      done_ += 1 / pieces_;
      progress("Hessian-vector products", std::min(static_cast<int64_t>(done_), total_), total_);
      return w;
    };
  }
  static Interval bounds(const Lanczos::Ritz& r, size_t i) {
    return {r.values[i], r.values[i] - r.residuals[i], r.values[i] + r.residuals[i]};
  }

  void eigenvalues(Measurement& m, const LossSample& sample) {
    Lanczos lanczos(normal_direction(m, 0));
    const auto ritz = find_largest(lanczos, top, iterations, tolerance, product(m, sample), [] {});
    const size_t n = ritz.values.size();
    Estimates found;
    std::vector<double> rank;
    for (size_t i = 0; i < std::min(static_cast<size_t>(top), n); ++i)
      found.add(bounds(ritz, n - 1 - i)), rank.push_back(static_cast<double>(i + 1));
    m.scalar("top_eigenvalue", found.value[0], found.low[0], found.high[0]);
    const Interval lowest = bounds(ritz, 0);
    m.scalar("lowest_eigenvalue", lowest.value, lowest.low, lowest.high);
    found.give_curve(m, "eigenvalues", "rank", rank);
    m.protocol("eigenvalues",
               "Lanczos with full reorthogonalisation, " + std::to_string(lanczos.steps()) + " products");
  }

  void trace_and_density(Measurement& m, const LossSample& sample) {
    std::vector<double> traces;
    std::vector<Lanczos::Ritz> nodes;
    for (int64_t probe = 0; probe < probes; ++probe) {
      Lanczos lanczos(rademacher_direction(m, probe));
      while (lanczos.step(product(m, sample)) && lanczos.steps() < density) {
      }
      traces.push_back(lanczos.first() * static_cast<double>(parameters_));  // v/sqrt n, v of signs
      nodes.push_back(lanczos.ritz());
    }
    const Interval trace = mean_interval(traces);
    m.scalar("trace", trace.value, trace.low, trace.high);
    if (density < 2) return;

    double low = HUGE_VAL, high = -HUGE_VAL;
    for (const auto& r : nodes) low = std::min(low, r.values.front()), high = std::max(high, r.values.back());
    if (!(high - low > 1e-6 * std::max(std::abs(low), std::abs(high)))) return;  // one value alone
    const double s = width * (high - low);
    constexpr int64_t points = 201;
    std::vector<double> x;
    Estimates y;
    for (int64_t i = 0; i < points; ++i) {
      x.push_back(low - 4 * s + (high - low + 8 * s) * static_cast<double>(i) / static_cast<double>(points - 1));
      std::vector<double> found;
      for (const auto& r : nodes) {
        double sum = 0;
        for (size_t j = 0; j < r.values.size(); ++j)
          sum += r.weights[j] * std::exp(-0.5 * std::pow((x.back() - r.values[j]) / s, 2));
        found.push_back(sum / (s * std::sqrt(2 * M_PI)));
      }
      Interval of = mean_interval(found);
      of.low = std::max(of.low, std::isnan(of.low) ? of.low : 0.0);  // a density is not negative
      y.add(of);
    }
    y.give_curve(m, "spectral_density", "eigenvalue", x);
    m.protocol("density", "stochastic Lanczos quadrature, " + std::to_string(density) + " products from each of " +
                              std::to_string(probes) + " probes, bumps of standard deviation " + detail::to_text(s));
  }

  void by_level(Measurement& m, const LossSample& sample) {
    Estimates traces, tops;
    pieces_ = static_cast<double>(sample.bands());
    for (int64_t b = 0; b < sample.bands(); ++b) {
      const LossSample band = sample.band(b);
      std::vector<double> found;
      for (int64_t probe = 0; probe < probes; ++probe) {
        const Direction v = rademacher_direction(m, probe);
        found.push_back(inner(v, product(m, band)(v)));
      }
      traces.add(mean_interval(found));
      Lanczos lanczos(normal_direction(m, 0));
      const auto ritz = find_largest(lanczos, 1, iterations, tolerance, product(m, band), [] {});
      tops.add(bounds(ritz, ritz.values.size() - 1));
    }
    tops.give_curve(m, "top_eigenvalue", "noise level t", sample.centres());
    traces.give_curve(m, "trace", "noise level t", sample.centres());
  }

  int64_t parameters_ = 0, total_ = 1;
  double done_ = 0, pieces_ = 1;
};

BASIN_PLUGIN("hessian", "0.1.0", "Apache-2.0", "The curvature of a model's loss.", basin::MetricComponent<Hessian>)
