// Exporting rows, see the header.
#include "run/export.hpp"

#include <algorithm>
#include <map>

namespace basin {
using nlohmann::json;
namespace {

std::string dumped(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

std::string field(const json& value) {
  if (value.is_null()) return "";
  if (!value.is_string() && !value.is_structured()) return dumped(value);
  std::string text = value.is_string() ? value.get<std::string>() : dumped(value);
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  for (size_t at = 0; (at = text.find('"', at)) != text.npos; at += 2) text.insert(at, 1, '"');
  return "\"" + text + "\"";
}

}  // namespace

std::vector<json> metric_rows(const Everything& all) {
  std::vector<json> out;
  for (const auto& run : all.runs)
    for (json row : run.rows) {
      row["run"] = run.folder.filename().string();
      out.push_back(std::move(row));
    }
  return out;
}

std::vector<json> result_rows(const Everything& all) {
  std::vector<json> out;
  for (const auto& r : all.results)
    for (const auto& scalar : list_in(r.json, "scalars")) {
      if (!scalar.is_object()) continue;
      const auto number = [&](const char* key) { return scalar.contains(key) ? scalar[key] : json(); };
      out.push_back({{"run", all.runs[r.run].folder.filename().string()},
                     {"metric", r.metric},
                     {"weights", r.label.empty() ? "raw weights" : r.label},
                     {"number", text_in(scalar, "name")},
                     {"value", number("value")},
                     {"low", number("low")},
                     {"high", number("high")},
                     {"protocol", r.json.value("protocol", json())}});
    }
  return out;
}

std::string csv_of(const std::vector<json>& rows) {
  std::vector<std::string> columns;
  for (const auto& row : rows)
    for (const auto& [key, value] : row.items())
      if (std::find(columns.begin(), columns.end(), key) == columns.end()) columns.push_back(key);
  const std::vector<std::string> first{"run", "metric", "weights", "number", "step", "value", "low", "high"};
  std::stable_sort(columns.begin(), columns.end(), [&](const std::string& a, const std::string& b) {
    return std::find(first.begin(), first.end(), a) < std::find(first.begin(), first.end(), b);
  });
  std::string out;
  for (size_t i = 0; i < columns.size(); i++) out += (i ? "," : "") + field(columns[i]);
  out += out.empty() ? "" : "\n";
  for (const auto& row : rows) {
    for (size_t i = 0; i < columns.size(); i++)
      out += (i ? "," : "") + (row.contains(columns[i]) ? field(row[columns[i]]) : "");
    out += "\n";
  }
  return out;
}

std::string jsonl_of(const std::vector<json>& rows) {
  std::string out;
  for (const auto& row : rows) out += dumped(row) + "\n";
  return out;
}

}  // namespace basin
