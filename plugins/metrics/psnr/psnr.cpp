// Peak signal-to-noise ratio of pairs: 10 log10(L^2 / mean (x - y)^2), with L the width of the images' range (2 in the
// model's range, 255 of bytes: the same number).
#include <basin/basin.hpp>
#include <basin/cpp/statistics.hpp>

using namespace basin;

struct Psnr {
  static constexpr const char* name = "psnr";
  static constexpr const char* summary = "Peak signal-to-noise ratio between images and others, pair by pair.";
  int64_t batch;

  static auto parameters() {
    return declare(integer("batch", &Psnr::batch, 128, "Images handled at once.").at_least(1).unit("images"));
  }

  void measure(Measurement& m) {
    std::vector<double> decibels;
    double sum = 0;
    const int64_t n = m.each_pair(batch, [&](int64_t first, const Tensor& x, const Tensor& y) {
      const Tensor d = x.to(Type::float64) - y.to(Type::float64);
      for (const double error_of_one : (d * d).mean({1, 2, 3}).values<double>()) {
        if (!std::isfinite(error_of_one))
          throw error("A pixel of the pairs from " + std::to_string(first + 1) + " on is infinite or not a number.");
        sum += error_of_one;
        if (error_of_one > 0) decibels.push_back(in_decibels(error_of_one));
      }
    });
    const auto identical = n - static_cast<int64_t>(decibels.size());
    if (identical == n)
      throw error("All " + std::to_string(n) +
                  " pairs are identical, which is a PSNR of infinity: were the images compared with themselves?");
    if (identical)
      log_warning(std::to_string(identical) + " of " + std::to_string(n) +
                  " pairs are identical, a PSNR of infinity; the mean is over the others.");
    const Interval result = mean_interval(decibels);
    m.scalar("psnr", result.value, result.low, result.high);
    m.scalar("psnr_of_all", in_decibels(sum / static_cast<double>(n)));
    m.scalar("identical", static_cast<double>(identical));
    m.protocol("numbers", std::to_string(n) + " pairs");
    m.protocol("interval", "95 %, over the pairs");
  }

 private:
  static double in_decibels(double squared) { return 10 * std::log10(4 / squared); }
};

BASIN_PLUGIN("psnr", "0.1.0", "Apache-2.0", "Peak signal-to-noise ratio.", basin::MetricComponent<Psnr>)
