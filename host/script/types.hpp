// Userdata that several files of this room hand to each other.
#pragma once
#include "measure/sampling.hpp"
#include "script/bind.hpp"

namespace basin::script {

template <>
inline constexpr const char* type_of<std::shared_ptr<const Images>> = "images";

struct Result;  // of a measurement
struct RunBox;  // a run of a script, whose folder may not be open yet

std::vector<Function> metric_methods();  // measure.cpp

Precision find_precision(const std::string& name);  // "fp32", "bf16"

}  // namespace basin::script
