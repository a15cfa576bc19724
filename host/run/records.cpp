// A run folder seen from outside: its record, rows and results, read with no more trust than any file deserves.
#include <algorithm>
#include <cctype>
#include <map>

#include "abi/error.hpp"
#include "plugin/files.hpp"
#include "run/run.hpp"
#include "run/summary.hpp"

namespace basin {
namespace fs = std::filesystem;
namespace {

fs::path result_file(const fs::path& folder, const std::string& key) {
  bool fits = !key.empty() && key.size() <= 200 && key[0] != '.';
  for (unsigned char c : key) fits = fits && (std::isalnum(c) || c == '-' || c == '_' || c == '.');
  if (!fits) throw Error("a result cannot be recorded as '" + key + "': a key has letters, digits, '-', '_' and '.'");
  return folder / "results" / (key + ".json");
}

}  // namespace

int64_t run_number(const fs::path& folder) {
  const std::string name = folder.filename().string();
  size_t digits = 0;
  while (digits < name.size() && std::isdigit(static_cast<unsigned char>(name[digits]))) digits++;
  return digits >= 5 && digits <= 12 && digits < name.size() && name[digits] == '-' ? std::stoll(name.substr(0, digits))
                                                                                    : -1;
}

void record_result(const fs::path& folder, const std::string& key, const nlohmann::json& value) {
  const auto file = result_file(folder, key);
  make_folders(file.parent_path());
  write_file(file, value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

std::optional<nlohmann::json> read_result(const fs::path& folder, const std::string& key) {
  const auto file = result_file(folder, key);
  std::error_code error;
  if (!fs::exists(file, error)) return std::nullopt;
  auto value = nlohmann::json::parse(read_file(file), nullptr, false);
  if (value.is_discarded())
    throw Error("'" + file.string() + "' is no JSON, so something else than Basin wrote it; remove it to measure again",
                BASIN_ERROR_IO);
  return value;
}

std::vector<nlohmann::json> read_metrics(const fs::path& folder) {
  const auto file = folder / "metrics.jsonl";
  std::error_code error;
  if (!fs::exists(file, error)) return {};
  const std::string text = read_file(file);
  struct Row {
    int64_t segment = 0;
    nlohmann::json values;
  };
  std::map<int64_t, Row> rows;  // by step
  int64_t latest = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    if (end == text.npos) break;  // cut short
    auto value = nlohmann::json::parse(text.begin() + static_cast<ptrdiff_t>(at),
                                       text.begin() + static_cast<ptrdiff_t>(end), nullptr, false);
    at = end + 1;
    if (!value.is_object() || !value.contains("step") || !value["step"].is_number_integer()) continue;
    const int64_t step = value["step"];
    const int64_t segment =
        value.contains("segment") && value["segment"].is_number_integer() ? value["segment"].get<int64_t>() : 0;
    if (segment > latest) rows.erase(rows.lower_bound(step), rows.end());  // a restart goes on from an earlier step
    latest = std::max(latest, segment);
    auto& row = rows[step];
    if (row.values.is_null() || row.segment != segment) row = {segment, std::move(value)};
    else row.values.update(value);  // two rows of one step complete each other
  }
  std::vector<nlohmann::json> out;
  for (auto& [step, row] : rows) out.push_back(std::move(row.values));
  return out;
}

RunEntry read_run(const fs::path& folder) {
  RunEntry entry{folder, {}, ""};
  const auto file = folder / "run.json";
  try {
    entry.record = nlohmann::json::parse(read_file(file), nullptr, false);
    if (!entry.record.is_object() || !entry.record.value("hash", nlohmann::json()).is_string() ||
        !entry.record.value("name", nlohmann::json()).is_string())
      entry.problem = "'" + file.string() + "' is not as Basin wrote it, so this run is passed over";
  } catch (const Error& e) {
    entry.problem = std::string(e.what()) + "; this run is passed over";
  }
  return entry;
}

std::vector<fs::path> run_folders(const fs::path& root) {
  std::vector<fs::path> out;
  std::error_code error;
  for (fs::directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (run_number(it->path()) >= 0 && it->is_directory(ignored)) out.push_back(it->path());
  }
  std::sort(out.begin(), out.end(), [](const fs::path& a, const fs::path& b) {
    return std::pair(run_number(a), a) < std::pair(run_number(b), b);
  });
  return out;
}

std::vector<RunEntry> list_runs(const fs::path& root) {
  std::vector<RunEntry> out;
  for (const auto& folder : run_folders(root)) out.push_back(read_run(folder));
  return out;
}

}  // namespace basin
