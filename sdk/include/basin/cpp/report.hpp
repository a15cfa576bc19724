// report.hpp: numbers for the run's curves. See basin/report.h.
#pragma once
#include "parameters.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

// A number of this step, []: report(parameters, "sharpness", above - below). Nothing in a host without reports.
inline void report(const Parameters& parameters, const std::string& name, const Tensor& value) {
  if (host_has<&basin_report_interface::number>())
    call<&basin_report_interface::number>(parameters.handle(), name.c_str(), value.handle());
}

}  // namespace basin
#pragma GCC visibility pop
