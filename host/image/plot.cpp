// Line plots: title, axes, bands, lines, legend.
#include "image/plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "image/canvas.hpp"
#include "image/dash.hpp"

namespace basin::image {
namespace {

// Okabe and Ito's (2008), told apart by the colour-blind too; yellow left out.
const std::array<cv::Scalar, 7> kLines = {cv::Scalar(0, 114, 178), {213, 94, 0},  {0, 158, 115}, {204, 121, 167},
                                          {86, 180, 233},          {230, 159, 0}, {90, 90, 98}};

// How the i-th series is drawn.
struct Pen {
  cv::Scalar color;
  double dash;
  explicit Pen(std::size_t i) : color(kLines[i % kLines.size()]), dash(dash_of(i, kLines.size())) {}
};

struct Frame {
  cv::Rect2d area;
  Axis x, y;
  cv::Point2d at(double vx, double vy) const {
    return {area.x + x.place(vx) * area.width, area.y + (1 - y.place(vy)) * area.height};
  }
  bool shows(double vx, double vy) const { return x.shows(vx) && y.shows(vy); }
};

// The smallest and largest value that a (logarithmic) axis can show.
struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  bool log = false;
  bool shows(double v) const { return std::isfinite(v) && (!log || v > 0); }
  void add(double v) {
    if (shows(v)) low = std::min(low, v), high = std::max(high, v);
  }
};

void draw_band(Canvas& canvas, const Frame& frame, const basin_plot_series& s, const cv::Scalar& color) {
  cv::Mat over = canvas.mat.clone();
  std::vector<cv::Point> up, down;
  const auto flush = [&] {
    if (up.size() > 1) {
      up.insert(up.end(), down.rbegin(), down.rend());
      cv::fillPoly(over, std::vector<std::vector<cv::Point>>{up}, color, cv::LINE_AA, kShift);
    }
    up.clear(), down.clear();
  };
  for (std::size_t i = 0; i < s.count; ++i) {
    if (!frame.shows(s.x[i], s.lower[i]) || !frame.shows(s.x[i], s.upper[i])) {
      flush();
      continue;
    }
    const auto a = frame.at(s.x[i], s.upper[i]), b = frame.at(s.x[i], s.lower[i]);
    up.push_back(Canvas::fixed(a.x, a.y)), down.push_back(Canvas::fixed(b.x, b.y));
  }
  flush();
  cv::addWeighted(canvas.mat, 0.82, over, 0.18, 0, canvas.mat);
}

void stroke(Canvas& canvas, const std::vector<cv::Point2d>& points, const Pen& pen, double width) {
  std::vector<cv::Point> run;
  const auto lift = [&] {
    if (run.size() > 1)
      cv::polylines(canvas.mat, run, false, pen.color, int(std::lround(width * kOver)), cv::LINE_AA, kShift);
    run.clear();
  };
  const auto mark = [&](cv::Point2d p) { run.push_back(Canvas::fixed(p.x, p.y)); };
  bool down = true;
  double left = pen.dash;  // of this dash or gap
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (down) mark(points[i]);
    if (pen.dash == 0 || i + 1 == points.size()) continue;
    const cv::Point2d way = points[i + 1] - points[i];
    const double length = cv::norm(way);
    double gone = 0;
    for (; length - gone >= left; left = pen.dash) {
      gone += left;
      mark(points[i] + way * (gone / length));
      if (down) lift();
      down = !down;
    }
    left -= length - gone;
  }
  lift();
}

void draw_line(Canvas& canvas, const Frame& frame, const basin_plot_series& s, const Pen& pen) {
  std::vector<cv::Point2d> run, points;
  const double width = s.count > 3000 ? 1.2 : 1.8;
  const auto flush = [&] {
    stroke(canvas, run, pen, width);
    run.clear();
  };
  for (std::size_t i = 0; i < s.count; ++i) {
    if (!frame.shows(s.x[i], s.y[i])) {
      flush();
      continue;
    }
    points.push_back(frame.at(s.x[i], s.y[i]));
    run.push_back(points.back());
  }
  flush();
  if (points.size() > 24) return;
  for (const auto& p : points) {  // few enough to be measurements of their own
    const int radius = int(3.6 * kOver * (1 << kShift)), inner = int(1.7 * kOver * (1 << kShift));
    cv::circle(canvas.mat, Canvas::fixed(p.x, p.y), radius, pen.color, cv::FILLED, cv::LINE_AA, kShift);
    cv::circle(canvas.mat, Canvas::fixed(p.x, p.y), inner, kArea, cv::FILLED, cv::LINE_AA, kShift);
  }
}

void draw_axes(Canvas& canvas, const Frame& frame, double letter) {
  const cv::Rect2d& a = frame.area;
  canvas.fill(a, kArea);
  for (double t : frame.x.minor) canvas.line(a.x + t * a.width, a.y, a.x + t * a.width, a.y + a.height, kMinor, 1);
  for (double t : frame.y.minor)
    canvas.line(a.x, a.y + (1 - t) * a.height, a.x + a.width, a.y + (1 - t) * a.height, kMinor, 1);
  for (const auto& tick : frame.x.ticks) {
    const double x = a.x + tick.at * a.width;
    canvas.line(x, a.y, x, a.y + a.height, kGrid, 1);
    Text{tick.label, letter}.draw(canvas, x, a.y + a.height + 8 + letter, 0.5, kInk);
  }
  for (const auto& tick : frame.y.ticks) {
    const double y = a.y + (1 - tick.at) * a.height;
    canvas.line(a.x, y, a.x + a.width, y, kGrid, 1);
    Text{tick.label, letter}.draw(canvas, a.x - 8, y + letter / 2, 1, kInk);
  }
  canvas.line(a.x, a.y, a.x, a.y + a.height, kFrame, 1.2);
  canvas.line(a.x, a.y + a.height, a.x + a.width, a.y + a.height, kFrame, 1.2);
}

// In the corner that hides the fewest points.
void draw_legend(Canvas& canvas, const Frame& frame, const basin_plot& given, double letter) {
  double widest = 0;
  int rows = 0;
  for (std::size_t i = 0; i < given.n_series; ++i)
    if (const Text t{ascii(given.series[i].name), letter}; !t.words.empty())
      widest = std::max(widest, t.width()), ++rows;
  if (rows == 0) return;
  const cv::Rect2d& a = frame.area;
  const double pitch = letter * 2.1, w = widest + 54, h = rows * pitch + letter;
  cv::Rect2d best;
  long fewest = std::numeric_limits<long>::max();
  for (int corner : {1, 0, 2, 3}) {  // top right first
    const cv::Rect2d box(corner % 2 ? a.x + a.width - w - 12 : a.x + 12,
                         corner < 2 ? a.y + 12 : a.y + a.height - h - 12, w, h);
    long hidden = 0;
    for (std::size_t i = 0; i < given.n_series; ++i)
      for (std::size_t k = 0; k < given.series[i].count; ++k) {
        const auto& s = given.series[i];
        if (frame.shows(s.x[k], s.y[k]) && box.contains(frame.at(s.x[k], s.y[k]))) ++hidden;
      }
    if (hidden < fewest) fewest = hidden, best = box;
  }
  canvas.fill(cv::Rect2d(best.x - 1, best.y - 1, w + 2, h + 2), kGrid);
  canvas.fill(best, kPaper, 0.94);
  double y = best.y + letter / 2 + pitch / 2;
  for (std::size_t i = 0; i < given.n_series; ++i) {
    const Text text{ascii(given.series[i].name), letter};
    if (text.words.empty()) continue;
    stroke(canvas, {{best.x + 12, y}, {best.x + 34, y}}, Pen(i), 2.4);
    text.draw(canvas, best.x + 42, y + letter / 2, 0, kInk);
    y += pitch;
  }
}

}  // namespace

cv::Mat draw_plot(const basin_plot& given) {
  Range rx, ry;
  rx.log = given.log_x, ry.log = given.log_y;
  for (std::size_t i = 0; i < given.n_series; ++i) {
    const auto& s = given.series[i];
    for (std::size_t k = 0; k < s.count; ++k) {
      if (!rx.shows(s.x[k]) || !ry.shows(s.y[k])) continue;
      rx.add(s.x[k]), ry.add(s.y[k]);
      if (s.lower) ry.add(s.lower[k]), ry.add(s.upper[k]);
    }
  }
  if (rx.low > rx.high || ry.low > ry.high)
    throw std::runtime_error(given.log_x || given.log_y
                                 ? "it has no point to show; a logarithmic axis takes positive, finite values."
                                 : "it has no point to show; every series is empty or has no finite value.");

  const double letter = std::clamp(given.height / 56.0, 8.0, 16.0);
  const Text title{ascii(given.title), letter * 1.35, true}, x_label{ascii(given.x_label), letter * 1.05},
      y_label{ascii(given.y_label), letter * 1.05};
  Frame frame;
  frame.x = make_axis(rx.low, rx.high, rx.log, given.width / 110, true);
  frame.y = make_axis(ry.low, ry.high, ry.log, given.height / 75, true);
  double label_width = 0;
  for (const auto& tick : frame.y.ticks) label_width = std::max(label_width, Text{tick.label, letter}.width());
  const double left = 18 + label_width + 8 + (y_label.words.empty() ? 0 : y_label.height * 2.2),
               top = title.words.empty() ? 20 : 22 + title.height * 1.9,
               bottom = 18 + letter + 8 + (x_label.words.empty() ? 0 : x_label.height * 2.2), right = 26;
  frame.area = {left, top, given.width - left - right, given.height - top - bottom};

  Canvas canvas{cv::Mat(given.height * kOver, given.width * kOver, CV_8UC3, kPaper)};
  draw_axes(canvas, frame, letter);
  for (std::size_t i = 0; i < given.n_series; ++i)
    if (given.series[i].lower) draw_band(canvas, frame, given.series[i], Pen(i).color);
  for (std::size_t i = 0; i < given.n_series; ++i) draw_line(canvas, frame, given.series[i], Pen(i));
  draw_legend(canvas, frame, given, letter);

  title.draw(canvas, left, 18 + title.height, 0, kInk);
  x_label.draw(canvas, left + frame.area.width / 2, given.height - 16, 0.5, kInk);
  if (!y_label.words.empty())
    y_label.draw_upwards(canvas, 16 + y_label.height, top + frame.area.height / 2, kInk, kPaper);
  cv::Mat result;
  cv::resize(canvas.mat, result, {given.width, given.height}, 0, 0, cv::INTER_AREA);
  return result;
}

}  // namespace basin::image
