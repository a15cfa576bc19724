// Numbers that plugins report while their parameters are trained (basin/report.h).
#pragma once
#include <nlohmann/json.hpp>

#include "abi/parameters.hpp"

namespace basin {

// Gathers what is reported for these parameters, until it is destroyed.
class ServedReport {
 public:
  explicit ServedReport(Parameters& parameters);
  ~ServedReport();
  ServedReport(const ServedReport&) = delete;
  ServedReport& operator=(const ServedReport&) = delete;

  void add(const std::string& name, double value);  // Error: the name is taken, or not of letters, digits and '_'
  nlohmann::json take_means();                      // {"sharpness": 0.01, ...} since the last call

 private:
  Parameters& parameters_;
};

void add_report_interface();

}  // namespace basin
