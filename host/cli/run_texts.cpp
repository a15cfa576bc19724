// Texts about runs, see the header.
#include "cli/run_texts.hpp"

#include <algorithm>
#include <cmath>

#include "run/chart.hpp"
#include "run/compare.hpp"
#include "run/progress.hpp"
#include "run/summary.hpp"
#include "script/numbers.hpp"

namespace basin::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using script::Cell;

Cell cell_of(const Estimate& e) {
  if (!std::isfinite(e.value)) return {.text = "-"};
  return {.text = "", .number = true, .value = e.value, .low = e.low, .high = e.high};
}
Cell cell_of(const std::string& text) {
  constexpr size_t kLongest = 60;  // of a terminal's line
  return {.text = text.empty() ? "-" : text.size() > kLongest ? text.substr(0, kLongest - 3) + "..." : text};
}

json json_of(const Estimate& e) {
  if (!std::isfinite(e.value)) return nullptr;
  return {{"value", e.value}, {"low", e.low}, {"high", e.high}};
}

std::string head_of(const Collected& run, const Summary& summary) {
  std::string out = run.folder.string() + ": " + (summary.state.empty() ? "nothing trained" : summary.state);
  const auto fact = [&](const char* name) {
    for (const Fact& f : summary.facts)
      if (f.name == name) return f.value;
    return json();
  };
  const json step = fact("step"), steps = fact("steps"), seconds = fact("seconds"), loss = fact("loss");
  if (step.is_number()) out += ", step " + step.dump() + (steps.is_number() ? " of " + steps.dump() : "");
  if (seconds.is_number()) out += " in " + duration_text(seconds);
  if (loss.is_number()) out += ", loss " + number_of(loss);
  out += "\n";
  if (!summary.problem.empty()) out += summary.problem + "\n";
  if (summary.state == "died" && !summary.last_line.empty())
    out += "the last line of its log: " + summary.last_line + "\n";
  if (const json message = fact("message"); summary.state == "failed" && message.is_string())
    out += message.get<std::string>() + "\n";
  if (const json created = fact("created"); created.is_string()) out += "begun " + created.get<std::string>();
  if (const json command = fact("command"); command.is_string()) out += " by: " + command.get<std::string>();
  return out + "\n";
}

std::string files_in(const fs::path& folder, const char* part) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder / part, error), end; !error && it != end; it.increment(error))
    names.push_back("  " + (fs::path(part) / it->path().filename()).string() + "\n");
  std::sort(names.begin(), names.end());
  std::string out;
  for (const auto& name : names) out += name;
  return out;
}

}  // namespace

std::string run_text(const Everything& all, size_t index, bool all_options) {
  const Collected& run = all.runs[index];
  std::string out = head_of(run, summarize(run.folder));
  std::vector<std::vector<Cell>> rows;
  for (const auto& result : all.results)
    if (result.run == index)
      for (const auto& scalar : list_in(result.json, "scalars"))
        rows.push_back(
            {{.text = result.metric},
             {.text = text_in(scalar, "name")},
             {.text = result.label.empty() ? "raw weights" : result.label},
             cell_of(Estimate{number_in(scalar, "value"), number_in(scalar, "low"), number_in(scalar, "high")})});
  if (!rows.empty()) out += "\n" + script::table_text({"metric", "number", "weights", "value"}, rows);
  rows.clear();
  size_t defaults = 0;
  for (const auto& option : list_in(run.record, "options")) {
    const std::string origin = text_in(option, "origin"), name = text_in(option, "name");
    if (name.empty() || !option.contains("value")) continue;
    if (origin == "default" && !all_options) defaults++;
    else rows.push_back({cell_of(name), cell_of(text_of(option["value"])), cell_of(origin)});
  }
  if (!rows.empty()) out += "\n" + script::table_text({"option", "value", "from"}, rows);
  if (defaults > 0) out += "and " + std::to_string(defaults) + " at their defaults (--all shows them)\n";
  const std::string files = files_in(run.folder, "checkpoints") + files_in(run.folder, "samples");
  if (!files.empty()) out += "\nfiles\n" + files;
  for (const auto& problem : all.problems) out += problem + "\n";
  return out;
}

json run_json(const Everything& all, size_t index) {
  const Collected& run = all.runs[index];
  const Summary summary = summarize(run.folder);
  json out{{"folder", run.folder.string()},
           {"state", summary.state},
           {"record", run.record},
           {"rows", run.rows},
           {"results", json::array()}};
  if (!summary.problem.empty()) out["problem"] = summary.problem;
  if (!summary.last_line.empty()) out["last_line"] = summary.last_line;
  for (const auto& result : all.results)
    if (result.run == index) out["results"].push_back(result.json);
  return out;
}

namespace {

using Rows = std::vector<std::vector<Cell>>;

std::vector<std::string> columns_of(const Everything& all, std::vector<std::string> first) {
  for (const auto& run : all.runs) first.push_back(run.label);
  return first;
}

std::string settings_text(const Everything& all) {
  Rows rows;
  size_t same = 0;
  for (const auto& settings : {options_of(all), environment_of(all)})
    for (const Setting& s : settings) {
      if (!s.differs) {
        same++;
        continue;
      }
      auto& row = rows.emplace_back();
      row.push_back(cell_of(s.name));
      for (const auto& value : s.values) row.push_back(cell_of(value));
    }
  const std::string others = std::to_string(same) + " others are the same";
  if (rows.empty()) return "what differs\nnothing (" + others + ")\n";
  return "what differs\n" + script::table_text(columns_of(all, {"option"}), rows) + others + "\n";
}

std::string metrics_text(const Everything& all) {
  Rows rows;
  std::vector<std::string> caveats;
  if (const EqualStep at = equal_step_of(all); at.step >= 0) {
    auto& row = rows.emplace_back();
    row.push_back({.text = "training loss"});
    row.push_back({.text = "at step " + std::to_string(at.step)});
    for (double loss : at.loss) row.push_back(cell_of(Estimate{loss}));
  }
  for (const MetricRow& m : metrics_of(all)) {
    auto& row = rows.emplace_back();
    row.push_back(
        {.text = m.metric + (m.scalar == m.metric || m.metric.starts_with(m.scalar + " (") ? "" : ": " + m.scalar)});
    row.push_back({.text = m.label});
    for (const Estimate& e : m.values) row.push_back({.text = text_of(e)});
    for (const auto& c : m.caveats)
      if (const std::string line = m.metric + ", " + m.label + ": not one protocol: " + c + "\n";
          std::find(caveats.begin(), caveats.end(), line) == caveats.end())
        caveats.push_back(line);
  }
  if (rows.empty()) return "";
  std::string out = "\nmetrics\n" + script::table_text(columns_of(all, {"metric", "weights"}), rows);
  for (const auto& line : caveats) out += line;
  return out;
}

std::string samples_text(const std::vector<Cells>& cells) {
  Rows rows;
  for (const Cells& c : cells)
    for (size_t subject = 1; subject < c.subjects.size(); subject++) {
      double sum = 0, most = -1;
      int farthest = 0;
      for (int cell = 0; cell < c.count; cell++) {
        const double d = c.difference(subject, cell);
        sum += d;
        if (d > most) most = d, farthest = cell;
      }
      rows.push_back({{.text = c.title},
                      {.text = c.subjects[subject] + " from " + c.subjects[0]},
                      {.text = "", .number = true, .value = static_cast<double>(c.count)},
                      {.text = "", .number = true, .value = sum / c.count},
                      {.text = "", .number = true, .value = most},
                      {.text = "", .number = true, .value = static_cast<double>(c.first + farthest)}});
    }
  std::string out;
  if (!rows.empty())
    out = "\nsamples, cell by cell (root mean squared difference in grey levels, 0 to 255)\n" +
          script::table_text({"model", "difference", "cells", "mean", "largest", "of image"}, rows);
  for (const Cells& c : cells)
    for (const auto& caveat : c.caveats) out += c.title + ": " + caveat + "\n";
  return out;
}

}  // namespace

std::string comparison_text(const Everything& all, const std::vector<Cells>& cells) {
  std::string out;
  for (const auto& run : all.runs)
    if (!run.problem.empty()) out += run.problem + "\n";
  out += settings_text(all) + metrics_text(all) + samples_text(cells);
  for (const auto& problem : all.problems) out += problem + "\n";
  return out;
}

json comparison_json(const Everything& all, const std::vector<Cells>& cells) {
  json out{{"runs", json::array()},    {"differs", json::object()}, {"same", json::object()},
           {"metrics", json::array()}, {"samples", json::array()},  {"problems", all.problems}};
  for (const auto& run : all.runs) out["runs"].push_back({{"label", run.label}, {"folder", run.folder.string()}});
  for (const auto& settings : {options_of(all), environment_of(all)})
    for (const Setting& s : settings)
      if (s.differs) out["differs"][s.name] = s.values;
      else out["same"][s.name] = s.values.empty() ? "" : s.values[0];
  if (const EqualStep at = equal_step_of(all); at.step >= 0) out["loss"] = {{"step", at.step}, {"values", at.loss}};
  for (const MetricRow& m : metrics_of(all)) {
    auto values = json::array();
    for (const Estimate& e : m.values) values.push_back(json_of(e));
    out["metrics"].push_back(
        {{"metric", m.metric}, {"number", m.scalar}, {"weights", m.label}, {"values", values}, {"caveats", m.caveats}});
  }
  for (const Cells& c : cells) {
    json differences = json::array();
    for (size_t subject = 0; subject < c.subjects.size(); subject++) {
      differences.push_back(json::array());
      for (int cell = 0; cell < c.count; cell++) differences.back().push_back(c.difference(subject, cell));
    }
    out["samples"].push_back({{"title", c.title},
                              {"subjects", c.subjects},
                              {"first", c.first},
                              {"difference", differences},
                              {"caveats", c.caveats}});
  }
  return out;
}

}  // namespace basin::cli
