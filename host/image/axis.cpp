// Axes of a plot: the range, and ticks at round numbers (1, 2 or 5 times a power of ten; decades on a log axis).
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "image/plot.hpp"

namespace basin::image {
namespace {

std::string number(double value, double step) {
  char text[48];
  const double size = std::max(std::abs(value), std::abs(step));
  if (std::abs(value) < 1e-12 * std::abs(step)) return "0";
  if (size >= 1e9 || size < 1e-4) {
    std::snprintf(text, sizeof text, "%.3g", value);
  } else if (size >= 1e6) {
    std::snprintf(text, sizeof text, "%.6gM", value / 1e6);
  } else if (size >= 1e4) {
    std::snprintf(text, sizeof text, "%.6gk", value / 1e3);
  } else {
    const int decimals = std::clamp(int(std::ceil(-std::log10(std::abs(step)) - 1e-9)), 0, 6);
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
  }
  return text;
}

double round_step(double span, int count) {
  const double raw = span / std::max(count, 1), power = std::pow(10.0, std::floor(std::log10(raw)));
  for (double factor : {1.0, 2.0, 5.0})
    if (raw <= factor * power * 1.0001) return factor * power;
  return 10.0 * power;
}

void linear_ticks(Axis& axis, int count) {
  const double step = round_step(axis.high - axis.low, count);
  for (double k = std::ceil(axis.low / step - 1e-9); k * step <= axis.high + 1e-9 * step; ++k)
    axis.ticks.push_back({(k * step - axis.low) / (axis.high - axis.low), number(k * step, step)});
}

void log_ticks(Axis& axis, int count) {
  const auto add = [&](double value, bool label) {
    const double at = (std::log10(value) - axis.low) / (axis.high - axis.low);
    if (at < -1e-9 || at > 1 + 1e-9) return;
    if (label) axis.ticks.push_back({at, number(value, value)});
    else axis.minor.push_back(at);
  };
  const double span = axis.high - axis.low;
  const int every = std::max(1, int(std::ceil(span / std::max(count, 1))));
  for (int decade = int(std::floor(axis.low)); decade <= int(std::ceil(axis.high)); ++decade)
    for (int digit = 1; digit <= 9; ++digit) {
      const bool label = digit == 1 ? decade % every == 0 : (digit == 2 || digit == 5) && span < 2;
      if (label || every == 1 || digit == 1) add(digit * std::pow(10.0, decade), label);
    }
  if (axis.ticks.size() >= 2) return;
  // Less than a decade, between the marks: round numbers as on a linear axis, at their logarithmic places.
  axis.ticks.clear();
  const double low = std::pow(10.0, axis.low), high = std::pow(10.0, axis.high), step = round_step(high - low, count);
  for (double k = std::ceil(low / step); k * step <= high; ++k)
    axis.ticks.push_back({(std::log10(k * step) - axis.low) / span, number(k * step, step)});
}

}  // namespace

bool Axis::shows(double value) const { return std::isfinite(value) && (!log || value > 0); }

double Axis::place(double value) const { return ((log ? std::log10(value) : value) - low) / (high - low); }

Axis make_axis(double low, double high, bool log, int count, bool margin) {
  Axis axis;
  axis.log = log;
  axis.low = log ? std::log10(low) : low;
  axis.high = log ? std::log10(high) : high;
  // One value alone, or values that differ in their last bits only, get a range they can be read in.
  const double least = log ? 0.1 : 1e-9 * std::max(std::abs(low), std::abs(high));
  if (axis.high - axis.low <= least) {
    const double room = log ? 0.3 : (low == 0 ? 1.0 : 0.05 * std::abs(low));
    axis.low -= room, axis.high += room;
  }
  if (margin) {
    const double room = 0.04 * (axis.high - axis.low);
    // a range that begins at zero keeps zero as its edge
    if (log || axis.low != 0) axis.low -= room;
    if (log || axis.high != 0) axis.high += room;
  }
  if (log) log_ticks(axis, count);
  else linear_ticks(axis, count);
  return axis;
}

}  // namespace basin::image
