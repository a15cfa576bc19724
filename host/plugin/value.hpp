// Options of components: values, where each came from, and a component with its checked options (a Spec).
#pragma once
#include <basin/core.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <variant>
#include <vector>

// Base of everything that can be an option of kind COMPONENT: a living component or a model.
struct basin_object {
  virtual ~basin_object() = default;
  virtual std::string kind() const = 0;         // "optimizer"
  virtual nlohmann::json describe() const = 0;  // what identifies it: component and resolved options
};

namespace basin {

struct Component;
struct Spec;

using Value = std::variant<std::monostate, bool, int64_t, double, std::string, std::vector<int64_t>,
                           std::vector<double>, std::shared_ptr<const Spec>, std::shared_ptr<basin_object>>;

struct Option {
  std::string name;
  Value value;
  std::string origin;  // "default", "quickstart.lua:12", "--set"
};

// A component and a value for every parameter it declares: the plain table of a script, checked.
struct Spec {
  const Component* component = nullptr;
  std::vector<Option> options;  // in the order of declaration

  const Value& operator[](const std::string& name) const;
  nlohmann::json describe() const;  // {"component": "adam", "version": "0.1.0", "options": {...}}, nested
};

// Checks names, types and ranges, fills in defaults. An Error says what was expected, what came, and the nearest name.
Spec check_options(const Component& component, std::vector<Option> given);

// What a script may have meant: the closest of `names` by edit distance, or "".
std::string nearest(const std::string& word, const std::vector<std::string>& names);

std::string to_text(const Value& value);  // as a script would write it

}  // namespace basin
