// Writing report.html out of what was collected.
#include "run/report.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "abi/error.hpp"
#include "plugin/files.hpp"
#include "run/chart.hpp"
#include "run/collect.hpp"
#include "run/page.hpp"
#include "run/progress.hpp"

namespace basin {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr uint64_t kLargestPicture = 8 << 20;  // bytes; a larger one is named, not shown

std::string base64(const std::string& bytes) {
  static const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    uint32_t three = 0;
    for (size_t i = 0; i < 3; i++)
      three = three << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0);
    for (size_t i = 0; i < 4; i++) out += at + i <= bytes.size() ? digits[three >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

std::string cell(const std::string& text, const char* kind = "") {
  return "<td" + std::string(*kind ? " class=\"" : "") + kind + (*kind ? "\"" : "") + ">" + text + "</td>";
}

std::string table(const std::vector<std::string>& columns, const std::string& rows) {
  std::string out = "<div class=\"scroll\"><table><thead><tr>";
  for (const auto& column : columns) out += "<th>" + html_of(column) + "</th>";
  return out + "</tr></thead><tbody>" + rows + "</tbody></table></div>\n";
}

// "0.0573 [0.0551, 0.0595]"
std::string estimate(const json& scalar) {
  const double value = number_in(scalar, "value"), low = number_in(scalar, "low"), high = number_in(scalar, "high");
  if (!std::isfinite(value)) return "–";
  std::string out = number_of(value);
  if (std::isfinite(low) && std::isfinite(high))
    out += " <small>[" + number_of(low) + ", " + number_of(high) + "]</small>";
  return out;
}

class Page {
 public:
  Page(const Everything& all) : all_(all) {}

  std::string write(const std::string& title) {
    out_ =
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width, initial-scale=1\"><title>" +
        html_of(title) + "</title><style>" + kStyle + "</style></head><body>\n<h1>" + html_of(title) + "</h1>\n";
    head();
    overview();
    metrics();
    training();
    pictures();
    configuration();
    scripts();
    environment();
    return out_ + "<script>" + kScript + "</script></body></html>\n";
  }

 private:
  bool several() const { return all_.runs.size() > 1; }
  std::string label_of(const Result& r) const {
    const std::string own = r.label.empty() ? "raw weights" : r.label;
    return several() ? all_.runs[r.run].label + ": " + own : own;
  }
  std::string row_head(const Result& r) const {
    return (several() ? cell(html_of(all_.runs[r.run].label)) : "") +
           cell(html_of(r.label.empty() ? "raw weights" : r.label));
  }
  std::vector<std::string> head_columns() const {
    return several() ? std::vector<std::string>{"run", "weights"} : std::vector<std::string>{"weights"};
  }

  void head() {
    std::string rows;
    for (const auto& run : all_.runs) {
      const json state = run.record.value("state", json::object());
      const double step = number_in(state, "step"), seconds = number_in(state, "seconds"),
                   seed = number_in(run.record, "seed");
      rows += "<tr>" + cell(html_of(run.label)) + cell(html_of(text_in(state, "status"))) +
              cell(std::isfinite(step) ? number_of(step) : "", "n") +
              cell(std::isfinite(seconds) ? duration_text(seconds) : "", "n") +
              cell(std::isfinite(seed) ? number_of(seed) : "", "n") + cell(html_of(text_in(run.record, "precision"))) +
              cell(html_of(text_in(run.record, "created"))) + cell(html_of(run.folder.string())) + "</tr>";
    }
    out_ += table({"run", "state", "steps", "training time", "seed", "precision", "begun", "folder"}, rows);
    for (const auto& run : all_.runs)
      if (!run.problem.empty()) out_ += "<p class=\"problem\">" + html_of(run.problem) + "</p>\n";
    for (const auto& problem : all_.problems) out_ += "<p class=\"problem\">" + html_of(problem) + "</p>\n";
  }

  // One line for each subject, the first number of every metric.
  void overview() {
    std::vector<std::string> metrics;
    std::map<std::pair<size_t, std::string>, std::map<std::string, std::string>> rows;
    std::map<std::pair<size_t, std::string>, const Result*> heads;
    for (const auto& r : all_.results) {
      if (std::find(metrics.begin(), metrics.end(), r.metric) == metrics.end()) metrics.push_back(r.metric);
      auto& entry = rows[{r.run, r.label}][r.metric];
      const auto& scalars = list_in(r.json, "scalars");
      if (!scalars.empty())
        entry += (entry.empty() ? "" : "<br>") + estimate(scalars[0]);  // measured twice, differently
      heads.emplace(std::pair(r.run, r.label), &r);
    }
    if (metrics.size() < 2) return;
    std::string body;
    for (auto& [key, values] : rows) {
      body += "<tr>" + row_head(*heads[key]);
      for (const auto& metric : metrics) body += cell(values[metric], "n");
      body += "</tr>";
    }
    auto columns = head_columns();
    columns.insert(columns.end(), metrics.begin(), metrics.end());
    out_ += "<h2>Results</h2>\n" + table(columns, body);
  }

  void metrics() {
    for (size_t first = 0; first < all_.results.size();) {
      size_t end = first;
      while (end < all_.results.size() && all_.results[end].metric == all_.results[first].metric) end++;
      metric(first, end);
      first = end;
    }
  }

  void metric(size_t first, size_t end) {
    std::vector<std::string> names;
    std::vector<std::string> curves;
    for (size_t i = first; i < end; i++) {
      auto add = [](std::vector<std::string>& all, const json& items) {
        for (const auto& item : items)
          if (auto name = text_in(item, "name"); std::find(all.begin(), all.end(), name) == all.end())
            all.push_back(name);
      };
      add(names, list_in(all_.results[i].json, "scalars"));
      add(curves, list_in(all_.results[i].json, "curves"));
    }
    std::string body;
    for (size_t i = first; i < end; i++) {
      const Result& r = all_.results[i];
      body += "<tr>" + row_head(r);
      for (const auto& name : names) {
        std::string text;
        for (const auto& scalar : list_in(r.json, "scalars"))
          if (text_in(scalar, "name") == name) text = estimate(scalar);
        body += cell(text, "n");
      }
      const double seconds = number_in(r.json, "seconds");
      body += cell(std::isfinite(seconds) ? number_of(seconds) : "", "n") + "</tr>";
    }
    auto columns = head_columns();
    columns.insert(columns.end(), names.begin(), names.end());
    columns.push_back("seconds");
    out_ += "<h2>" + html_of(all_.results[first].metric) + "</h2>\n" + table(columns, body);
    protocol(first, end);
    if (curves.empty()) return;
    out_ += "<div class=\"charts\">";
    for (const auto& name : curves) curve(name, first, end);
    out_ += "</div>\n";
  }

  // What all results of a metric share, then what differs.
  void protocol(size_t first, size_t end) {
    std::vector<std::string> keys;
    std::vector<std::map<std::string, std::string>> values;
    for (size_t i = first; i < end; i++) {
      values.emplace_back();
      for (auto& [key, text] : lines_of(all_.results[i].json.value("protocol", json()))) {
        if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
        values.back()[key] = text;
      }
    }
    if (keys.empty()) return;
    std::string same, differs;
    for (const auto& key : keys) {
      const bool equal = std::all_of(values.begin(), values.end(), [&](auto& v) { return v[key] == values[0][key]; });
      if (equal) {
        same += "<dt>" + html_of(key) + "</dt><dd>" + html_of(values[0][key]) + "</dd>";
        continue;
      }
      differs += "<dt>" + html_of(key) + "</dt><dd>";
      for (size_t i = first; i < end; i++)
        differs += html_of(label_of(all_.results[i])) + ": " + html_of(values[i - first][key]) + "<br>";
      differs += "</dd>";
    }
    out_ += "<details><summary>protocol</summary><dl>" + same + differs + "</dl></details>\n";
  }

  void curve(const std::string& name, size_t first, size_t end) {
    Chart chart{all_.results[first].metric + ": " + name, "", {}, false};
    for (size_t i = first; i < end; i++)
      for (const auto& item : list_in(all_.results[i].json, "curves")) {
        if (text_in(item, "name") != name) continue;
        chart.x_label = text_in(item, "x_label");
        Line line{label_of(all_.results[i]), {}, {}, {}, {}};
        auto numbers = [&](const char* key) {
          std::vector<double> out;
          for (const auto& v : list_in(item, key)) out.push_back(v.is_number() ? v.get<double>() : NAN);
          return out;
        };
        line.x = numbers("x"), line.y = numbers("y"), line.low = numbers("low"), line.high = numbers("high");
        const size_t n = std::min(line.x.size(), line.y.size());
        line.x.resize(n), line.y.resize(n);
        if (line.low.size() != n || line.high.size() != n) line.low.clear(), line.high.clear();
        chart.lines.push_back(std::move(line));
      }
    chart.log_y = wide(chart);
    out_ += svg_of(chart);
  }

  // Whether the values span more than two powers of ten.
  static bool wide(const Chart& chart) {
    double low = HUGE_VAL, high = 0;
    for (const auto& line : chart.lines)
      for (double y : line.y)
        if (std::isfinite(y)) low = std::min(low, y), high = std::max(high, y);
    return low > 0 && high > 100 * low;
  }

  void training() {
    std::vector<std::string> keys;
    for (const auto& run : all_.runs)
      for (const auto& row : run.rows)
        for (const auto& [key, value] : row.items())
          if (value.is_number() && key != "step" && key != "segment" && key != "seconds" &&
              std::find(keys.begin(), keys.end(), key) == keys.end())
            keys.push_back(key);
    if (keys.empty()) return;
    std::stable_partition(keys.begin(), keys.end(), [](const std::string& key) { return key == "loss"; });
    out_ += "<h2>Training</h2>\n<div class=\"charts\">";
    for (const auto& key : keys) {
      Chart chart{key, "step", {}, false};
      for (const auto& run : all_.runs) {
        Line line{run.label, {}, {}, {}, {}};
        for (const auto& row : run.rows)
          if (row.contains(key))
            line.x.push_back(number_in(row, "step")), line.y.push_back(number_in(row, key.c_str()));
        if (!line.x.empty()) chart.lines.push_back(std::move(line));
      }
      chart.log_y = wide(chart);
      out_ += svg_of(chart);
    }
    out_ += "</div>\n";
  }

  // "ema-8-bits" of ema-8-bits-15a2d243209a.png, whose end tells settings apart that have one label.
  static std::string caption_of(const fs::path& picture) {
    const std::string stem = picture.stem();
    const size_t dash = stem.rfind('-');
    return dash == stem.npos || stem.size() - dash != 13 ? stem : stem.substr(0, dash);
  }

  void pictures() {
    std::string body;
    for (const auto& run : all_.runs)
      for (const auto& file : run.pictures) {
        const std::string caption = (several() ? run.label + ": " : "") + caption_of(file);
        std::error_code error;
        const auto size = fs::file_size(file, error);
        try {
          if (error || size > kLargestPicture) {
            body += "<figure><figcaption>" + html_of(caption) +
                    "</figcaption><p class=\"soft\">too large to be shown here: " + html_of(file.string()) +
                    "</p></figure>\n";
            continue;
          }
          body += "<figure><figcaption>" + html_of(caption) + "</figcaption><img alt=\"" + html_of(caption) +
                  "\" src=\"data:image/png;base64," + base64(read_file(file)) + "\"></figure>\n";
        } catch (const Error& e) {
          body += "<p class=\"problem\">" + html_of(e.what()) + "</p>\n";
        }
      }
    if (!body.empty()) out_ += "<h2>Samples</h2>\n<div class=\"grids\">" + body + "</div>\n";
  }

  // Options with their origins; of several runs first those that differ.
  void configuration() {
    std::vector<std::string> names;
    std::vector<std::map<std::string, std::pair<std::string, std::string>>> values(all_.runs.size());
    for (size_t i = 0; i < all_.runs.size(); i++)
      for (const auto& option : list_in(all_.runs[i].record, "options")) {
        const std::string name = text_in(option, "name");
        if (name.empty()) continue;
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
        values[i][name] = {option.contains("value") ? text_of(option["value"]) : "", text_in(option, "origin")};
      }
    if (names.empty()) return;
    auto differs = [&](const std::string& name) {
      return std::any_of(values.begin(), values.end(), [&](auto& v) { return v[name].first != values[0][name].first; });
    };
    std::stable_partition(names.begin(), names.end(), differs);
    std::string body;
    for (const auto& name : names) {
      body += std::string("<tr") + (differs(name) ? " class=\"differs\">" : ">") + cell(html_of(name));
      for (auto& v : values)
        body += cell(
            html_of(v[name].first) +
            (v[name].second.empty() || v[name].second == "default"
                 ? ""
                 : " <span class=\"origin\">" + html_of(fs::path(v[name].second).filename().string()) + "</span>"));
      body += "</tr>";
    }
    std::vector<std::string> columns{"option"};
    for (const auto& run : all_.runs) columns.push_back(several() ? run.label : "value");
    out_ += "<h2>Configuration</h2>\n" + table(columns, body);
  }

  void scripts() {
    std::set<std::string> seen;
    for (const auto& run : all_.runs) {
      if (run.script.empty() || !seen.insert(run.script).second) continue;
      const std::string of = several() ? " of " + run.label : "";
      out_ += seen.size() == 1 ? "<h2>Script</h2>\n" : "";
      out_ +=
          "<details><summary>the script" + html_of(of) + "</summary><pre>" + html_of(run.script) + "</pre></details>\n";
    }
  }

  void environment() {
    std::string body;
    for (const auto& run : all_.runs) {
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
        body += "<details><summary>" + html_of(several() ? run.label : "versions, hardware, plugins") +
                "</summary><dl>" + lines + "</dl></details>\n";
    }
    if (!body.empty()) out_ += "<h2>Environment</h2>\n" + body;
  }

  const Everything& all_;
  std::string out_;
};

}  // namespace

void write_report(const fs::path& file, const std::vector<fs::path>& runs, const std::string& title) {
  if (runs.empty()) throw Error("a report needs at least one run");
  const Everything all = collect(runs);
  std::string heading = title;
  for (const auto& run : all.runs)
    if (title.empty()) heading += (heading.empty() ? "" : ", ") + run.label;
  write_file(file, Page(all).write(heading));
}

}  // namespace basin
