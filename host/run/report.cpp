// Writing report.html out of what was collected: its frame, configuration, scripts and environment.
#include "run/report.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "abi/error.hpp"
#include "plugin/files.hpp"
#include "run/chart.hpp"
#include "run/page.hpp"
#include "run/parts.hpp"
#include "run/progress.hpp"
#include "run/summary.hpp"

namespace basin {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

std::string head(const Everything& all) {
  std::string rows, problems;
  for (const auto& run : all.runs) {
    const json state = run.record.value("state", json::object());
    const double step = number_in(state, "step"), seconds = number_in(state, "seconds"),
                 seed = number_in(run.record, "seed");
    std::string status = text_in(state, "status");
    if (status == "running" && !is_open(run.folder)) {
      status = "died";
      problems += "<p class=\"problem\">" + html_of(run.label) +
                  " died; the last line of its log: " + html_of(last_line_of(run.folder / "log.txt")) + "</p>\n";
    }
    rows += "<tr>" + td(html_of(run.label)) + td(html_of(status)) +
            td(std::isfinite(step) ? number_of(step) : "", "n") +
            td(std::isfinite(seconds) ? duration_text(seconds) : "", "n") +
            td(std::isfinite(seed) ? number_of(seed) : "", "n") + td(html_of(text_in(run.record, "precision"))) +
            td(html_of(text_in(run.record, "created"))) + td(html_of(run.folder.string())) + "</tr>";
    if (!run.problem.empty()) problems += "<p class=\"problem\">" + html_of(run.problem) + "</p>\n";
  }
  for (const auto& problem : all.problems) problems += "<p class=\"problem\">" + html_of(problem) + "</p>\n";
  return table_of({"run", "state", "steps", "training time", "seed", "precision", "begun", "folder"}, rows) + problems;
}

// Options with their origins; of several runs first those that differ.
std::string configuration(const Everything& all) {
  std::string body;
  for (const Setting& option : options_of(all)) {
    body += std::string("<tr") + (option.differs ? " class=\"differs\">" : ">") + td(html_of(option.name));
    for (size_t i = 0; i < option.values.size(); i++) {
      const std::string& origin = option.origins[i];
      body += td(html_of(option.values[i]) +
                 (origin.empty() || origin == "default"
                      ? ""
                      : " <span class=\"origin\">" + html_of(fs::path(origin).filename().string()) + "</span>"));
    }
    body += "</tr>";
  }
  if (body.empty()) return "";
  std::vector<std::string> columns{"option"};
  for (const auto& run : all.runs) columns.push_back(all.runs.size() > 1 ? run.label : "value");
  return "<h2>Configuration</h2>\n" + table_of(columns, body);
}

std::string scripts(const Everything& all) {
  std::set<std::string> seen;
  std::string out;
  for (const auto& run : all.runs) {
    if (run.script.empty() || !seen.insert(run.script).second) continue;
    const std::string of = all.runs.size() > 1 ? " of " + run.label : "";
    out +=
        "<details><summary>the script" + html_of(of) + "</summary><pre>" + html_of(run.script) + "</pre></details>\n";
  }
  return out.empty() ? "" : "<h2>Script</h2>\n" + out;
}

std::string environment(const Everything& all) {
  std::string body;
  for (const auto& run : all.runs) {
    std::string lines;
    auto add = [&](const std::string& key, const std::string& value) {
      if (!value.empty()) lines += "<dt>" + html_of(key) + "</dt><dd>" + html_of(value) + "</dd>";
    };
    add("command", text_in(run.record, "command"));
    add("hash", text_in(run.record, "hash"));
    for (const char* part : {"versions", "hardware"})
      for (const auto& [key, value] : lines_of(run.record.value(part, json()))) add(key, value);
    for (const auto& plugin : list_in(run.record, "plugins"))
      add("plugin " + text_in(plugin, "name"), text_in(plugin, "version") + ", sha256 " +
                                                   text_in(plugin, "sha256").substr(0, 16) + ", " +
                                                   text_in(plugin, "file"));
    if (!lines.empty())
      body += "<details><summary>" + html_of(all.runs.size() > 1 ? run.label : "versions, hardware, plugins") +
              "</summary><dl>" + lines + "</dl></details>\n";
  }
  return body.empty() ? "" : "<h2>Environment</h2>\n" + body;
}

}  // namespace

std::string td(const std::string& html, const char* kind) {
  return "<td" + std::string(*kind ? " class=\"" : "") + kind + (*kind ? "\"" : "") + ">" + html + "</td>";
}

std::string table_of(const std::vector<std::string>& columns, const std::string& rows) {
  std::string out = "<div class=\"scroll\"><table><thead><tr>";
  for (const auto& column : columns) out += "<th>" + html_of(column) + "</th>";
  return out + "</tr></thead><tbody>" + rows + "</tbody></table></div>\n";
}

std::string html_of(const Estimate& e) {
  if (!std::isfinite(e.value)) return "–";
  std::string out = number_of(e.value);
  if (std::isfinite(e.low) && std::isfinite(e.high))
    out += " <small>[" + number_of(e.low) + ", " + number_of(e.high) + "]</small>";
  return out;
}

void write_report(const fs::path& file, const std::vector<fs::path>& runs, const std::string& title) {
  if (runs.empty()) throw Error("a report needs at least one run");
  Everything all = collect(runs);
  std::string heading = html_of(title);
  for (const auto& run : all.runs)
    if (title.empty()) heading += (heading.empty() ? "" : ", ") + html_of(run.label);
  // First: what they cannot read is said at the top.
  const std::string pictures = pictures_html(all, all.problems), results = results_html(all, all.problems);
  write_file(file,
             "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
             "content=\"width=device-width, initial-scale=1\"><title>" +
                 heading + "</title><style>" + kStyle + "</style></head><body>\n<h1>" + heading + "</h1>\n" +
                 head(all) + results + training_html(all) + pictures + configuration(all) + scripts(all) +
                 environment(all) + "<script>" + kScript + "</script></body></html>\n");
}

}  // namespace basin
