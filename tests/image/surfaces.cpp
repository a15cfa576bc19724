// Contours and surfaces show what they are given. BASIN_PLOTS=FOLDER keeps the pictures, for eyes.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "support.hpp"

using namespace basin::image;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Surface bowl(int n) {  // z = x^2 + 3 y^2, lowest in the middle
  Surface s;
  s.title = "loss_surface, ema", s.x_label = "direction 1", s.y_label = "direction 2", s.z_label = "loss";
  for (int i = 0; i < n; ++i) s.x.push_back(2.0 * i / (n - 1) - 1), s.y.push_back(s.x.back());
  for (double y : s.y)
    for (double x : s.x) s.z.push_back(0.05 + x * x + 3 * y * y);
  return s;
}

void keep(const Picture& picture, const char* name) {
  if (const char* folder = std::getenv("BASIN_PLOTS")) write_png(std::filesystem::path(folder) / name, picture);
}

int light(const Picture& p, double x, double y) {  // around a place in shares of the picture: lines do not decide
  std::vector<int> all;
  for (int dy = -4; dy <= 4; ++dy)
    for (int dx = -4; dx <= 4; ++dx) {
      const auto at = 3 * (static_cast<std::size_t>(y * p.height + dy) * static_cast<std::size_t>(p.width) +
                           static_cast<std::size_t>(x * p.width + dx));
      all.push_back(p.pixels[at] + p.pixels[at + 1] + p.pixels[at + 2]);
    }
  std::nth_element(all.begin(), all.begin() + 40, all.end());
  return all[40];
}
std::size_t count(const Picture& p, int r, int g, int b) {
  std::size_t found = 0;
  for (std::size_t i = 0; i < p.pixels.size(); i += 3)
    found += std::abs(p.pixels[i] - r) < 3 && std::abs(p.pixels[i + 1] - g) < 3 && std::abs(p.pixels[i + 2] - b) < 3;
  return found;
}

}  // namespace

TEST_CASE("contours: low is dark, high is light, lines between, holes grey") {
  NEEDS_OPENCV();
  Surface given = bowl(11);
  const Picture p = contour(given);
  keep(p, "contour.png");
  REQUIRE(p.width == given.width);
  REQUIRE(p.height == given.height);
  // The picture's middle is near that of the plane; along y the bowl rises three times as fast.
  CHECK(light(p, 0.45, 0.5) < light(p, 0.25, 0.5));
  CHECK(light(p, 0.25, 0.5) < light(p, 0.45, 0.15));
  CHECK(count(p, 240, 241, 244) < 200);  // no hole
  CHECK(count(p, 45, 48, 56) > 300);     // lines and letters
  given.z[60] = kNaN;                    // the middle: four cells of a hundred
  const Picture holed = contour(given);
  keep(holed, "contour_hole.png");
  CHECK(count(holed, 240, 241, 244) > 5000);
  given = bowl(21);
  given.log_z = true;
  keep(contour(given), "contour_log.png");
}

TEST_CASE("two surfaces of one scale have one colour for one value") {
  NEEDS_OPENCV();
  Surface low = bowl(11), high = bowl(11);
  for (double& z : high.z) z += 4;
  CHECK(std::abs(light(contour(high), 0.25, 0.5) - light(contour(low), 0.25, 0.5)) < 5);  // each on its own
  low.low_z = high.low_z = 0, low.high_z = high.high_z = 9;
  CHECK(light(contour(high), 0.25, 0.5) > light(contour(low), 0.25, 0.5) + 100);
  keep(solid(high), "surface_scale.png");
  low.low_z = 100, low.high_z = kNaN;
  CHECK(sentence_of([&] { contour(low); }).find("beyond the end of the scale") != std::string::npos);
  low.low_z = 2, low.high_z = 1;
  CHECK(sentence_of([&] { contour(low); }).find("go up from low to high") != std::string::npos);
}

TEST_CASE("surfaces in three dimensions") {
  NEEDS_OPENCV();
  Surface given = bowl(21);
  const Picture p = solid(given);
  keep(p, "surface.png");
  std::size_t paper = count(p, 255, 255, 255), all = p.pixels.size() / 3;
  CHECK(paper > all / 4);
  CHECK(paper < all * 3 / 4);
  given.log_z = true;
  given.x_label = "a", given.y_label = "noise level t";
  given.y = {125, 375, 625, 875};
  given.z.resize(21 * 4);
  keep(solid(given), "surface_log.png");
  given = bowl(5);
  given.z.assign(25, kNaN);
  given.z[0] = given.z[1] = given.z[5] = given.z[6] = 1;  // one cell, and flat
  CHECK(count(solid(given), 255, 255, 255) > all * 9 / 10);
}

TEST_CASE("a surface that cannot be drawn says why") {
  NEEDS_OPENCV();
  Surface given = bowl(3);
  given.z.pop_back();
  CHECK(sentence_of([&] { contour(given); }).find("8 values over 3 x and 3 y") != std::string::npos);
  given = bowl(3);
  given.x[1] = given.x[0];
  CHECK(sentence_of([&] { solid(given); }).find("ascending") != std::string::npos);
  given = bowl(3);
  given.z.assign(9, -1);
  given.log_z = true;
  CHECK(sentence_of([&] { contour(given); }).find("positive") != std::string::npos);
  given = bowl(3);
  given.z.assign(9, kNaN);
  CHECK(sentence_of([&] { solid(given); }).find("none is finite") != std::string::npos);
  given.width = 10;
  CHECK(sentence_of([&] { solid(given); }).find("200x150") != std::string::npos);
}
