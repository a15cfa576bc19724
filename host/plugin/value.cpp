// Values as text and as JSON, and the search for what somebody may have meant.
#include "plugin/value.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "abi/error.hpp"
#include "plugin/registry.hpp"

namespace basin {
namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

// The shortest text that reads back as the same number.
std::string number_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char text[32];
  const bool whole = value == std::floor(value) && std::abs(value) < 1e15;  // 1000000, not 1e+06
  auto end = whole ? std::to_chars(text, text + sizeof text, static_cast<int64_t>(value)).ptr
                   : std::to_chars(text, text + sizeof text, value).ptr;
  std::string out(text, end);
  if (auto e = out.find('e'); e != out.npos && e + 2 < out.size() && out[e + 2] == '0') out.erase(e + 2, 1);  // 1e-4
  return out;
}

// JSON has no infinity; an option may have one.
nlohmann::json number_json(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(number_text(value));
}

template <class List, class Text>
std::string list_text(const List& list, Text&& text) {
  std::string out = "{";
  for (size_t i = 0; i < list.size(); i++) out += (i ? ", " : " ") + text(list[i]);
  return out + (list.empty() ? "}" : " }");
}

std::string string_text(const std::string& value) {
  std::string out = "\"";
  for (char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') out += "\\n";
    else if (const auto byte = static_cast<unsigned char>(c); std::iscntrl(byte))  // a 0 would end a sentence
      out += "\\" + std::to_string(1000 + byte).substr(1);
    else out += c;
  }
  return out + "\"";
}

std::string spec_text(const Spec& spec) {
  std::string out = "basin." + spec.component->kind + " \"" + spec.component->name + "\" {";
  bool first = true;
  for (const auto& option : spec.options) {
    if (option.origin == "default") continue;
    out += (first ? " " : ", ") + option.name + " = " + to_text(option.value);
    first = false;
  }
  return out + (first ? "}" : " }");
}

// Edit distance with transpositions of neighbours (optimal string alignment).
size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); i++)
    for (size_t j = 0; j <= b.size(); j++) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

}  // namespace

const Value& Spec::operator[](const std::string& name) const {
  for (const auto& option : options)
    if (option.name == name) return option.value;
  throw Error(component->kind + " '" + component->name + "' declares no option '" + name + "'", BASIN_ERROR_NOT_FOUND);
}

nlohmann::json Spec::describe() const {
  nlohmann::json values = nlohmann::json::object();
  for (const auto& option : options)
    values[option.name] = std::visit(
        Overloaded{[](std::monostate) { return nlohmann::json(nullptr); }, [](double v) { return number_json(v); },
                   [](const std::vector<double>& v) {
                     auto out = nlohmann::json::array();
                     for (double x : v) out.push_back(number_json(x));
                     return out;
                   },
                   [](const std::shared_ptr<const Spec>& v) { return v ? v->describe() : nlohmann::json(nullptr); },
                   [](const std::shared_ptr<basin_object>& v) { return v ? v->describe() : nlohmann::json(nullptr); },
                   [](const auto& v) { return nlohmann::json(v); }},
        option.value);
  return {{"component", component->name},
          {"version", component->plugin ? component->plugin->version : ""},
          {"options", std::move(values)}};
}

std::string nearest(const std::string& word, const std::vector<std::string>& names) {
  std::string best;
  const size_t n = word.size();  // a short word is soon another one, a letter at once
  size_t least = n == 1 ? 1 : n <= 3 ? 2 : n <= 7 ? 3 : 4;
  for (const auto& name : names)
    if (size_t d = distance(word, name); d < least) least = d, best = name;
  if (!best.empty() || word.size() < 3) return best;
  for (const auto& name : names)  // "inception" may have meant "inception_v3"
    if (name.starts_with(word)) return name;
  return "";
}

std::string to_text(const Value& value) {
  return std::visit(
      Overloaded{
          [](std::monostate) -> std::string { return "nil"; },
          [](bool v) -> std::string { return v ? "true" : "false"; }, [](int64_t v) { return std::to_string(v); },
          [](double v) { return number_text(v); }, [](const std::string& v) { return string_text(v); },
          [](const std::vector<int64_t>& v) { return list_text(v, [](int64_t x) { return std::to_string(x); }); },
          [](const std::vector<double>& v) { return list_text(v, number_text); },
          [](const std::shared_ptr<const Spec>& v) { return v ? spec_text(*v) : "nil"; },
          [](const std::shared_ptr<basin_object>& v) { return v ? "a " + v->kind() : "nil"; }},
      value);
}

}  // namespace basin
