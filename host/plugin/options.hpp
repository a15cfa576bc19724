// Inside the room: reading declared defaults, and the border struct behind basin.options.
#pragma once
#include <map>

#include "plugin/registry.hpp"

// What a plugin's create sees.
struct basin_options {
  const basin::Spec* spec;
  const std::map<std::string, basin_object*>* components;
};

namespace basin {

// A declared default as a value: "1e-4", "true", "16, 8". Error: the text is not of the parameter's type or range.
// COMPONENT: its name as a string, or nothing.
Value parse_default(const basin_parameter& parameter);

}  // namespace basin
