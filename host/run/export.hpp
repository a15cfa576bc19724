// Runs as rows for other programs: CSV (RFC 4180) and JSON lines.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "run/collect.hpp"

namespace basin {

// {"run": folder, "step": 10, "loss": ...}, as training logged them; of a step that was repeated, the latest start's.
std::vector<nlohmann::json> metric_rows(const Everything& all);
// {"run", "metric", "weights", "number", "value", "low", "high", "protocol"}: one a number.
std::vector<nlohmann::json> result_rows(const Everything& all);

// A column for every key that a row has, "run" and "step" first; null and what is not finite are empty, text with a comma,
// a quote or a line end is quoted, and objects are their JSON.
std::string csv_of(const std::vector<nlohmann::json>& rows);
std::string jsonl_of(const std::vector<nlohmann::json>& rows);

}  // namespace basin
