// Structural similarity of pairs of images, at one scale (Wang et al. 2004, "Image quality assessment: from error
// visibility to structural similarity", eq. 13) and at several (Wang, Simoncelli and Bovik 2003, eq. 7).
//
//   SSIM = (2 mx my + C1) / (mx^2 + my^2 + C1) * cs,    cs = (2 sxy + C2) / (sx^2 + sy^2 + C2)
//   MS-SSIM = product over scales j < M of cs_j^w_j, times SSIM_M^w_M
//
// with means and variances under a Gaussian window of standard deviation 1.5 at every place where it fits whole, C1 =
// (0.01 L)^2, C2 = (0.03 L)^2, L = 2 the width of the range; of each channel, then the mean. Each scale halves the
// image.
#include <basin/basin.hpp>
#include <basin/cpp/statistics.hpp>

namespace {
using namespace basin;

constexpr double kRange = 2, kC1 = 0.01 * 0.01 * kRange * kRange, kC2 = 0.03 * 0.03 * kRange * kRange;
constexpr std::array<double, 5> kWeights{0.0448, 0.2856, 0.3001, 0.2363, 0.1333};  // of the scales

// The Gaussian-weighted mean around each place: x [n,C,H,W] of double -> [n,C,H-w+1,W-w+1].
Tensor blurred(const Tensor& x, int64_t window) {
  static const Op conv(
      "aten::conv2d(Tensor input, Tensor weight, Tensor? bias=None, SymInt[2] stride=1, SymInt[2] padding=0, "
      "SymInt[2] dilation=1, SymInt groups=1) -> Tensor");
  std::vector<double> g(static_cast<size_t>(window));
  double sum = 0;
  for (int64_t i = 0; i < window; ++i) {
    const double d = static_cast<double>(i) - static_cast<double>(window - 1) / 2;
    sum += g[static_cast<size_t>(i)] = std::exp(-d * d / (2 * 1.5 * 1.5));
  }
  for (double& v : g) v /= sum;
  const Tensor line = Tensor::from(g, x), one = x.reshape({-1, 1, x.size(2), x.size(3)});
  const Tensor out = conv(conv(one, line.reshape({1, 1, 1, window})), line.reshape({1, 1, window, 1}));
  return out.reshape({x.size(0), x.size(1), out.size(2), out.size(3)});
}

struct Similarity {
  Tensor ssim, cs;  // [n,C]
};
Similarity similarity(const Tensor& x, const Tensor& y, int64_t window) {
  const Tensor mx = blurred(x, window), my = blurred(y, window);
  const Tensor sxx = blurred(x * x, window) - mx * mx, syy = blurred(y * y, window) - my * my;
  const Tensor sxy = blurred(x * y, window) - mx * my;
  const Tensor cs = (sxy * 2 + kC2) / (sxx + syy + kC2);
  const Tensor ssim = (mx * my * 2 + kC1) / (mx * mx + my * my + kC1) * cs;
  return {ssim.mean({2, 3}), cs.mean({2, 3})};
}

// Every pair's value through compute(x, y) of values in [0, L], for the means count from black, which gives [n,C]: the
// mean over the channels, and over pairs with its interval.
template <class Compute>
void report(Measurement& m, const char* name, int64_t batch, Compute&& compute) {
  std::vector<double> values;
  const int64_t n = m.each_pair(batch, [&](int64_t first, const Tensor& x, const Tensor& y) {
    for (const double v :
         compute(x.to(Type::float64) + 1, y.to(Type::float64) + 1).mean({1}).template values<double>()) {
      if (!std::isfinite(v))
        throw error("A pixel of the pairs from " + std::to_string(first + 1) + " on is infinite or not a number.");
      values.push_back(v);
    }
  });
  const Interval result = mean_interval(values);
  m.scalar(name, result.value, result.low, result.high);
  m.protocol("numbers", std::to_string(n) + " pairs");
  m.protocol("interval", "95 %, over the pairs");
}

std::string window_text(int64_t window) {
  return "Gaussian of " + std::to_string(window) + "x" + std::to_string(window) + ", standard deviation 1.5";
}

struct Ssim {
  static constexpr const char* name = "ssim";
  static constexpr const char* summary = "Structural similarity between images and others, pair by pair.";
  int64_t window, batch;

  static auto parameters() {
    return declare(integer("window", &Ssim::window, 11, "Side of the window; less where the image is smaller.")
                       .at_least(1)
                       .unit("pixels"),
                   integer("batch", &Ssim::batch, 32, "Images handled at once.").at_least(1).unit("images"));
  }
  void measure(Measurement& m) {
    const int64_t used = std::min({window, m.height(), m.width()});
    report(m, name, batch, [&](const Tensor& x, const Tensor& y) { return similarity(x, y, used).ssim; });
    m.protocol("window", window_text(used));
  }
};

struct MsSsim {
  static constexpr const char* name = "ms_ssim";
  static constexpr const char* summary = "Structural similarity at several scales, pair by pair.";
  int64_t window, scales, batch;

  static auto parameters() {
    return declare(integer("window", &MsSsim::window, 11, "Side of the window; less where the image is smaller.")
                       .at_least(1)
                       .unit("pixels"),
                   integer("scales", &MsSsim::scales, 0,
                           "How many, each half of the one before; 0: as many as the window fits, up to 5.")
                       .between(0, 5),
                   integer("batch", &MsSsim::batch, 32, "Images handled at once.").at_least(1).unit("images"));
  }
  void measure(Measurement& m) {
    const int64_t side = std::min(m.height(), m.width()), width = std::min(window, side);
    int64_t fitting = 0;
    while (fitting < 5 && (side >> fitting) >= width) ++fitting;
    if (scales > fitting)
      throw error("Images of " + std::to_string(m.height()) + "x" + std::to_string(m.width()) +
                  " have room for a window of " + std::to_string(width) + " at " + std::to_string(fitting) +
                  " scales, and " + std::to_string(scales) + " were wanted: take a smaller window or fewer scales.");
    const int64_t used = scales ? scales : fitting;
    double total = 0;
    for (int64_t j = 0; j < used; ++j) total += kWeights[static_cast<size_t>(j)];
    if (used == 5) total = 1;  // as published: their sum is 1.0001
    report(m, name, batch, [&](Tensor x, Tensor y) {
      Tensor product;
      for (int64_t j = 0; j < used; ++j) {
        const Similarity s = similarity(x, y, width);
        const bool last = j + 1 == used;
        // A negative one has no real power: none of the likeness that there might be.
        const Tensor factor = (last ? s.ssim : s.cs).clamp(0, HUGE_VAL).pow(kWeights[static_cast<size_t>(j)] / total);
        product = product ? product * factor : factor;
        if (!last) x = halved(x), y = halved(y);
      }
      return product;
    });
    m.protocol("window", window_text(width));
    m.protocol("scales", std::to_string(used) + (used < 5 ? ", the published weights divided by their sum" : ""));
  }

 private:
  static Tensor halved(const Tensor& x) {
    static const Op average(
        "aten::avg_pool2d(Tensor self, int[2] kernel_size, int[2] stride=[], int[2] padding=0, bool ceil_mode=False, "
        "bool count_include_pad=True, int? divisor_override=None) -> Tensor");
    return average({x, {2, 2}});
  }
};
}  // namespace

BASIN_PLUGIN("ssim", "0.1.0", "Apache-2.0", "Structural similarity.", basin::MetricComponent<Ssim>,
             basin::MetricComponent<MsSsim>)
