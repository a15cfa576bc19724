// Charts for report.html: line charts as inline SVG that need no script to be seen (page.hpp's lets a reader zoom and
// read values off), and intervals as rows.
#pragma once
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace basin {

struct Line {
  std::string name;               // for the legend
  std::vector<double> x, y;       // equally long; a value that is not finite breaks the line
  std::vector<double> low, high;  // empty, or as long: a band
  int colour = -1;                // a number that has one colour in all charts; -1: its place among the lines
};

struct Chart {
  std::string title, x_label;
  std::vector<Line> lines;
  bool log_y = false;                                 // only where every value is positive
  bool points = false;                                // every value is a dot, its interval a bar
  std::vector<std::pair<double, std::string>> ticks;  // of x; empty: round numbers
};

// <figure> with title, <svg>, legend and data. Of lines longer than some 2000 points each stretch keeps its lowest and
// its highest value.
std::string svg_of(const Chart& chart);

struct Interval {
  std::string name;
  double value = NAN, low = NAN, high = NAN;
  size_t colour = 0;
};
// <figure> with a row for each: name, a dot with its interval on one common scale, the number.
std::string intervals_of(const std::string& title, const std::vector<Interval>& rows);

std::string html_of(const std::string& text);  // & < > " ' as entities; bytes that are no UTF-8 as U+FFFD
std::string number_of(double value);           // 4 digits: "0.05732", "1.2e-05"

}  // namespace basin
