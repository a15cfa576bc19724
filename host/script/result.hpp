// What a measurement found, for scripts: numbers with intervals, curves, the protocol.
#pragma once
#include <cmath>
#include <nlohmann/json.hpp>

#include "script/bind.hpp"

namespace basin::script {

struct Estimate {
  double value = NAN, low = NAN, high = NAN;  // low and high NaN where it is exact
};

struct Result {
  nlohmann::json record;   // as measure() gives it (measure/metric.hpp)
  Estimate value() const;  // the first scalar; NaN where there are curves alone
};

std::vector<Function> result_pictures();  // result:contour, result:surface

template <>
inline constexpr const char* type_of<Estimate> = "estimate";
template <>
inline constexpr const char* type_of<Result> = "result";

}  // namespace basin::script
