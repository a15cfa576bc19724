// Checking what a script gave against what a component declares.
#include "plugin/options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "abi/error.hpp"
#include "plugin/words.hpp"

namespace basin {
namespace {

std::string trimmed(std::string_view text) {
  auto first = text.find_first_not_of(" \t"), last = text.find_last_not_of(" \t");
  return first == text.npos ? "" : std::string(text.substr(first, last - first + 1));
}

template <class Number>
bool parse_number(const std::string& text, Number& out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

std::vector<std::string> choices_of(const basin_parameter& p) {
  std::vector<std::string> out;
  for (auto* choice = p.choices; choice && *choice; choice++) out.emplace_back(*choice);
  return out;
}

bool may_be_infinite(const basin_parameter& p) {
  return p.default_value && std::string_view(p.default_value).find("inf") != std::string_view::npos;
}

// "a whole number from 1 to 16": what the parameter takes.
std::string expected(const basin_parameter& p) {
  const bool low = p.minimum > -HUGE_VAL, high = p.maximum < HUGE_VAL;
  std::string range = low && high ? " from " + to_text(p.minimum) + " to " + to_text(p.maximum)
                      : low       ? " of at least " + to_text(p.minimum)
                      : high      ? " of at most " + to_text(p.maximum)
                                  : "";
  switch (p.type) {
    case BASIN_TYPE_BOOLEAN: return "true or false";
    case BASIN_TYPE_INTEGER: return "a whole number" + range;
    case BASIN_TYPE_NUMBER: return "a number" + range;
    case BASIN_TYPE_STRING: return "a string";
    case BASIN_TYPE_CHOICE: return "one of " + joined(choices_of(p));
    case BASIN_TYPE_INTEGERS: return "a list of whole numbers, each" + (range.empty() ? " of any size" : range);
    case BASIN_TYPE_NUMBERS: return "a list of numbers, each" + (range.empty() ? " of any size" : range);
    case BASIN_TYPE_FILE: return "an existing file";
    case BASIN_TYPE_FOLDER: return "an existing folder";
    case BASIN_TYPE_COMPONENT: {
      std::string kind = p.choices && p.choices[0] ? p.choices[0] : "component";
      return (std::string("aeiou").find(kind[0]) != std::string::npos ? "an " : "a ") + kind;
    }
  }
  return "something";
}

// The same, where the value is infinite and the range alone would not say what is wrong with it.
std::string expected(const basin_parameter& p, const Value& value) {
  const auto infinite = [](double v) { return std::isinf(v); };
  const auto* number = std::get_if<double>(&value);
  const auto* numbers = std::get_if<std::vector<double>>(&value);
  std::string text = expected(p);
  const bool found =
      (number && infinite(*number)) || (numbers && std::any_of(numbers->begin(), numbers->end(), infinite));
  if (const size_t at = text.find("number"); found && at != text.npos) text.insert(at, "finite ");
  return text;
}

std::string came(const Value& value) {
  if (std::holds_alternative<std::monostate>(value)) return "nothing";
  if (auto* spec = std::get_if<std::shared_ptr<const Spec>>(&value); spec && *spec)
    return "the " + (*spec)->component->kind + " '" + (*spec)->component->name + "'";
  return to_text(value);
}

// Not NaN, and infinite only where the default is: that is how a parameter says that infinity means something.
bool in_range(const basin_parameter& p, double value) {
  return value >= p.minimum && value <= p.maximum && (std::isfinite(value) || may_be_infinite(p));
}

std::optional<int64_t> whole(double value) {
  if (value != std::floor(value) || std::abs(value) > 9007199254740992.0) return std::nullopt;
  return static_cast<int64_t>(value);
}

// The value as the parameter's own type; nothing where it does not fit. Existence of files is checked elsewhere.
std::optional<Value> fitted(const basin_parameter& p, const Value& value) {
  auto* integer = std::get_if<int64_t>(&value);
  auto* number = std::get_if<double>(&value);
  auto* integers = std::get_if<std::vector<int64_t>>(&value);
  auto* numbers = std::get_if<std::vector<double>>(&value);
  auto* text = std::get_if<std::string>(&value);
  const std::string kind = p.choices && p.choices[0] ? p.choices[0] : "";
  switch (p.type) {
    case BASIN_TYPE_BOOLEAN:
      if (std::holds_alternative<bool>(value)) return value;
      break;
    case BASIN_TYPE_INTEGER: {
      std::optional<int64_t> v = integer ? std::optional(*integer) : number ? whole(*number) : std::nullopt;
      if (v && in_range(p, static_cast<double>(*v))) return Value(*v);
      break;
    }
    case BASIN_TYPE_NUMBER:
      if (integer || number)
        if (double v = integer ? static_cast<double>(*integer) : *number; in_range(p, v)) return Value(v);
      break;
    case BASIN_TYPE_STRING:
    case BASIN_TYPE_FILE:
    case BASIN_TYPE_FOLDER:
      if (text && text->find('\0') == text->npos) return value;
      break;
    case BASIN_TYPE_CHOICE: {
      const std::string name = text ? *text : integer ? std::to_string(*integer) : "";  // layer = 64 is layer = "64"
      if (auto all = choices_of(p); std::find(all.begin(), all.end(), name) != all.end()) return Value(name);
      break;
    }
    case BASIN_TYPE_INTEGERS: {
      std::vector<int64_t> out;
      if (integers) out = *integers;
      for (double x : numbers ? *numbers : std::vector<double>{}) {
        auto v = whole(x);
        if (!v) return std::nullopt;
        out.push_back(*v);
      }
      auto fits = [&](int64_t x) { return in_range(p, static_cast<double>(x)); };
      if ((integers || numbers) && std::all_of(out.begin(), out.end(), fits)) return Value(out);
      break;
    }
    case BASIN_TYPE_NUMBERS: {
      std::vector<double> out;
      if (integers) out.assign(integers->begin(), integers->end());
      if (numbers) out = *numbers;
      if ((integers || numbers) && std::all_of(out.begin(), out.end(), [&](double x) { return in_range(p, x); }))
        return Value(out);
      break;
    }
    case BASIN_TYPE_COMPONENT:
      if (auto* spec = std::get_if<std::shared_ptr<const Spec>>(&value);
          spec && *spec && (*spec)->component->kind == kind)
        return value;
      if (auto* object = std::get_if<std::shared_ptr<basin_object>>(&value);
          object && *object && (*object)->kind() == kind)
        return value;
      break;
  }
  return std::nullopt;
}

void check_path(const std::string& owner, const basin_parameter& p, const std::string& path, const std::string& from) {
  std::error_code error;
  const bool folder = p.type == BASIN_TYPE_FOLDER;
  auto status = std::filesystem::status(path, error);
  if (folder ? std::filesystem::is_directory(status) : std::filesystem::is_regular_file(status)) return;
  std::string why = !std::filesystem::exists(status) ? "does not exist" : folder ? "is a file" : "is no file";
  throw Error("option '" + std::string(p.name) + "' of " + owner + " must be " + expected(p) + ", and '" + path + "' " +
                  why + from,
              BASIN_ERROR_IO);
}

// Where an option came from, when the script's line does not say it already.
std::string from(const Option& option) {
  return option.origin.starts_with("--") ? " (given by " + option.origin + ")" : "";
}

}  // namespace

Value parse_default(const basin_parameter& p) {
  const std::string text = trimmed(p.default_value ? p.default_value : "");
  Value value;
  auto list = [&](auto element) {
    std::vector<decltype(element)> out;
    std::string inner = text;
    if (inner.starts_with('{') && inner.ends_with('}')) inner = trimmed(inner.substr(1, inner.size() - 2));
    for (size_t at = 0; at < inner.size();) {
      size_t comma = std::min(inner.find(',', at), inner.size());
      if (!parse_number(trimmed(inner.substr(at, comma - at)), element)) return;
      out.push_back(element);
      at = comma + 1;
    }
    value = std::move(out);
  };
  switch (p.type) {
    case BASIN_TYPE_BOOLEAN:
      if (text == "true" || text == "false") value = text == "true";
      break;
    case BASIN_TYPE_INTEGER:
    case BASIN_TYPE_NUMBER:
      if (double v; parse_number(text, v)) value = v;
      if (int64_t v; parse_number(text, v)) value = v;
      break;
    case BASIN_TYPE_INTEGERS: list(int64_t{}); break;
    case BASIN_TYPE_NUMBERS: list(double{}); break;
    case BASIN_TYPE_COMPONENT: return text.empty() ? Value() : Value(text);
    default: value = text;
  }
  if (auto out = fitted(p, value)) return *out;
  throw Error("its default '" + text + "' is not " + expected(p), BASIN_ERROR_ABI);
}

Spec check_options(const Component& component, std::vector<Option> given) {
  const std::string owner = component.kind + " '" + component.name + "'";
  std::vector<std::string> names;
  for (auto* p : component.parameters) names.emplace_back(p->name);
  for (const auto& option : given) {
    if (std::find(names.begin(), names.end(), option.name) != names.end()) continue;
    std::string near = nearest(option.name, names);
    throw Error("unknown option '" + option.name + "' of " + owner + from(option) +
                    (near.empty() ? "; " : "; did you mean '" + near + "'? ") +
                    (names.empty() ? "It has none." : (near.empty() ? "it has: " : "It has: ") + joined(names) + "."),
                BASIN_ERROR_NOT_FOUND);
  }
  Spec spec{&component, {}};
  for (auto* p : component.parameters) {
    const Option* last = nullptr;  // --set comes after the script
    for (const auto& option : given)
      if (option.name == p->name && !std::holds_alternative<std::monostate>(option.value)) last = &option;
    if (!last && !p->default_value)
      throw Error("option '" + std::string(p->name) + "' of " + owner + " is required, " + expected(*p) +
                  (p->summary && *p->summary ? ": " + std::string(p->summary) : ""));
    Option option = last ? *last : Option{p->name, parse_default(*p), "default"};
    if (last) {
      auto value = fitted(*p, last->value);
      if (!value) {
        std::string near;
        if (auto* text = std::get_if<std::string>(&last->value); text && p->type == BASIN_TYPE_CHOICE)
          near = nearest(*text, choices_of(*p));
        throw Error("option '" + std::string(p->name) + "' of " + owner + " must be " + expected(*p, last->value) +
                    ", and " + came(last->value) + " was given" + from(option) +
                    (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
      }
      option.value = std::move(*value);
    }
    if (p->type == BASIN_TYPE_COMPONENT)
      if (auto* name = std::get_if<std::string>(&option.value))  // a default by name
        option.value = std::make_shared<const Spec>(check_options(Registry::instance().find(p->choices[0], *name), {}));
    if (p->type == BASIN_TYPE_FILE || p->type == BASIN_TYPE_FOLDER)
      if (const auto& path = std::get<std::string>(option.value); !path.empty() || !p->default_value)
        check_path(owner, *p, path, from(option));
    spec.options.push_back(std::move(option));
  }
  return spec;
}

}  // namespace basin
