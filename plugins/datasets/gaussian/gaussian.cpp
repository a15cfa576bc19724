// Independent normal values: the one data set whose best possible loss is a formula.
//
// x ~ N(mean, s^2 I) with s = std. The best denoiser of x_t = alpha x + sigma epsilon is linear, and its loss is known
// (s^2 sigma^2 / (alpha^2 s^2 + sigma^2) a dimension), so a measurement can be checked against it.
#include <basin/basin.hpp>

using namespace basin;

struct Gaussian {
  static constexpr const char* name = "gaussian";
  static constexpr const char* summary =
      "Normal random values N(mean, std^2), for which the optimal loss is known exactly.";
  int64_t count, size, channels, seed;
  double mean, std;

  static auto parameters() {
    return declare(integer("count", &Gaussian::count, 5000, "How many items.").at_least(1),
                   integer("size", &Gaussian::size, 8, "Width and height.").between(1, 1024),
                   integer("channels", &Gaussian::channels, 3, "Channels of an item.").between(1, 1024),
                   number("mean", &Gaussian::mean, 0, "Mean of every value."),
                   number("std", &Gaussian::std, 0.5, "Standard deviation of every value.").at_least(0),
                   integer("seed", &Gaussian::seed, 0, "Other values for another seed.").at_least(0));
  }

  void open() {}

  DatasetInfo describe() {
    DatasetInfo info;
    info.count = count, info.channels = channels, info.height = info.width = size;
    info.type = Type::float32;
    info.gaussian_variance = std * std;
    char text[160];
    std::snprintf(text, sizeof text, "N(%g, %g^2), %lld items of %lldx%lldx%lld, seed %lld", mean, std,
                  (long long)count, (long long)channels, (long long)size, (long long)size, (long long)seed);
    info.reference = text;
    return info;
  }

  void read(Span<const int64_t> indices, void* values, int64_t* labels) const {
    auto* out = static_cast<float*>(values);  // [n,C,H,W]
    const Stream numbers = stream(static_cast<uint64_t>(seed), BASIN_PURPOSE_DATA);
    const int64_t d = channels * size * size;
    parallel_for(static_cast<int64_t>(indices.size()), std::max<int64_t>(1, 16384 / d),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t i = begin; i < end; ++i) {
                     float* item = out + i * d;
                     fill_normal(numbers, indices[static_cast<size_t>(i)], Span<float>(item, static_cast<size_t>(d)));
                     for (int64_t k = 0; k < d; ++k) item[k] = static_cast<float>(mean + std * item[k]);
                   }
                 });
    if (labels) std::fill_n(labels, indices.size(), -1);
  }
};

BASIN_PLUGIN("gaussian", "0.1.0", "Apache-2.0", "Normal random values, for checking measurements against formulas.",
             basin::DatasetComponent<Gaussian>)
