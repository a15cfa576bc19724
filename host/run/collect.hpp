// Inside the report: what a run folder holds, read with no trust in it, as the tables and charts want it.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "image/image.hpp"

namespace basin {

struct Result {
  size_t run = 0;             // index of the run
  std::string metric, label;  // "fid (small_features)", "ema, 8 bits"
  nlohmann::json json;        // an object
};

struct Collected {
  std::filesystem::path folder;
  std::string label;    // for tables
  std::string problem;  // one sentence where its record cannot be read
  nlohmann::json record = nlohmann::json::object();
  std::vector<nlohmann::json> rows;  // of metrics.jsonl
  std::vector<std::filesystem::path> pictures;
  std::string script;
};

struct Everything {
  std::vector<Collected> runs;
  std::vector<Result> results;        // by metric, run, label
  std::vector<std::string> problems;  // sentences about files that were passed over
};

Everything collect(const std::vector<std::filesystem::path>& runs);
// The results of one folder alone, added to `all`.
void collect_results(const std::filesystem::path& folder, size_t run, Everything& all);

// Members of JSON that may be anything: an empty value where there is none of the type.
std::string text_in(const nlohmann::json& object, const char* key);
double number_in(const nlohmann::json& object, const char* key);  // NaN
const nlohmann::json& list_in(const nlohmann::json& object, const char* key);
// A list of numbers; NaN for what is none, as JSON writes what is not finite.
std::vector<double> numbers_of(const nlohmann::json& list);
// A result's grid, without a title.
image::Surface surface_of(const nlohmann::json& grid);

// Whose features a result was measured in, such as "inception_v3 { layer = spatial }"; "" where there is none. A distance
// between images means nothing without it.
std::string extractor_of(const nlohmann::json& result);

// "uniform { bits = 8 }" for a described component, plain text for the rest.
std::string text_of(const nlohmann::json& value);
// A protocol as lines: nested objects by dotted names.
std::vector<std::pair<std::string, std::string>> lines_of(const nlohmann::json& protocol);

}  // namespace basin
