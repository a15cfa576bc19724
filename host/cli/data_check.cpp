// basin data check: the data set plugins are asked, none by name. One says by its status whether a place is nothing of
// its kind (NOT_FOUND) or something of its kind that is damaged.
#include <algorithm>
#include <cstdio>
#include <map>
#include <numeric>

#include "cli/data.hpp"
#include "data/dataset.hpp"
#include "plugin/options.hpp"
#include "run/progress.hpp"

namespace basin::cli {
namespace {

namespace fs = std::filesystem;

struct Reader {
  const Component* component;
  const basin_parameter* place;  // the option that is a folder, or a file
};

const basin_parameter* parameter(const Component& component, const std::string& name) {
  for (const basin_parameter* p : component.parameters)
    if (p->name == name) return p;
  return nullptr;
}

// The plugins that can be opened with nothing but a folder, or nothing but a file.
std::vector<Reader> readers(int32_t type) {
  std::vector<Reader> out;
  for (const Component* component : Registry::instance().components("dataset")) {
    const auto& all = component->parameters;
    const auto place = std::find_if(all.begin(), all.end(), [&](auto* p) { return p->type == type; });
    const bool enough = std::all_of(all.begin(), all.end(),
                                    [&](auto* p) { return p->default_value || (place != all.end() && p == *place); });
    if (place != all.end() && enough) out.push_back({component, *place});
  }
  return out;
}

// A name that no reader has is a mistake; one that some have not is none.
void check_names(const std::vector<Reader>& readers, const std::vector<std::string>& set) {
  std::vector<std::string> names;
  for (const Reader& reader : readers)
    for (const basin_parameter* p : reader.component->parameters) names.emplace_back(p->name);
  for (const std::string& text : set) {
    const size_t equals = text.find('=');
    if (equals == 0 || equals == text.npos) throw Error("--set takes name=value, got '" + text + "'");
    const std::string name = text.substr(0, equals), near = nearest(name, names);
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw Error("no data set has an option '" + name + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?"),
                  BASIN_ERROR_NOT_FOUND);
  }
}

// What was asked for with --set; and of a data set in parts, such as train and test, all.
std::vector<Option> options_of(const Reader& reader, const DataCheck& wanted) {
  std::vector<Option> out{{reader.place->name, wanted.path, "basin data check"}};
  const auto add = [&](const basin_parameter& p, const std::string& text, const std::string& origin) {
    basin_parameter as_default = p;
    as_default.default_value = text.c_str();
    try {
      out.push_back({p.name, parse_default(as_default), origin});
    } catch (const Error&) {
      throw Error("'" + text + "' (given by " + origin + ") is no value of the option '" + p.name + "': " + p.summary);
    }
  };
  if (const basin_parameter* split = parameter(*reader.component, "split"); split && split->choices)
    for (const char* const* choice = split->choices; *choice; ++choice)
      if (std::string(*choice) == "all") add(*split, "all", "basin data check");
  for (const std::string& text : wanted.set) {
    const size_t equals = text.find('=');
    if (const basin_parameter* p = parameter(*reader.component, text.substr(0, equals)))
      add(*p, text.substr(equals + 1), "--set");
  }
  return out;
}

std::string how_many(int64_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : what.ends_with("s") ? "es" : "s");
}

// Reads items; their labels are counted. "": nothing is wrong; else the sentence.
std::string read(const Dataset& data, const std::vector<int64_t>& items, std::map<int64_t, int64_t>& items_of) {
  try {
    Tensor labels;
    data.read(items, &labels);
    for (size_t i = 0; i < items.size(); ++i) ++items_of[labels.const_data_ptr<int64_t>()[i]];
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

// Reads everything, up to the first item with which something is wrong.
std::string read_all(const Dataset& data, std::map<int64_t, int64_t>& items_of) {
  constexpr int64_t kBatch = 64;
  Progress progress("reading", data.count());
  for (int64_t first = 0; first < data.count(); first += kBatch) {
    std::vector<int64_t> items(static_cast<size_t>(std::min(kBatch, data.count() - first)));
    std::iota(items.begin(), items.end(), first);
    progress.update(first);
    const std::string problem = read(data, items, items_of);
    if (problem.empty()) continue;
    // A batch is read by several threads: which of its items is the first?
    for (const int64_t item : items)
      if (const std::string own = read(data, {item}, items_of); !own.empty()) return own;
    return problem;
  }
  return "";
}

// "10 classes of 6000 images"
std::string classes_text(const Dataset& data, std::map<int64_t, int64_t> items_of) {
  const int64_t none = items_of[-1];
  items_of.erase(-1);
  if (items_of.empty()) return "no labels";
  const auto by_count = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto [least, most] = std::minmax_element(items_of.begin(), items_of.end(), by_count);
  std::string out = how_many(data.classes(), "class") + " of ";
  if (static_cast<int64_t>(items_of.size()) < data.classes()) out += "0 to " + std::to_string(most->second);
  else if (least->second == most->second) out += std::to_string(most->second);
  else out += std::to_string(least->second) + " to " + std::to_string(most->second);
  out += data.is_bytes() ? " images" : " items";
  return none ? out + ", and " + std::to_string(none) + " without a label" : out;
}

bool report(const DataCheck& wanted, const Reader& reader, const Dataset& data) {
  const auto& shape = data.shape();
  std::printf("%s: %s (dataset \"%s\")\n  %s, [%lld,%lld,%lld] %s\n", wanted.path.c_str(),
              reader.component->summary.c_str(), reader.component->name.c_str(),
              how_many(data.count(), data.is_bytes() ? "image" : "item").c_str(), static_cast<long long>(shape[0]),
              static_cast<long long>(shape[1]), static_cast<long long>(shape[2]),
              data.is_bytes() ? "uint8" : "float32");
  std::map<int64_t, int64_t> items_of;  // by label
  const std::string problem = read_all(data, items_of);
  if (problem.empty())
    std::printf("  %s\n  all of it was read, and nothing is wrong\n", classes_text(data, items_of).c_str());
  else std::printf("  %s\n  problem: %s\n", how_many(data.classes(), "class").c_str(), problem.c_str());
  return problem.empty();
}

}  // namespace

bool check_data(const DataCheck& wanted) {
  std::error_code failed;
  const fs::file_status status = fs::status(wanted.path, failed);
  if (!fs::exists(status)) throw Error("'" + wanted.path + "' does not exist", BASIN_ERROR_IO);
  Registry::instance().load_all();
  bool sound = true, known = false;
  std::string refusals;
  const std::vector<Reader> all = readers(fs::is_directory(status) ? BASIN_TYPE_FOLDER : BASIN_TYPE_FILE);
  check_names(all, wanted.set);
  for (const Reader& reader : all) {
    std::shared_ptr<const Dataset> data;
    try {
      data = Dataset::open(check_options(*reader.component, options_of(reader, wanted)));
    } catch (const Error& error) {
      if (error.status == BASIN_ERROR_NOT_FOUND) {
        refusals += "\n  " + std::string(error.what());
      } else {
        std::printf("%s: %s (dataset \"%s\")\n  problem: %s\n", wanted.path.c_str(), reader.component->summary.c_str(),
                    reader.component->name.c_str(), error.what());
        known = true, sound = false;
      }
      continue;
    }
    known = true;
    sound = report(wanted, reader, *data) && sound;
  }
  if (!known)
    throw Error("'" + wanted.path + "' is nothing that a data set plugin knows" + (refusals.empty() ? "." : ":") +
                refusals);
  return sound;
}

}  // namespace basin::cli
