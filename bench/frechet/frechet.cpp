// For bench fid: the metric fid's distance alone (plugins/metrics/fid/moments.hpp), between two files of statistics.
#include "../../plugins/metrics/fid/statistics.hpp"

#include <chrono>

using namespace basin;

struct Frechet {
  static constexpr const char* name = "bench_frechet";
  static constexpr const char* summary = "The distance between two files of statistics, and the seconds that it took.";
  std::string first, second;
  int64_t features;

  static auto parameters() {
    return declare(file("first", &Frechet::first, "Statistics."), file("second", &Frechet::second, "Others."),
                   integer("features", &Frechet::features, 2048, "Of both."));
  }

  void measure(Measurement& m) {
    const fid::Gaussian a = fid::StatisticsFile(first).read(features, "").gaussian;
    const fid::Gaussian b = fid::StatisticsFile(second).read(features, "").gaussian;
    const auto start = std::chrono::steady_clock::now();
    const double distance = fid::Distance(a)(b);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    m.scalar("distance", distance);
    m.scalar("seconds", taken.count());
  }
};

BASIN_PLUGIN("bench_frechet", "0.1.0", "Apache-2.0", "For bench fid.", basin::MetricComponent<Frechet>)
