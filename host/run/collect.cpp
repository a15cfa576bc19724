// Reading run folders for the report.
#include "run/collect.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "abi/error.hpp"
#include "plugin/files.hpp"
#include "run/chart.hpp"
#include "run/run.hpp"

namespace basin {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

std::vector<fs::path> files_in(const fs::path& folder, const char* extension) {
  std::vector<fs::path> out;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (it->path().extension() == extension) out.push_back(it->path());
  std::sort(out.begin(), out.end());
  return out;
}

Collected collect_run(const fs::path& folder, size_t index, Everything& all) {
  Collected run;
  run.folder = folder;
  try {
    run.record = json::parse(read_file(run.folder / "run.json"), nullptr, false);
    if (!run.record.is_object()) run.problem = "'" + (run.folder / "run.json").string() + "' is not as Basin wrote it";
  } catch (const Error& e) {
    run.problem = e.what();
  }
  if (!run.record.is_object()) run.record = json::object();
  run.label = text_in(run.record, "name");
  if (run.label.empty()) run.label = run.folder.filename().string();
  try {
    run.rows = read_metrics(run.folder);
    std::error_code error;
    if (fs::exists(run.folder / "script.lua", error)) run.script = read_file(run.folder / "script.lua");
  } catch (const Error& e) {
    all.problems.push_back(e.what());
  }
  run.pictures = files_in(run.folder / "samples", ".png");
  collect_results(folder, index, all);
  return run;
}

std::string option_text(const json& value) {
  if (value.is_string()) return "\"" + value.get<std::string>() + "\"";
  return text_of(value);
}

}  // namespace

std::string text_in(const json& object, const char* key) {
  return object.is_object() && object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : "";
}

double number_in(const json& object, const char* key) {
  return object.is_object() && object.contains(key) && object[key].is_number()
             ? object[key].get<double>()
             : std::numeric_limits<double>::quiet_NaN();
}

const json& list_in(const json& object, const char* key) {
  static const json empty = json::array();
  return object.is_object() && object.contains(key) && object[key].is_array() ? object[key] : empty;
}

std::vector<double> numbers_of(const json& list) {
  std::vector<double> out;
  for (const auto& v : list) out.push_back(v.is_number() ? v.get<double>() : NAN);
  return out;
}

image::Surface surface_of(const json& grid) {
  image::Surface surface;
  surface.x = numbers_of(list_in(grid, "x")), surface.y = numbers_of(list_in(grid, "y"));
  for (const auto& row : list_in(grid, "z"))
    for (const double v : numbers_of(row)) surface.z.push_back(v);
  if (surface.x.size() < 2 || surface.y.size() < 2 || surface.z.size() != surface.x.size() * surface.y.size())
    throw Error("the grid '" + text_in(grid, "name") + "' has " + std::to_string(surface.z.size()) + " values for " +
                std::to_string(surface.x.size()) + " x " + std::to_string(surface.y.size()) + " points");
  surface.x_label = text_in(grid, "x_label"), surface.y_label = text_in(grid, "y_label");
  surface.z_label = text_in(grid, "name");
  return surface;
}

std::string extractor_of(const json& result) {
  const json* at = &result;
  if (at->is_object() && at->contains("protocol"))
    if (std::string called = text_in((*at)["protocol"], "extractor"); !called.empty()) return called;
  // A result of an earlier version.
  for (const char* key : {"protocol", "metric", "options", "features"}) {
    if (!at->is_object() || !at->contains(key)) return "";
    at = &(*at)[key];
  }
  return text_in(*at, "component");
}

std::string text_of(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return number_of(value.get<double>());
  std::string out;
  if (value.is_array()) {
    for (const auto& item : value) out += (out.empty() ? "" : ", ") + text_of(item);
    return value.size() == 1 ? out : "{" + out + "}";
  }
  if (!value.is_object()) return value.dump();
  const bool component = value.contains("component");
  const json& members = component && value.contains("options") ? value["options"] : value;
  if (members.is_object())
    for (const auto& [key, member] : members.items())
      if (!component || &members != &value || key != "component")
        out += (out.empty() ? "" : ", ") + key + " = " + option_text(member);
  if (!component) return "{ " + out + " }";
  return text_of(value["component"]) + (out.empty() ? "" : " { " + out + " }");
}

std::vector<std::pair<std::string, std::string>> lines_of(const json& protocol) {
  std::vector<std::pair<std::string, std::string>> out;
  if (!protocol.is_object()) return out;
  for (const auto& [key, value] : protocol.items()) {
    if (value.is_object() && !value.contains("component")) {
      for (auto& [inner, text] : lines_of(value)) out.emplace_back(key + "." + inner, std::move(text));
    } else {
      out.emplace_back(key, text_of(value));
      // What a component's description holds beside its options: the weights' hash, attached quantizers.
      if (value.is_object())
        for (const auto& [extra, member] : value.items())
          if (extra != "component" && extra != "options" && extra != "version")
            out.emplace_back(key + "." + extra, text_of(member));
    }
  }
  return out;
}

void collect_results(const fs::path& folder, size_t index, Everything& all) {
  // The newest first: it is the one that stands for what was measured again and again.
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  for (const auto& file : files_in(folder / "results", ".json")) {
    std::error_code error;
    files.emplace_back(fs::last_write_time(file, error), file);
  }
  std::stable_sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (const auto& [time, file] : files) {
    json value;
    try {
      value = json::parse(read_file(file), nullptr, false);
    } catch (const Error& e) {
      all.problems.push_back(e.what());
      continue;
    }
    if (!value.is_object()) {
      all.problems.push_back("'" + file.string() + "' is not as Basin wrote it, so it is left out");
      continue;
    }
    std::string metric = text_in(value, "metric");
    if (metric.empty()) continue;  // a result of another kind, which the script keeps for itself
    if (const std::string extractor = extractor_of(value); !extractor.empty()) metric += " (" + extractor + ")";
    all.results.push_back({index, std::move(metric), text_in(value, "label"), std::move(value)});
  }
}

Everything collect(const std::vector<fs::path>& runs) {
  Everything all;
  for (size_t i = 0; i < runs.size(); i++) all.runs.push_back(collect_run(runs[i], i, all));
  for (auto& run : all.runs) {  // two runs of one name are told apart by their folders
    const std::string label = run.label;
    if (std::count_if(all.runs.begin(), all.runs.end(), [&](const Collected& r) { return r.label == label; }) < 2)
      continue;
    for (auto& other : all.runs)
      if (other.label == label) other.label = other.folder.filename().string();
  }
  std::stable_sort(all.results.begin(), all.results.end(), [](const Result& a, const Result& b) {
    return std::tie(a.metric, a.run, a.label) < std::tie(b.metric, b.run, b.label);
  });
  return all;
}

}  // namespace basin
