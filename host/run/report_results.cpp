// The report's results: tables with intervals and protocol, curves, quantization, and metrics against each other.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "run/chart.hpp"
#include "run/parts.hpp"

namespace basin {
using nlohmann::json;
namespace {

std::string own_label(const Result& r) { return r.label.empty() ? "raw weights" : r.label; }

Estimate estimate_of(const json& scalar) {
  return {number_in(scalar, "value"), number_in(scalar, "low"), number_in(scalar, "high")};
}
Estimate first_of(const Result& r) {
  const auto& scalars = list_in(r.json, "scalars");
  return scalars.empty() ? Estimate{} : estimate_of(scalars[0]);
}
// "optimal_loss: gap" for the first number where it is not called as the metric is.
std::string first_name(const Result& r) {
  const auto& scalars = list_in(r.json, "scalars");
  const std::string name = scalars.empty() ? "" : text_in(scalars[0], "name");
  return name.empty() || r.metric.starts_with(name) ? r.metric : r.metric + ": " + name;
}

const json& member(const json& object, const char* key) {
  static const json none;
  return object.is_object() && object.contains(key) ? object[key] : none;
}
// The model that was measured, whose images they were where it was images; null where a protocol names none.
const json& model_of(const Result& r) {
  const json& protocol = member(r.json, "protocol");
  return protocol.is_object() && protocol.contains("images") ? member(protocol["images"], "model")
                                                             : member(protocol, "model");
}
bool of_images(const Result& r) { return member(r.json, "protocol").contains("images"); }
// The bits of the first quantizer that was attached to the model; NaN where there is none.
double bits_of(const Result& r) {
  for (const json& part : list_in(model_of(r), "attached"))
    if (const double bits = number_in(member(part, "options"), "bits"); std::isfinite(bits)) return bits;
  return NAN;
}

class Results {
 public:
  Results(const Everything& all, std::vector<std::string>& problems) : all_(all), problems_(problems) {}

  std::string write() {
    overview();
    for (size_t first = 0, end = 0; first < all_.results.size(); first = end) {
      while (end < all_.results.size() && all_.results[end].metric == all_.results[first].metric) end++;
      metric(first, end);
    }
    quantization();
    against();
    return std::move(out_);
  }

 private:
  bool several() const { return all_.runs.size() > 1; }
  std::string label_of(const Result& r) const {
    return several() ? all_.runs[r.run].label + ": " + own_label(r) : own_label(r);
  }
  std::string row_head(const Result& r) const {
    return (several() ? td(html_of(all_.runs[r.run].label)) : "") + td(html_of(own_label(r)));
  }
  std::vector<std::string> head_columns() const {
    return several() ? std::vector<std::string>{"run", "weights"} : std::vector<std::string>{"weights"};
  }

  // One line for each subject, the first number of every metric.
  void overview() {
    std::vector<std::string> metrics;
    std::map<std::pair<size_t, std::string>, std::map<std::string, std::string>> rows;
    std::map<std::pair<size_t, std::string>, const Result*> heads;
    for (const auto& r : all_.results) {
      if (std::find(metrics.begin(), metrics.end(), r.metric) == metrics.end()) metrics.push_back(r.metric);
      auto& entry = rows[{r.run, r.label}][r.metric];
      if (!list_in(r.json, "scalars").empty())
        entry += (entry.empty() ? "" : "<br>") + html_of(first_of(r));  // measured twice, differently
      heads.emplace(std::pair(r.run, r.label), &r);
    }
    if (metrics.size() < 2) return;
    std::string body;
    for (auto& [key, values] : rows) {
      body += "<tr>" + row_head(*heads[key]);
      for (const auto& metric : metrics) body += td(values[metric], "n");
      body += "</tr>";
    }
    auto columns = head_columns();
    columns.insert(columns.end(), metrics.begin(), metrics.end());
    out_ += "<h2>Results</h2>\n" + table_of(columns, body);
  }

  void metric(size_t first, size_t end) {
    std::vector<std::string> names, curves, planes;
    for (size_t i = first; i < end; i++) {
      auto add = [](std::vector<std::string>& all, const json& items) {
        for (const auto& item : items)
          if (auto name = text_in(item, "name"); std::find(all.begin(), all.end(), name) == all.end())
            all.push_back(name);
      };
      add(names, list_in(all_.results[i].json, "scalars"));
      add(curves, list_in(all_.results[i].json, "curves"));
      add(planes, list_in(all_.results[i].json, "grids"));
    }
    std::string body;
    std::vector<Interval> intervals;
    for (size_t i = first; i < end; i++) {
      const Result& r = all_.results[i];
      body += "<tr>" + row_head(r);
      for (const auto& name : names) {
        std::string text;
        for (const auto& scalar : list_in(r.json, "scalars"))
          if (text_in(scalar, "name") == name) text = html_of(estimate_of(scalar));
        body += td(text, "n");
      }
      const double seconds = number_in(r.json, "seconds");
      body += td(std::isfinite(seconds) ? number_of(seconds) : "", "n") + "</tr>";
      const Estimate e = first_of(r);
      if (std::isfinite(e.value)) intervals.push_back({label_of(r), e.value, e.low, e.high, r.run});
    }
    auto columns = head_columns();
    columns.insert(columns.end(), names.begin(), names.end());
    columns.push_back("seconds");
    out_ += "<h2>" + html_of(all_.results[first].metric) + "</h2>\n" + table_of(columns, body);
    protocol(first, end);
    if (intervals.size() > 1) out_ += intervals_of(first_name(all_.results[first]), intervals);
    if (!curves.empty()) {
      out_ += "<div class=\"charts\">";
      for (const auto& name : curves) curve(name, first, end);
      out_ += "</div>\n";
    }
    if (!planes.empty()) {
      out_ += "<div class=\"grids\">";
      for (const auto& name : planes) contours(name, first, end);
      out_ += "</div>\n";
    }
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
    Chart chart{all_.results[first].metric + ": " + name, "", {}, false, false, {}};
    for (size_t i = first; i < end; i++)
      for (const auto& item : list_in(all_.results[i].json, "curves")) {
        if (text_in(item, "name") != name) continue;
        chart.x_label = text_in(item, "x_label");
        Line line{label_of(all_.results[i]), {}, {}, {}, {}};
        auto numbers = [&](const char* key) { return numbers_of(list_in(item, key)); };
        line.x = numbers("x"), line.y = numbers("y"), line.low = numbers("low"), line.high = numbers("high");
        const size_t n = std::min(line.x.size(), line.y.size());
        line.x.resize(n), line.y.resize(n);
        if (line.low.size() != n || line.high.size() != n) line.low.clear(), line.high.clear();
        chart.lines.push_back(std::move(line));
      }
    chart.log_y = spans_decades(chart);
    out_ += svg_of(chart);
  }

  // Each in its own range of colours, which stands beside it.
  void contours(const std::string& name, size_t first, size_t end) {
    for (size_t i = first; i < end; i++)
      for (const auto& grid : list_in(all_.results[i].json, "grids")) {
        if (text_in(grid, "name") != name) continue;
        const std::string caption = all_.results[first].metric + ": " + name + ", " + label_of(all_.results[i]);
        try {
          const auto png = image::encode_png(image::contour(surface_of(grid)));
          out_ += "<figure><figcaption>" + html_of(caption) + "</figcaption>" +
                  img(caption, {reinterpret_cast<const char*>(png.data()), png.size()}) + "</figure>\n";
        } catch (const std::exception& e) {  // edited by hand, or a machine without OpenCV
          problems_.push_back(caption + " is not shown: " + e.what());
        }
      }
  }

  // Each metric against the bits of the weights; the model before it was quantized stands at the right as "full".
  void quantization() {
    std::string body;
    for (size_t first = 0, end = 0; first < all_.results.size(); first = end) {
      std::set<double> bits;
      while (end < all_.results.size() && all_.results[end].metric == all_.results[first].metric) {
        if (const double b = bits_of(all_.results[end]); std::isfinite(b)) bits.insert(b);
        end++;
      }
      if (bits.empty()) continue;
      Chart chart{
          first_name(all_.results[first]), "bits of the weights (full: before quantization)", {}, false, true, {}};
      for (double b : bits) chart.ticks.emplace_back(static_cast<double>(chart.ticks.size()), number_of(b));
      chart.ticks.emplace_back(static_cast<double>(chart.ticks.size()), "full");
      std::map<std::string, std::map<double, Estimate>> lines;  // by run and the model that was quantized, by place
      for (size_t i = first; i < end; i++) {
        const Result& r = all_.results[i];
        const double b = bits_of(r), place = static_cast<double>(std::distance(bits.begin(), bits.find(b)));
        Result base = r;
        if (std::isfinite(b)) {  // "ema, 8 bits" was made of "ema"
          const size_t comma = r.label.rfind(", ");
          base.label = comma == r.label.npos ? "" : r.label.substr(0, comma);
        }
        lines[label_of(base)][std::isfinite(b) ? place : static_cast<double>(bits.size())] = first_of(r);
      }
      double beside = -0.02 * static_cast<double>(lines.size() - 1);  // side by side, or intervals hide each other
      for (const auto& [name, places] : lines) {
        Line line{name, {}, {}, {}, {}};
        for (const auto& [place, e] : places) {
          line.x.push_back(place + beside), line.y.push_back(e.value);
          line.low.push_back(e.low), line.high.push_back(e.high);
        }
        chart.lines.push_back(std::move(line));
        beside += 0.04;
      }
      body += svg_of(chart);
    }
    if (!body.empty()) out_ += "<h2>Quantization</h2>\n<div class=\"charts\">" + body + "</div>\n";
  }

  // What is measured on a model (its flatness, its loss) against what is measured on its images, a dot a model.
  void against() {
    std::string body;
    std::map<std::string, std::vector<const Result*>> models, images;
    for (const auto& r : all_.results) (of_images(r) ? images : models)[r.metric].push_back(&r);
    for (const auto& [x_metric, xs] : models)
      for (const auto& [y_metric, ys] : images) {
        Chart chart{first_name(*ys[0]) + " against " + first_name(*xs[0]), first_name(*xs[0]), {}, false, true, {}};
        for (const Result* y : ys)
          for (const Result* x : xs) {
            if (x->run != y->run || x->label != y->label) continue;
            const Estimate ex = first_of(*x), ey = first_of(*y);
            if (std::isfinite(ex.value) && std::isfinite(ey.value))
              chart.lines.push_back({label_of(*y), {ex.value}, {ey.value}, {ey.low}, {ey.high}});
          }
        if (chart.lines.size() > 1) body += svg_of(chart);
      }
    if (!body.empty()) out_ += "<h2>Models against their images</h2>\n<div class=\"charts\">" + body + "</div>\n";
  }

  const Everything& all_;
  std::vector<std::string>& problems_;
  std::string out_;

 public:
  // Whether the values span more than two powers of ten.
  static bool spans_decades(const Chart& chart) {
    double low = HUGE_VAL, high = 0;
    for (const auto& line : chart.lines)
      for (double y : line.y)
        if (std::isfinite(y)) low = std::min(low, y), high = std::max(high, y);
    return low > 0 && high > 100 * low;
  }
};

}  // namespace

std::string results_html(const Everything& all, std::vector<std::string>& problems) {
  return Results(all, problems).write();
}

std::string training_html(const Everything& all) {
  std::vector<std::string> keys;
  for (const auto& run : all.runs)
    for (const auto& row : run.rows)
      for (const auto& [key, value] : row.items())
        if (value.is_number() && key != "step" && key != "segment" && key != "seconds" &&
            std::find(keys.begin(), keys.end(), key) == keys.end())
          keys.push_back(key);
  if (keys.empty()) return "";
  std::stable_partition(keys.begin(), keys.end(), [](const std::string& key) { return key == "loss"; });
  std::string out = "<h2>Training</h2>\n<div class=\"charts\">";
  for (const auto& key : keys) {
    Chart chart{key, "step", {}, false, false, {}};
    for (size_t i = 0; i < all.runs.size(); i++) {
      const Collected& run = all.runs[i];
      Line line{run.label, {}, {}, {}, {}, static_cast<int>(i)};
      for (const auto& row : run.rows)
        if (row.contains(key)) line.x.push_back(number_in(row, "step")), line.y.push_back(number_in(row, key.c_str()));
      if (!line.x.empty()) chart.lines.push_back(std::move(line));
    }
    chart.log_y = Results::spans_decades(chart);
    out += svg_of(chart);
  }
  return out + "</div>\n";
}

}  // namespace basin
