// z over a plane: as contours seen from above, with a bar of colours, or as a surface in three dimensions.
#include <array>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <vector>

#include "image/canvas.hpp"
#include "image/plot.hpp"

namespace basin::image {
namespace {

// From dark to light, so that it reads in grey as well.
cv::Scalar colour(double share) {
  static const std::array<cv::Scalar, 6> stops = {cv::Scalar(38, 30, 84), {32, 86, 148},  {22, 138, 142},
                                                  {92, 184, 104},         {214, 208, 74}, {255, 244, 190}};
  const double at = std::clamp(share, 0.0, 1.0) * (stops.size() - 1);
  const auto i = std::min(stops.size() - 2, static_cast<std::size_t>(at));
  return stops[i] + (stops[i + 1] - stops[i]) * (at - static_cast<double>(i));
}

struct Field {  // the values, and where they stand on the scale: from its lower end (0) to the upper (1)
  const basin_surface& given;
  Axis z;
  double share(std::size_t i, std::size_t j) const {
    const double v = given.z[j * given.n_x + i];
    return z.shows(v) ? std::clamp(z.place(v), 0.0, 1.0) : std::numeric_limits<double>::quiet_NaN();
  }
  // At a place between points: u in [0, n_x - 1], v in [0, n_y - 1], linear in each.
  double share_at(double u, double v) const {
    const auto i = std::min(given.n_x - 2, static_cast<std::size_t>(u)),
               j = std::min(given.n_y - 2, static_cast<std::size_t>(v));
    const double a = u - static_cast<double>(i), b = v - static_cast<double>(j);
    return (share(i, j) * (1 - a) + share(i + 1, j) * a) * (1 - b) +
           (share(i, j + 1) * (1 - a) + share(i + 1, j + 1) * a) * b;
  }
};

// Where `value` stands among ascending points, in points: 1.5 halfway between the second and the third.
double place_among(const double* points, std::size_t n, double value) {
  const std::size_t i =
      std::clamp<std::size_t>(static_cast<std::size_t>(std::upper_bound(points, points + n, value) - points), 1, n - 1);
  return static_cast<double>(i - 1) + (value - points[i - 1]) / (points[i] - points[i - 1]);
}

Field field_of(const basin_surface& given) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (std::size_t k = 0; k < given.n_x * given.n_y; ++k) {
    const double v = given.z[k];
    if (std::isfinite(v) && (!given.log_z || v > 0)) low = std::min(low, v), high = std::max(high, v);
  }
  if (low > high)
    throw std::runtime_error(given.log_z ? "it has no value to show; a logarithmic one takes positive, finite values."
                                         : "it has no value to show; none is finite.");
  const bool scaled = std::isfinite(given.low_z) || std::isfinite(given.high_z);
  if (std::isfinite(given.low_z)) low = given.low_z;
  if (std::isfinite(given.high_z)) high = given.high_z;
  if (scaled && low >= high) throw std::runtime_error("none of its values lies inside the scale that was given.");
  return {given, make_axis(low, high, given.log_z, given.solid ? 6 : 12, false)};
}

// The part of a cell's sides that a contour crosses (marching squares), in points.
void contour_lines(const Field& f, double level, const auto& line) {
  for (std::size_t j = 0; j + 1 < f.given.n_y; ++j)
    for (std::size_t i = 0; i + 1 < f.given.n_x; ++i) {
      const std::size_t corner[4][2] = {{i, j}, {i + 1, j}, {i + 1, j + 1}, {i, j + 1}};
      std::vector<cv::Point2d> crossings;
      for (int side = 0; side < 4; ++side) {
        const auto &from = corner[side], &to = corner[(side + 1) % 4];
        const double a = f.share(from[0], from[1]) - level, b = f.share(to[0], to[1]) - level;
        if (!((a < 0) != (b < 0)) || std::isnan(a) || std::isnan(b)) continue;
        const double t = a / (a - b);
        crossings.push_back({static_cast<double>(from[0]) * (1 - t) + static_cast<double>(to[0]) * t,
                             static_cast<double>(from[1]) * (1 - t) + static_cast<double>(to[1]) * t});
      }
      for (std::size_t k = 0; k + 1 < crossings.size(); k += 2) line(crossings[k], crossings[k + 1]);
    }
}

void draw_bar(Canvas& canvas, const Field& f, const cv::Rect2d& box, double letter) {
  const int rows = static_cast<int>(box.height);
  for (int row = 0; row < rows; ++row)
    canvas.fill({box.x, box.y + box.height - row - 1, box.width, 1}, colour((row + 0.5) / rows));
  for (const auto& tick : f.z.ticks) {
    const double y = box.y + (1 - tick.at) * box.height;
    canvas.line(box.x, y, box.x + box.width, y, kInk, 0.8);
    Text{tick.label, letter}.draw(canvas, box.x + box.width + 6, y + letter / 2, 0, kInk);
  }
}

struct Labels {
  Text title, x, y, z;
  double letter;
};

cv::Mat draw_contours(const Field& f, const Labels& labels) {
  const basin_surface& given = f.given;
  const double letter = labels.letter;
  const Axis x = make_axis(given.x[0], given.x[given.n_x - 1], false, given.width / 130, false),
             y = make_axis(given.y[0], given.y[given.n_y - 1], false, given.height / 80, false);
  double y_ticks = 0, z_ticks = 0;
  for (const auto& tick : y.ticks) y_ticks = std::max(y_ticks, Text{tick.label, letter}.width());
  for (const auto& tick : f.z.ticks) z_ticks = std::max(z_ticks, Text{tick.label, letter}.width());
  const double left = 26 + y_ticks + labels.y.height * 2.2, right = 18 + 22 + 8 + z_ticks + 16,
               top = 24 + labels.title.height * 1.9 + letter * 1.6, bottom = 26 + letter + labels.x.height * 2.2;
  const cv::Rect2d area{left, top, given.width - left - right, given.height - top - bottom};

  Canvas canvas{cv::Mat(given.height * kOver, given.width * kOver, CV_8UC3, kPaper)};
  const cv::Rect inside(int(std::lround(area.x * kOver)), int(std::lround(area.y * kOver)),
                        int(std::lround(area.width * kOver)), int(std::lround(area.height * kOver)));
  const auto across = [](double share, const double* points, std::size_t n) {
    return place_among(points, n, points[0] + share * (points[n - 1] - points[0]));
  };
  std::vector<double> u(static_cast<std::size_t>(inside.width));
  for (int column = 0; column < inside.width; ++column)
    u[static_cast<std::size_t>(column)] = across((column + 0.5) / inside.width, given.x, given.n_x);
  for (int row = 0; row < inside.height; ++row) {
    const double v = across(1 - (row + 0.5) / inside.height, given.y, given.n_y);
    for (int column = 0; column < inside.width; ++column) {
      const double share = f.share_at(u[static_cast<std::size_t>(column)], v);
      const cv::Scalar c = std::isnan(share) ? kMinor : colour(share);
      canvas.mat.at<cv::Vec3b>(inside.y + row, inside.x + column) = {
          cv::saturate_cast<uchar>(c[0]), cv::saturate_cast<uchar>(c[1]), cv::saturate_cast<uchar>(c[2])};
    }
  }
  const auto at = [&](const cv::Point2d& p) -> cv::Point2d {  // of a place in points
    const auto value = [](const double* points, std::size_t n, double where) {
      const auto i = std::min(n - 2, static_cast<std::size_t>(where));
      return points[i] + (where - static_cast<double>(i)) * (points[i + 1] - points[i]);
    };
    return {area.x + x.place(value(given.x, given.n_x, p.x)) * area.width,
            area.y + (1 - y.place(value(given.y, given.n_y, p.y))) * area.height};
  };
  for (const auto& tick : f.z.ticks)
    contour_lines(f, tick.at, [&](const cv::Point2d& a, const cv::Point2d& b) {
      const auto from = at(a), to = at(b);
      canvas.line(from.x, from.y, to.x, to.y, tick.at < 0.35 ? kPaper : kInk, 1);
    });
  const cv::Scalar frame = kFrame;
  canvas.line(area.x, area.y, area.x + area.width, area.y, frame, 1.2);
  canvas.line(area.x, area.y + area.height, area.x + area.width, area.y + area.height, frame, 1.2);
  canvas.line(area.x, area.y, area.x, area.y + area.height, frame, 1.2);
  canvas.line(area.x + area.width, area.y, area.x + area.width, area.y + area.height, frame, 1.2);
  for (const auto& tick : x.ticks) {
    const double place = area.x + tick.at * area.width;
    canvas.line(place, area.y + area.height, place, area.y + area.height + 5, kFrame, 1.2);
    Text{tick.label, letter}.draw(canvas, place, area.y + area.height + 12 + letter, 0.5, kInk);
  }
  for (const auto& tick : y.ticks) {
    const double place = area.y + (1 - tick.at) * area.height;
    canvas.line(area.x - 5, place, area.x, place, kFrame, 1.2);
    Text{tick.label, letter}.draw(canvas, area.x - 9, place + letter / 2, 1, kInk);
  }
  draw_bar(canvas, f, {area.x + area.width + 18, area.y, 22, area.height}, letter);
  labels.z.draw(canvas, area.x + area.width + 18 + 22 + 8 + z_ticks, area.y - letter * 0.9, 1, kInk);
  labels.title.draw(canvas, left, 18 + labels.title.height, 0, kInk);
  labels.x.draw(canvas, area.x + area.width / 2, given.height - 14, 0.5, kInk);
  if (!labels.y.words.empty())
    labels.y.draw_upwards(canvas, 14 + labels.y.height, area.y + area.height / 2, kInk, kPaper);
  cv::Mat result;
  cv::resize(canvas.mat, result, {given.width, given.height}, 0, 0, cv::INTER_AREA);
  return result;
}

// Seen from above in front, turned, without perspective: x, y and z in [0, 1].
struct View {
  cv::Point2d middle;
  double size, height;
  static constexpr double kTurn = 0.66, kTilt = 0.5;  // radians: around z, and how far the floor is seen from above
  static double across(double x, double y) { return (x - 0.5) * std::cos(kTurn) + (y - 0.5) * std::sin(kTurn); }
  static double depth(double x, double y) { return (y - 0.5) * std::cos(kTurn) - (x - 0.5) * std::sin(kTurn); }
  cv::Point2d operator()(double x, double y, double z) const {
    return {middle.x + size * across(x, y),
            middle.y - size * depth(x, y) * std::sin(kTilt) - height * (z - 0.5) * std::cos(kTilt)};
  }
};

// The floor and the two walls behind, with the ticks' lines. Gives the width of the labels on the left.
double draw_walls(Canvas& canvas, const Field& f, const View& view, double letter) {
  const auto line = [&](const cv::Point2d& a, const cv::Point2d& b, const cv::Scalar& c, double width) {
    canvas.line(a.x, a.y, b.x, b.y, c, width);
  };
  const basin_surface& given = f.given;
  const Axis x = make_axis(given.x[0], given.x[given.n_x - 1], false, 5, false),
             y = make_axis(given.y[0], given.y[given.n_y - 1], false, 5, false);
  for (const auto& tick : x.ticks) {
    line(view(tick.at, 0, 0), view(tick.at, 1, 0), kGrid, 1), line(view(tick.at, 1, 0), view(tick.at, 1, 1), kGrid, 1);
    const auto p = view(tick.at, -0.05, 0);
    Text{tick.label, letter}.draw(canvas, p.x, p.y + letter, 0.5, kInk);
  }
  for (const auto& tick : y.ticks) {
    line(view(0, tick.at, 0), view(1, tick.at, 0), kGrid, 1), line(view(0, tick.at, 0), view(0, tick.at, 1), kGrid, 1);
    const auto p = view(1.05, tick.at, 0);
    Text{tick.label, letter}.draw(canvas, p.x + 2, p.y + letter, 0, kInk);
  }
  double z_ticks = 0;
  for (const auto& tick : f.z.ticks) {
    line(view(0, 0, tick.at), view(0, 1, tick.at), kGrid, 1), line(view(0, 1, tick.at), view(1, 1, tick.at), kGrid, 1);
    const Text text{tick.label, letter};
    const auto p = view(0, 0, tick.at);
    z_ticks = std::max(z_ticks, text.width());
    text.draw(canvas, p.x - 8, p.y + letter / 2, 1, kInk);
  }
  line(view(0, 0, 0), view(1, 0, 0), kFrame, 1.2), line(view(1, 0, 0), view(1, 1, 0), kFrame, 1.2);
  line(view(0, 0, 0), view(0, 0, 1), kFrame, 1.2);
  return z_ticks;
}

struct Patch {
  double depth;
  std::array<cv::Point2d, 4> corners;
  cv::Scalar fill;
  std::array<bool, 4> edge;  // a side that lies on the given points' lines
};

// Cells between the points, each cut into as many parts as make it look curved, from behind to the front.
std::vector<Patch> patches_of(const Field& f, const View& view) {
  const basin_surface& given = f.given;
  std::vector<Patch> patches;
  const auto parts = [](std::size_t n) { return std::max<std::size_t>(1, 64 / (n - 1)); };
  const std::size_t p = parts(given.n_x), q = parts(given.n_y);
  const auto value = [](const double* points, std::size_t n, double where) {  // in [0, 1]
    const auto i = std::min(n - 2, static_cast<std::size_t>(where));
    return (points[i] + (where - static_cast<double>(i)) * (points[i + 1] - points[i]) - points[0]) /
           (points[n - 1] - points[0]);
  };
  for (std::size_t j = 0; j < (given.n_y - 1) * q; ++j)
    for (std::size_t i = 0; i < (given.n_x - 1) * p; ++i) {
      Patch patch{};
      double sum = 0, place_x = 0, place_y = 0;
      std::array<double, 4> heights{};
      for (int corner = 0; corner < 4; ++corner) {
        const double u = static_cast<double>(i + (corner == 1 || corner == 2)) / static_cast<double>(p),
                     v = static_cast<double>(j + (corner >= 2)) / static_cast<double>(q);
        const double share = f.share_at(u, v), a = value(given.x, given.n_x, u), b = value(given.y, given.n_y, v);
        heights[static_cast<std::size_t>(corner)] = share;
        patch.corners[static_cast<std::size_t>(corner)] = view(a, b, share);
        sum += share / 4, place_x += a / 4, place_y += b / 4;
      }
      if (std::isnan(sum)) continue;
      patch.depth = View::depth(place_x, place_y);
      // Light from the left, in front: slopes towards it are brighter.
      const double slope = (heights[1] - heights[0]) * static_cast<double>((given.n_x - 1) * p) -
                           (heights[3] - heights[0]) * static_cast<double>((given.n_y - 1) * q);
      patch.fill = colour(sum) * std::clamp(0.96 + 0.05 * slope, 0.72, 1.0);
      patch.edge = {j % q == 0, (i + 1) % p == 0, (j + 1) % q == 0, i % p == 0};
      patches.push_back(patch);
    }
  std::stable_sort(patches.begin(), patches.end(), [](const Patch& a, const Patch& b) { return a.depth > b.depth; });
  return patches;
}

cv::Mat draw_solid(const Field& f, const Labels& labels) {
  const basin_surface& given = f.given;
  const double letter = labels.letter;
  Canvas canvas{cv::Mat(given.height * kOver, given.width * kOver, CV_8UC3, kPaper)};
  const double size = std::min(given.width * 0.58, given.height * 0.82);
  const View view{{given.width * 0.53, given.height * 0.5}, size, size * 0.66};
  const double z_ticks = draw_walls(canvas, f, view, letter);
  for (const Patch& patch : patches_of(f, view)) {
    std::vector<cv::Point> points;
    for (const auto& c : patch.corners) points.push_back(Canvas::fixed(c.x, c.y));
    cv::fillConvexPoly(canvas.mat, points, patch.fill, cv::LINE_AA, kShift);
    for (std::size_t side = 0; side < 4; ++side)
      if (const auto& from = patch.corners[side], &to = patch.corners[(side + 1) % 4]; patch.edge[side])
        canvas.line(from.x, from.y, to.x, to.y, patch.fill * 0.72, 0.8);
  }
  labels.title.draw(canvas, 26, 18 + labels.title.height, 0, kInk);
  const auto of_x = view(0.5, -0.16, 0), of_y = view(1.16, 0.5, 0), of_z = view(0, 0, 0.5);
  labels.x.draw(canvas, of_x.x, of_x.y + 2 * letter, 1, kInk);
  labels.y.draw(canvas, of_y.x, of_y.y + 2 * letter, 0, kInk);
  if (!labels.z.words.empty())
    labels.z.draw_upwards(canvas, std::max(14 + labels.z.height, of_z.x - z_ticks - 20), of_z.y, kInk, kPaper);
  cv::Mat result;
  cv::resize(canvas.mat, result, {given.width, given.height}, 0, 0, cv::INTER_AREA);
  return result;
}

}  // namespace

cv::Mat draw_surface(const basin_surface& given) {
  const Field f = field_of(given);
  const double letter = std::clamp(given.height / 56.0, 8.0, 16.0);
  const Labels labels{{ascii(given.title), letter * 1.35, true},
                      {ascii(given.x_label), letter * 1.05},
                      {ascii(given.y_label), letter * 1.05},
                      {ascii(given.z_label), letter * 1.05},
                      letter};
  return given.solid ? draw_solid(f, labels) : draw_contours(f, labels);
}

}  // namespace basin::image
