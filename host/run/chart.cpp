// Line charts in SVG: scales, round ticks, lines with bands.
#include "run/chart.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "image/dash.hpp"

namespace basin {
namespace {

// Of the viewBox; small, so that its text can be read on a phone. The page's script knows them too.
constexpr double kWidth = 480, kHeight = 290, kLeft = 58, kRight = 10, kTop = 10, kBottom = 40;
constexpr size_t kColours = 8;  // --c0 .. --c7 in the page's style

std::string colour_of(size_t number) { return "var(--c" + std::to_string(number % kColours) + ")"; }

struct Pen {
  std::string colour;
  int dash;
  Pen(const Line& line, size_t place) {
    const size_t number = line.colour < 0 ? place : static_cast<size_t>(line.colour);
    colour = colour_of(number), dash = image::dash_of(number, kColours);
  }
};
std::string swatch(const Pen& pen) {
  if (pen.dash == 0) return "background:" + pen.colour;
  const std::string half = std::to_string(pen.dash / 2) + "px", whole = std::to_string(pen.dash) + "px";
  return "background:repeating-linear-gradient(90deg," + pen.colour + " 0 " + half + ",transparent " + half + " " +
         whole + ")";
}

struct Scale {
  double low = 0, high = 1;
  bool log = false;
  double at(double value) const {  // 0 to 1
    return log ? (std::log(value) - std::log(low)) / (std::log(high) - std::log(low)) : (value - low) / (high - low);
  }
};

Scale scale_of(double low, double high, bool log, double margin) {
  if (!(low <= high)) return {0, 1, false};
  if (log) {
    if (low == high) low /= 2, high *= 2;
    const double factor = std::pow(high / low, margin);
    return {low / factor, high * factor, true};
  }
  if (low == high) {
    const double half = low == 0 ? 1 : std::abs(low) / 2;
    return {low - half, high + half, false};
  }
  const double room = (high - low) * margin;
  return {low - room, high + room, false};
}

std::vector<double> ticks(const Scale& scale, int wanted) {
  std::vector<double> out;
  if (scale.log) {
    const bool few = std::log10(scale.high / scale.low) < 2.5;
    for (int e = static_cast<int>(std::floor(std::log10(scale.low))); std::pow(10, e) <= scale.high; e++)
      for (double digit : {1.0, 2.0, 5.0}) {
        const double value = digit * std::pow(10, e);
        if ((digit == 1 || few) && value >= scale.low && value <= scale.high) out.push_back(value);
      }
    return out;
  }
  const double rough = (scale.high - scale.low) / wanted, power = std::pow(10, std::floor(std::log10(rough)));
  double step = power;
  for (double factor : {2.0, 5.0, 10.0})
    if (step < rough) step = factor * power;
  for (double value = std::ceil(scale.low / step) * step; value <= scale.high; value += step) {
    out.push_back(std::abs(value) < step / 1e6 ? 0 : value);
    if (out.size() > 30) break;
  }
  return out;
}

std::string coordinate(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::string exact(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

// At most some 2000 points: of each stretch the lowest and the highest, in order.
Line thinned(const Line& line) {
  constexpr size_t kStretches = 1000;
  if (line.y.size() <= 2 * kStretches) return line;
  Line out{line.name, {}, {}, {}, {}, line.colour};
  const bool band = !line.low.empty();
  auto keep = [&](size_t i) {
    out.x.push_back(line.x[i]);
    out.y.push_back(line.y[i]);
    if (band) out.low.push_back(line.low[i]), out.high.push_back(line.high[i]);
  };
  for (size_t s = 0; s < kStretches; s++) {
    const size_t first = s * line.y.size() / kStretches, end = (s + 1) * line.y.size() / kStretches;
    size_t low = first, high = first;
    for (size_t i = first; i < end; i++) {
      if (!(line.y[i] >= line.y[low])) low = i;  // NaN counts as lowest, so that a gap stays visible
      if (line.y[i] > line.y[high]) high = i;
    }
    keep(std::min(low, high));
    if (low != high) keep(std::max(low, high));
  }
  return out;
}

std::string list_of(const std::vector<double>& values) {
  std::string out;
  for (double v : values) out += (out.empty() ? "" : ",") + (std::isfinite(v) ? exact(v) : "null");
  return "[" + out + "]";
}

class Drawing {
 public:
  explicit Drawing(const Chart& chart) : chart_(chart) {
    double x_low = HUGE_VAL, x_high = -HUGE_VAL, y_low = HUGE_VAL, y_high = -HUGE_VAL;
    bool positive = true;
    for (const auto& line : chart.lines) {
      lines_.push_back(thinned(line));
      const Line& l = lines_.back();
      for (size_t i = 0; i < l.y.size(); i++) {
        if (!std::isfinite(l.x[i]) || !std::isfinite(l.y[i])) continue;
        x_low = std::min(x_low, l.x[i]), x_high = std::max(x_high, l.x[i]);
        for (double y : {l.y[i], l.low.empty() ? l.y[i] : l.low[i], l.high.empty() ? l.y[i] : l.high[i]})
          if (std::isfinite(y)) y_low = std::min(y_low, y), y_high = std::max(y_high, y), positive = positive && y > 0;
      }
    }
    x_ = scale_of(x_low, x_high, false, chart.points ? 0.08 : 0);
    y_ = scale_of(y_low, y_high, chart.log_y && positive, 0.05);
  }

  std::string draw() const {
    std::string out =
        "<svg viewBox=\"0 0 480 290\" role=\"img\" aria-label=\"" + html_of(chart_.title) + "\"><g class=\"view\">";
    for (double tick : basin::ticks(y_, 5)) {
      const std::string y = coordinate(py(tick));
      out += "<line class=\"grid\" x1=\"" + coordinate(kLeft) + "\" x2=\"" + coordinate(kWidth - kRight) + "\" y1=\"" +
             y + "\" y2=\"" + y + "\"/><text x=\"" + coordinate(kLeft - 6) + "\" y=\"" + y +
             "\" dy=\"4\" text-anchor=\"end\">" + number_of(tick) + "</text>";
    }
    std::vector<std::pair<double, std::string>> marks = chart_.ticks;
    if (marks.empty())
      for (double tick : basin::ticks(x_, 6)) marks.emplace_back(tick, number_of(tick));
    for (const auto& [at, text] : marks)
      out += "<text x=\"" + coordinate(px(at)) + "\" y=\"" + coordinate(kHeight - kBottom + 18) +
             "\" text-anchor=\"middle\">" + html_of(text) + "</text>";
    for (size_t i = 0; i < lines_.size(); i++) out += line(lines_[i], Pen(lines_[i], i));
    out += "</g><text x=\"" + coordinate((kLeft + kWidth - kRight) / 2) + "\" y=\"" + coordinate(kHeight - 4) +
           "\" text-anchor=\"middle\">" + html_of(chart_.x_label) + "</text>";
    return out +
           "<rect class=\"brush\" y=\"10\" height=\"240\" visibility=\"hidden\"/><line class=\"cursor\" y1=\"10\" "
           "y2=\"250\" visibility=\"hidden\"/></svg>";
  }

  // What the page's script draws and reads values from.
  std::string data() const {
    std::string out = "{\"x\":[" + exact(x_.low) + "," + exact(x_.high) + "],\"log\":" + (y_.log ? "true" : "false") +
                      ",\"points\":" + (chart_.points ? "true" : "false") + ",\"lines\":[";
    for (size_t i = 0; i < lines_.size(); i++) {
      const Line& line = lines_[i];
      const Pen pen(line, i);
      out += std::string(i ? "," : "") + "{\"colour\":\"" + pen.colour + "\",\"dash\":" + std::to_string(pen.dash) +
             ",\"x\":" + list_of(line.x) + ",\"y\":" + list_of(line.y);
      if (!line.low.empty()) out += ",\"low\":" + list_of(line.low) + ",\"high\":" + list_of(line.high);
      out += "}";
    }
    return out + "]}";
  }

 private:
  double px(double x) const { return kLeft + x_.at(x) * (kWidth - kLeft - kRight); }
  double py(double y) const { return kHeight - kBottom - y_.at(y) * (kHeight - kTop - kBottom); }
  std::string point(double x, double y) const { return coordinate(px(x)) + " " + coordinate(py(y)); }

  std::string line(const Line& l, const Pen& pen) const {
    const std::string& c = pen.colour;
    std::string path, upper, lower, marks;
    size_t run = 0;  // points since the line was last broken
    for (size_t i = 0; i < l.y.size(); i++) {
      if (!std::isfinite(l.x[i]) || !std::isfinite(l.y[i])) {
        run = 0;
        continue;
      }
      path += (run > 0 ? "L" : "M") + point(l.x[i], l.y[i]);
      run++;
      const bool ends = i + 1 == l.y.size() || !std::isfinite(l.y[i + 1]);
      if (chart_.points || (ends && run == 1))  // a point of its own has no line
        marks += "<circle cx=\"" + coordinate(px(l.x[i])) + "\" cy=\"" + coordinate(py(l.y[i])) +
                 "\" r=\"3.5\" fill=\"" + c + "\"/>";
      if (l.low.empty() || !std::isfinite(l.low[i]) || !std::isfinite(l.high[i])) continue;
      if (chart_.points) {
        marks += "<path d=\"M" + point(l.x[i], l.low[i]) + "L" + point(l.x[i], l.high[i]) + "\" stroke=\"" + c +
                 "\" stroke-width=\"1.5\"/>";
      } else {
        upper += (upper.empty() ? "M" : "L") + point(l.x[i], l.high[i]);
        lower = "L" + point(l.x[i], l.low[i]) + lower;
      }
    }
    std::string out;
    if (!upper.empty()) out += "<path d=\"" + upper + lower + "Z\" fill=\"" + c + "\" opacity=\"0.15\"/>";
    const std::string dashes = pen.dash ? " stroke-dasharray=\"" + std::to_string(pen.dash) + "\"" : "";
    if (!path.empty())
      out += "<path d=\"" + path + "\" fill=\"none\" stroke=\"" + c + "\" stroke-width=\"1.6\"" + dashes + "/>";
    return out + marks;
  }

  const Chart& chart_;
  std::vector<Line> lines_;
  Scale x_, y_;
};

// Length of the UTF-8 character that begins at `at`; 0 where none does.
size_t character(const std::string& text, size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  const size_t n = c < 0x80 ? 1 : c >= 0xC2 && c < 0xE0 ? 2 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xF0 && c < 0xF5 ? 4 : 0;
  if (n == 0 || at + n > text.size()) return 0;
  for (size_t i = 1; i < n; i++)
    if ((static_cast<unsigned char>(text[at + i]) & 0xC0) != 0x80) return 0;
  return n;
}

}  // namespace

std::string svg_of(const Chart& chart) {
  const Drawing drawing(chart);
  std::string out = "<figure class=\"chart\"><figcaption>" + html_of(chart.title) + "</figcaption>" + drawing.draw();
  out += "<div class=\"legend\">";
  for (size_t i = 0; i < chart.lines.size(); i++)
    out += "<span><i style=\"" + swatch(Pen(chart.lines[i], i)) + "\"></i>" + html_of(chart.lines[i].name) +
           " <b></b></span>";
  return out + "<span class=\"at\"></span></div><script type=\"application/json\">" + drawing.data() +
         "</script></figure>\n";
}

std::string intervals_of(const std::string& title, const std::vector<Interval>& rows) {
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const auto& row : rows)
    for (double v : {row.value, row.low, row.high})
      if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
  const Scale scale = scale_of(low, high, false, 0.06);
  const auto percent = [&](double value) { return coordinate(100 * scale.at(value)) + "%"; };
  std::string out = "<figure class=\"intervals\"><figcaption>" + html_of(title) + "</figcaption>";
  for (const auto& row : rows) {
    if (!std::isfinite(row.value)) continue;
    const std::string colour = "background:" + colour_of(row.colour);
    out += "<div><span>" + html_of(row.name) + "</span><span class=\"track\">";
    if (std::isfinite(row.low) && std::isfinite(row.high))
      out += "<i class=\"bar\" style=\"left:" + percent(row.low) +
             ";width:" + coordinate(100 * (scale.at(row.high) - scale.at(row.low))) + "%;" + colour + "\"></i>";
    out += "<i class=\"dot\" style=\"left:" + percent(row.value) + ";" + colour + "\"></i></span><span class=\"n\">" +
           number_of(row.value) + "</span></div>";
  }
  return out + "</figure>\n";
}

std::string html_of(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t n = character(text, at);
    const char c = text[at];
    if (n == 0) out += "\xEF\xBF\xBD";
    else if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"') out += "&quot;";
    else if (c == '\'') out += "&#39;";
    else if (n == 1 && static_cast<unsigned char>(c) < 32 && c != '\n' && c != '\t') out += ' ';
    else out += text.substr(at, n);
    at += std::max<size_t>(n, 1);
  }
  return out;
}

std::string number_of(double value) {
  char text[32];
  if (value == std::floor(value) && std::abs(value) < 1e7) std::snprintf(text, sizeof text, "%.0f", value);
  else std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

}  // namespace basin
