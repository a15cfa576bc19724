// Several runs beside each other: what differs in how they were made, then what was found. For `basin compare` and the
// report.
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "run/collect.hpp"

namespace basin {

// One thing that runs were told or that they ran on, by run; "" where a run has none of that name.
struct Setting {
  std::string name;
  std::vector<std::string> values, origins;
  bool differs = false;
};

// Options as scripts write them ("optimizer.rho"), those that differ first.
std::vector<Setting> options_of(const Everything& all);
// Threads, device, versions, hardware and plugins (their version and hash), those that differ first.
std::vector<Setting> environment_of(const Everything& all);

struct Estimate {
  double value = NAN, low = NAN, high = NAN;  // low and high NaN where it is exact
};
std::string text_of(const Estimate& e);  // "0.0573 [0.0551, 0.0595]", "-" where there is none

struct MetricRow {
  std::string metric, scalar, label;
  std::vector<Estimate> values;  // by run
  // Where the runs' protocols are not one: "images.count: 256 | 512". Model and weights are not counted.
  std::vector<std::string> caveats;
};
// Every number that at least one run has. A run that measured something twice, differently, has a row for each.
std::vector<MetricRow> metrics_of(const Everything& all);

// The loss at the last step that all runs logged; step: -1 where there is none.
struct EqualStep {
  int64_t step = -1;
  std::vector<double> loss;  // by run
};
EqualStep equal_step_of(const Everything& all);

}  // namespace basin
