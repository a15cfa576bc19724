// Low-pass-filter flatness (Bisla, Wang and Choromanska 2022, LPF-SGD; flatness measure of arXiv 2503.11078).
//
//   LPF(theta) = E L(theta + sigma n), n ~ N(0, I),  estimated by the mean over M draws
//
// L is the loss without perturbation on a fixed set of images, noise levels and noise: the same for every draw and
// every model, so that two models differ by their weights only. All parameters move, biases and norms too.
// "filter_wise" is the noise of that paper's optimizer: each filter moves by sigma times its own norm.
#include <basin/basin.hpp>
#include <basin/cpp/statistics.hpp>

using namespace basin;

struct Lpf {
  static constexpr const char* name = "lpf";
  static constexpr const char* summary = "Flatness: the mean loss under normal noise on the weights (low-pass filter).";
  double sigma;
  int64_t draws, images;
  std::string mode;

  static auto parameters() {
    return declare(number("sigma", &Lpf::sigma, 0.01, "Standard deviation of the noise on the weights.").at_least(0),
                   integer("draws", &Lpf::draws, 8, "How many perturbed models.").at_least(1),
                   integer("images", &Lpf::images, 128, "Images of the data set, spread over all of it.")
                       .at_least(2)
                       .unit("images"),
                   choice("mode", &Lpf::mode, "plain", {"plain", "filter_wise"},
                          "The same noise on every weight, or scaled by the norm of each filter."));
  }

  void measure(Measurement& m) {
    if (!m.parameters) throw error("The metric 'lpf' measures a model, not images: give it a model and a data set.");
    if (m.n_reference() < 2) throw error("The metric 'lpf' needs a data set of at least 2 items to compute losses on.");
    choose_items(m);
    const std::vector<double> base = losses(m);

    std::vector<Tensor> originals;
    for (const Group& group : m.parameters) originals.push_back(group.values.clone());
    const std::vector<Parameter> list = mode == "filter_wise" ? m.parameters.list() : std::vector<Parameter>();
    std::vector<double> perturbed;
    for (int64_t draw = 0; draw < draws; ++draw) {
      for (uint32_t g = 0; g < m.parameters.size(); ++g) {
        const Group& group = m.parameters[g];
        const Stream numbers = stream(m.context(), BASIN_PURPOSE_WEIGHTS, 0, g);
        const Tensor noise = normal(numbers, {draw}, {group.values.numel()}, group.values).reshape({-1});  // [n]
        group.values.copy_(originals[g]);
        for (const Parameter& p : list)
          if (p.group == g) scale_by_filter(p, noise);
        group.values.add_(noise, sigma);
      }
      perturbed.push_back(mean_of(losses(m)));
      progress("perturbed models", draw + 1, draws);
    }
    for (uint32_t g = 0; g < originals.size(); ++g) m.parameters[g].values.copy_(originals[g]);

    const Interval lpf = mean_interval(perturbed), loss = mean_interval(base);
    m.scalar("lpf", lpf.value, lpf.low, lpf.high);
    m.scalar("loss", loss.value, loss.low, loss.high);
    m.scalar("lpf_minus_loss", lpf.value - loss.value, lpf.low - loss.value, lpf.high - loss.value);
    m.protocol("noise",
               mode == "plain" ? "N(0, sigma^2) on every parameter" : "N(0, (sigma |filter|)^2) on every parameter");
    m.protocol("levels", std::to_string(ids_.size()) + " images, each at one noise level, levels spread evenly over t");
    m.protocol("intervals", "95 %, Student's t: lpf and lpf_minus_loss over " + std::to_string(draws) +
                                " draws of the weights' noise with images fixed, loss over images");
  }

 private:
  // Items at equal distances through the data set; levels at equal distances through t, in an order that has nothing to
  // do with that of the items (a stride near the golden section of n, without a common divisor).
  void choose_items(const Measurement& m) {
    const int64_t n = std::min(images, m.n_reference()), steps = m.process.steps();
    const auto divisor = [](int64_t a, int64_t b) {
      while (b) std::swap(a %= b, b);
      return a;
    };
    int64_t stride = std::max<int64_t>(1, static_cast<int64_t>(0.618034 * static_cast<double>(n)));
    while (divisor(n, stride) != 1) ++stride;
    ids_.clear(), levels_.clear();
    for (int64_t i = 0; i < n; ++i) {
      ids_.push_back(i * m.n_reference() / n);
      levels_.push_back(static_cast<double>((2 * (i * stride % n) + 1) * steps / (2 * n)));
    }
  }

  std::vector<double> losses(const Measurement& m) const { return m.losses(ids_, levels_).values<double>(); }

  // noise [n] of the whole arena: the part of parameter p times |filter| (a row of the first dimension), or times the
  // norm of a vector.
  static void scale_by_filter(const Parameter& p, const Tensor& noise) {
    const auto sizes = p.value.sizes();
    const Tensor part = noise.narrow(0, p.offset, p.numel);
    if (sizes.size() < 2) {
      part.mul_(p.value.norm());
      return;
    }
    const Tensor rows = p.value.reshape({sizes[0], -1});
    part.reshape({sizes[0], -1}).mul_((rows * rows).sum({1}, true).sqrt());
  }

  std::vector<int64_t> ids_;
  std::vector<double> levels_;
};

BASIN_PLUGIN("lpf", "0.1.0", "Apache-2.0", "Flatness of a model's loss by low-pass filtering.",
             basin::MetricComponent<Lpf>)
