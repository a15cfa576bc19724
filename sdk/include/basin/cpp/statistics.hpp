// statistics.hpp: means with their 95 % intervals, for numbers that are estimates.
#pragma once
#include <cmath>
#include <limits>

#include "core.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

// low and high enclose the true value in 95 of 100 repetitions; NaN where nothing can be said of it.
struct Interval {
  double value = 0;
  double low = std::numeric_limits<double>::quiet_NaN(), high = low;
};

// The 97.5 % quantile of Student's t: a table for few degrees of freedom, then the expansion in 1/freedom around the
// normal quantile (Abramowitz and Stegun 26.7.5), right within 1e-5.
inline double student_t(int64_t freedom) {
  constexpr double table[] = {12.706205, 4.302653, 3.182446, 2.776445, 2.570582,
                              2.446912,  2.364624, 2.306004, 2.262157, 2.228139};
  if (freedom < 1) return std::numeric_limits<double>::quiet_NaN();
  if (freedom <= 10) return table[freedom - 1];
  const double z = 1.959963985, z2 = z * z, n = static_cast<double>(freedom);
  const double first = z * (z2 + 1) / 4, second = z * ((5 * z2 + 16) * z2 + 3) / 96;
  const double third = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
  const double fourth = z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160;
  return z + (first + (second + (third + fourth / n) / n) / n) / n;
}

inline double mean_of(Span<const double> values) {
  double sum = 0;
  for (double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

// With n - 1 in the denominator; NaN of fewer than two values.
inline double standard_deviation(Span<const double> values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (double v : values) sum += (v - mean) * (v - mean);
  return values.size() < 2 ? std::numeric_limits<double>::quiet_NaN()
                           : std::sqrt(sum / static_cast<double>(values.size() - 1));
}

// value +- t standard errors, for an estimate whose standard error has `freedom` degrees of freedom.
inline Interval interval(double value, double standard_error, int64_t freedom) {
  const double half = student_t(freedom) * standard_error;
  return {value, value - half, value + half};
}

// Of the mean of independent values.
inline Interval mean_interval(Span<const double> values) {
  const auto n = static_cast<int64_t>(values.size());
  return interval(mean_of(values), standard_deviation(values) / std::sqrt(static_cast<double>(n)), n - 1);
}

}  // namespace basin
#pragma GCC visibility pop
