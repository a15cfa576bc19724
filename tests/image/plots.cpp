// Plots show what they are given. BASIN_PLOTS=FOLDER keeps the pictures, for eyes.
#include <cmath>
#include <cstdlib>
#include <limits>

#include "support.hpp"

using namespace basin::image;

namespace {

Picture drawn(const Plot& given, const char* name) {
  const Picture picture = plot(given);
  REQUIRE(picture.width == given.width);
  REQUIRE(picture.height == given.height);
  REQUIRE(picture.channels == 3);
  if (const char* folder = std::getenv("BASIN_PLOTS")) write_png(std::filesystem::path(folder) / name, picture);
  return picture;
}

// Pixels within 12 of a colour.
int count(const Picture& p, int r, int g, int b) {
  int found = 0;
  for (std::size_t i = 0; i < p.pixels.size(); i += 3)
    found += std::abs(p.pixels[i] - r) < 12 && std::abs(p.pixels[i + 1] - g) < 12 && std::abs(p.pixels[i + 2] - b) < 12;
  return found;
}

Series curve(const char* name, int n, double scale, bool band) {
  Series s;
  s.name = name;
  for (int i = 0; i < n; ++i) {
    const double x = 130.0 * (i + 1) / n;
    s.x.push_back(x);
    s.y.push_back(scale * (0.03 + std::exp(-x / 25)) * (1 + 0.06 * std::sin(i * 12.9898)));
    if (band) s.lower.push_back(s.y.back() * 0.85), s.upper.push_back(s.y.back() * 1.15);
  }
  return s;
}

}  // namespace

TEST_CASE("a plot shows each series in its colour, on paper") {
  NEEDS_OPENCV();
  Plot given;
  given.title = "Training loss: SAM against Adam";
  given.x_label = "step", given.y_label = "loss (MSE)";
  given.series = {curve("adam", 130, 1, false), curve("sam, ρ = 0.03", 130, 1.3, true)};
  const Picture p = drawn(given, "loss.png");
  CHECK(count(p, 255, 255, 255) > p.width * p.height / 10);
  CHECK(count(p, 0, 114, 178) > 200);
  CHECK(count(p, 213, 94, 0) > 200);
  given.series.pop_back();
  CHECK(count(drawn(given, "one.png"), 213, 94, 0) == 0);
}

TEST_CASE("logarithmic axes, few points, and gaps") {
  NEEDS_OPENCV();
  Plot given;
  given.title = "Flatness over ρ";
  given.x_label = "ρ", given.y_label = "FID-like distance";
  given.log_x = given.log_y = true;
  given.series = {
      {"32 bits", {0.001, 0.01, 0.03, 0.1, 1}, {12, 9, 7.5, 20, 400}, {10, 8, 7, 17, 350}, {14, 10, 8, 23, 450}},
      {"4 bits", {0.001, 0.01, 0.03, 0.1, 1}, {31, 22, 12, 28, 500}, {}, {}}};
  CHECK(count(drawn(given, "rho.png"), 0, 114, 178) > 100);
  given.series[1].x[0] = 0;  // no logarithm: left out
  given.series[1].y[2] = std::numeric_limits<double>::quiet_NaN();
  CHECK(count(drawn(given, "gaps.png"), 213, 94, 0) > 20);
}

TEST_CASE("odd ranges: one point, all equal, huge, negative, many points") {
  NEEDS_OPENCV();
  Plot given;
  given.title = "one point";
  given.series = {{"a", {3}, {7}, {}, {}}};
  drawn(given, "point.png");
  given.log_y = true;
  given.series = {{"less than a decade", {1, 2, 3}, {0.031, 0.033, 0.045}, {}, {}}};
  drawn(given, "narrow.png");
  given.log_y = false;
  given.series = {{"flat", {0, 1, 2}, {5e-7, 5e-7, 5e-7}, {}, {}}};
  drawn(given, "flat.png");
  given.series = {{"wide", {-2e5, 0, 2e5}, {-1e12, 3e11, 1e12}, {}, {}}};
  drawn(given, "wide.png");
  given.series = {curve("200,000 points", 200000, 1, true)};
  drawn(given, "many.png");
}

TEST_CASE("a plot that cannot be drawn says why") {
  NEEDS_OPENCV();
  Plot given;
  given.title = "t";
  CHECK(sentence_of([&] { plot(given); }).find("no point to show") != std::string::npos);
  given.series = {{"a", {1, 2}, {1}, {}, {}}};
  CHECK(sentence_of([&] { plot(given); }).find("2 x values, 1 y values") != std::string::npos);
  given.series = {{"a", {1}, {-1}, {}, {}}};
  given.log_y = true;
  CHECK(sentence_of([&] { plot(given); }).find("positive") != std::string::npos);
  given.width = 10;
  CHECK(sentence_of([&] { plot(given); }).find("200x150") != std::string::npos);
}
