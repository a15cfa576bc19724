// A line chart as inline SVG, for report.html: no script needed to see it, and a little (page.hpp) to read values off
// it.
#pragma once
#include <string>
#include <vector>

namespace basin {

struct Line {
  std::string name;               // for the legend
  std::vector<double> x, y;       // equally long; a value that is not finite breaks the line
  std::vector<double> low, high;  // empty, or as long: a band
};

struct Chart {
  std::string title, x_label;
  std::vector<Line> lines;
  bool log_y = false;  // only where every value is positive
};

// <figure> with title, <svg> and legend. Lines longer than some 600 points are thinned: of each stretch the lowest and
// the highest value stay.
std::string svg_of(const Chart& chart);

std::string html_of(const std::string& text);  // & < > " ' as entities; bytes that are no UTF-8 as U+FFFD
std::string number_of(double value);           // 4 digits: "0.05732", "1.2e-05"

}  // namespace basin
