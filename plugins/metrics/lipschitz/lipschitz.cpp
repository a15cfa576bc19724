// How steep the denoiser is in its input: a local Lipschitz constant, by noise level. Input perturbation (Ning et al. 2023,
// arXiv 2301.11706, section 4) is said to work by lowering it. For noised images x of the data set, each for itself,
//
//   max over |delta|_2 = radius of  |epsilon(x + delta, t) - epsilon(x, t)|_2 / radius
//
// by the power method: delta <- radius J^T r / |J^T r|, r = epsilon(x + delta) - epsilon(x), J the Jacobian at x + delta; as
// the radius goes to 0 this is the power iteration on J^T J. What an iteration reaches is a lower bound.
#include <basin/basin.hpp>
#include <basin/cpp/statistics.hpp>

namespace {
using namespace basin;

struct Lipschitz {
  static constexpr const char* name = "lipschitz";
  static constexpr const char* summary = "Local Lipschitz constant of the predicted noise in the noisy image.";
  double radius;
  int64_t images, iterations;
  std::vector<double> levels;

  static auto parameters() {
    return declare(
        number("radius", &Lipschitz::radius, 0.5, "How far the image is moved, in L2 norm.").at_least(1e-3),
        integer("images", &Lipschitz::images, 32, "Images of the data set, spread over all of it.")
            .at_least(2)
            .unit("images"),
        integer("iterations", &Lipschitz::iterations, 8, "Of the power method.").at_least(1),
        numbers("levels", &Lipschitz::levels, {}, "Noise levels t, ascending; empty: nine, spread over the process.")
            .at_least(0));
  }

  void measure(Measurement& m) {
    if (!m.denoise)
      throw error("The metric 'lipschitz' measures a model, not images or data: give it a model and a data set.");
    const int64_t n = std::min(images, m.n_reference()), last = m.process.steps() - 1;
    if (n < 2) throw error("The metric 'lipschitz' needs a data set of at least 2 items.");
    std::vector<double> t = levels;
    for (int64_t i = 0; t.size() < 9 && levels.empty(); ++i) t.push_back(static_cast<double>((2 * i + 1) * last / 18));
    for (const double level : t)
      if (level > static_cast<double>(last))
        throw error("levels has " + number_text(level) + ", but the process ends at " + std::to_string(last) + ".");

    Tensor x0;  // [n,C,H,W]
    m.each_batch(Side::reference, {n, n}, [&](int64_t, const Tensor& x) { x0 = x.beside(m.parameters[0].values); });
    std::vector<int64_t> ids;
    for (int64_t i = 0; i < n; ++i) ids.push_back(i);
    Context context = m.context();
    context.sample_ids = ids.data(), context.n_samples = static_cast<uint32_t>(n);

    std::vector<double> y, low, high, of_image(static_cast<size_t>(n), 0.0);
    for (size_t l = 0; l < t.size(); ++l) {
      const std::vector<double> found = steepest(m, context, x0, t[l], l);
      for (size_t i = 0; i < found.size(); ++i) of_image[i] += found[i] / static_cast<double>(t.size());
      const Interval here = mean_interval(found);
      y.push_back(here.value), low.push_back(here.low), high.push_back(here.high);
      progress("levels", static_cast<int64_t>(l) + 1, static_cast<int64_t>(t.size()));
    }
    const Interval mean = mean_interval(of_image);
    m.scalar("lipschitz", mean.value, mean.low, mean.high);
    m.curve("lipschitz", "t", t, y, low, high);
    m.protocol("estimate", std::to_string(iterations) + " iterations of the power method, a lower bound; mean of " +
                               std::to_string(n) + " images at " + std::to_string(t.size()) + " levels");
    m.protocol("intervals", "95 %, Student's t over images");
  }

 private:
  std::vector<double> steepest(Measurement& m, const Context& context, const Tensor& x0, double t,
                               uint64_t draw) const {
    const auto level = static_cast<int64_t>(t);
    const std::vector<int64_t> shape = x0.sizes();
    const Sizes item(shape.data() + 1, 3);
    const Tensor noise = normal(stream(context, BASIN_PURPOSE_MEASURE, draw), sample_ids(context), item, x0);
    const Tensor x = x0 * m.process.alpha(level) + noise * m.process.sigma(level);
    const Tensor there = m.denoise(context, x, t).epsilon.detach();
    Tensor delta = scaled(normal(stream(context, BASIN_PURPOSE_MEASURE, draw, 1), sample_ids(context), item, x0));
    std::vector<Tensor> found;  // of each iteration [B,1,1,1]
    for (int64_t i = 0; i <= iterations; ++i) {
      Recording on(i < iterations);
      const Tensor at = (x + delta).detach();
      if (i < iterations) require_gradient(at);
      const Tensor difference = m.denoise(context, at, t).epsilon - there;
      found.push_back(norms(difference.detach()));
      if (i < iterations) delta = scaled(gradients({(difference * difference).sum()}, {at})[0]);
    }
    return (cat(found, 1).amax({1}).to(Type::float64) * (1 / radius)).values<double>();
  }
  static Tensor norms(const Tensor& x) { return (x * x).sum({1, 2, 3}, true).sqrt(); }  // [B,1,1,1]
  Tensor scaled(const Tensor& x) const { return x.detach() * (radius / (norms(x.detach()) + 1e-20)); }
  static std::string number_text(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    return text;
  }
};
}  // namespace

BASIN_PLUGIN("lipschitz", "0.1.0", "Apache-2.0", "Steepness of the predicted noise.", MetricComponent<Lipschitz>)
