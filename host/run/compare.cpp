// Comparing runs, see the header.
#include "run/compare.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "run/chart.hpp"

namespace basin {
using nlohmann::json;
namespace {

class Settings {
 public:
  explicit Settings(size_t runs) : runs_(runs) {}
  void set(size_t run, const std::string& name, const std::string& value, const std::string& origin = "") {
    if (name.empty()) return;
    auto [at, fresh] = places_.emplace(name, list_.size());
    if (fresh) list_.push_back({name, std::vector<std::string>(runs_), std::vector<std::string>(runs_)});
    list_[at->second].values[run] = value;
    list_[at->second].origins[run] = origin;
  }
  std::vector<Setting> take() {
    for (auto& s : list_)
      s.differs = std::any_of(s.values.begin(), s.values.end(), [&](auto& value) { return value != s.values[0]; });
    std::stable_partition(list_.begin(), list_.end(), [](const Setting& s) { return s.differs; });
    return std::move(list_);
  }

 private:
  size_t runs_;
  std::vector<Setting> list_;
  std::map<std::string, size_t> places_;
};

// A protocol without what belongs to the model that was measured: what two measurements must share to be compared.
json shared_part(json protocol) {
  if (!protocol.is_object()) return json::object();
  const auto strip = [](json& part) {
    for (const char* key : {"model", "label"}) part.erase(key);
  };
  strip(protocol);
  if (protocol.contains("images") && protocol["images"].is_object()) strip(protocol["images"]);
  return protocol;
}

std::vector<std::string> caveats_of(const std::vector<const Result*>& results) {
  std::vector<std::string> keys, out;
  std::vector<std::map<std::string, std::string>> lines;
  for (const Result* r : results) {
    if (!r) continue;
    lines.emplace_back();
    for (auto& [key, text] : lines_of(shared_part(r->json.value("protocol", json())))) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
      lines.back()[key] = text;
    }
  }
  for (const auto& key : keys) {
    if (std::all_of(lines.begin(), lines.end(), [&](auto& of) { return of[key] == lines[0][key]; })) continue;
    std::string text = key + ": ";
    for (size_t i = 0; i < lines.size(); i++) text += (i ? " | " : "") + (lines[i][key].empty() ? "-" : lines[i][key]);
    out.push_back(text);
  }
  return out;
}

void add_rows(const std::vector<const Result*>& results, const std::string& label, std::vector<MetricRow>& out) {
  std::vector<std::string> scalars;
  std::string metric;
  for (const Result* r : results) {
    if (!r) continue;
    metric = r->metric;
    for (const auto& scalar : list_in(r->json, "scalars"))
      if (auto name = text_in(scalar, "name"); std::find(scalars.begin(), scalars.end(), name) == scalars.end())
        scalars.push_back(name);
  }
  const auto caveats = caveats_of(results);
  for (const auto& name : scalars) {
    MetricRow row{metric, name, label, std::vector<Estimate>(results.size()), caveats};
    for (size_t i = 0; i < results.size(); i++)
      if (results[i])
        for (const auto& scalar : list_in(results[i]->json, "scalars"))
          if (text_in(scalar, "name") == name)
            row.values[i] = {number_in(scalar, "value"), number_in(scalar, "low"), number_in(scalar, "high")};
    out.push_back(std::move(row));
  }
}

}  // namespace

std::vector<Setting> options_of(const Everything& all) {
  Settings settings(all.runs.size());
  for (size_t i = 0; i < all.runs.size(); i++)
    for (const auto& option : list_in(all.runs[i].record, "options"))
      settings.set(i, text_in(option, "name"),
                   option.is_object() && option.contains("value") ? text_of(option["value"]) : "",
                   text_in(option, "origin"));
  return settings.take();
}

std::vector<Setting> environment_of(const Everything& all) {
  Settings settings(all.runs.size());
  for (size_t i = 0; i < all.runs.size(); i++) {
    const json& record = all.runs[i].record;
    for (const char* part : {"versions", "hardware"})
      if (record.contains(part))
        for (const auto& [key, value] : lines_of(record[part])) settings.set(i, key, value);
    for (const auto& plugin : list_in(record, "plugins"))
      settings.set(i, "plugin " + text_in(plugin, "name"),
                   text_in(plugin, "version") + ", sha256 " + text_in(plugin, "sha256").substr(0, 16));
  }
  return settings.take();
}

std::string text_of(const Estimate& e) {
  if (!std::isfinite(e.value)) return "-";
  std::string out = number_of(e.value);
  if (std::isfinite(e.low) && std::isfinite(e.high)) out += " [" + number_of(e.low) + ", " + number_of(e.high) + "]";
  return out;
}

std::vector<MetricRow> metrics_of(const Everything& all) {
  std::vector<std::pair<std::string, std::string>> order;  // metric, label
  std::map<std::pair<std::string, std::string>, std::vector<const Result*>> groups;
  for (const auto& r : all.results) {
    auto& group = groups[{r.metric, r.label}];
    if (group.empty()) order.emplace_back(r.metric, r.label);
    group.push_back(&r);
  }
  std::stable_sort(order.begin(), order.end(), [](auto& a, auto& b) { return a.first < b.first; });
  std::vector<MetricRow> out;
  for (const auto& key : order) {
    const auto& group = groups[key];
    std::set<size_t> seen;
    const bool twice =
        std::any_of(group.begin(), group.end(), [&](const Result* r) { return !seen.insert(r->run).second; });
    std::map<std::string, std::vector<const Result*>> sides;  // by protocol, where one run has several
    for (const Result* r : group) {
      auto& side = sides[twice ? shared_part(r->json.value("protocol", json())).dump() : ""];
      side.resize(all.runs.size());
      side[r->run] = r;
    }
    for (const auto& [protocol, side] : sides) add_rows(side, key.second.empty() ? "raw weights" : key.second, out);
  }
  return out;
}

EqualStep equal_step_of(const Everything& all) {
  std::map<int64_t, std::vector<double>> losses;
  for (size_t i = 0; i < all.runs.size(); i++)
    for (const auto& row : all.runs[i].rows)
      if (const double loss = number_in(row, "loss"); std::isfinite(loss) && row["step"].is_number_integer()) {
        auto& at = losses[row["step"].get<int64_t>()];
        at.resize(all.runs.size(), NAN);
        at[i] = loss;
      }
  for (auto it = losses.rbegin(); it != losses.rend(); ++it)
    if (std::all_of(it->second.begin(), it->second.end(), [](double v) { return std::isfinite(v); }))
      return {it->first, it->second};
  return {};
}

}  // namespace basin
