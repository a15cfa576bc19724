// basin.toml, see the header.
#include "cli/settings.hpp"

#include <algorithm>
#include <cstdlib>
#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include "abi/cuda.hpp"
#include "abi/error.hpp"
#include "plugin/value.hpp"

namespace basin::cli {
namespace {

namespace fs = std::filesystem;

class Reader {
 public:
  explicit Reader(const fs::path& file) : file_(file) {}

  [[noreturn]] void fail(const toml::node& node, const std::string& sentence) const {
    throw Error(place(node.source().begin.line) + ": " + sentence);
  }
  std::string place(toml::source_index line) const { return file_.string() + ":" + std::to_string(line); }
  template <class T>
  Said<T> said(const toml::node& node, T value) const {
    return {std::move(value), place(node.source().begin.line)};
  }

  std::string text(const toml::node& node, const std::string& key) const {
    if (const auto value = node.value_exact<std::string>()) return *value;
    fail(node, "'" + key + "' must be a string, got " + type_of(node));
  }
  std::string choice(const toml::node& node, const std::string& key, const std::vector<std::string>& choices) const {
    const std::string value = text(node, key);
    if (std::find(choices.begin(), choices.end(), value) != choices.end()) return value;
    std::string all;
    for (const std::string& c : choices) all += (all.empty() ? "" : ", ") + c;
    const std::string near = nearest(value, choices);
    fail(node, "'" + key + "' must be one of " + all + ", got '" + value + "'" +
                   (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
  fs::path path(const toml::node& node, const std::string& key) const {
    const std::string value = text(node, key);
    const char* home = std::getenv("HOME");
    if (value.starts_with("~/") && home) return fs::path(home) / value.substr(2);
    return file_.has_parent_path() ? file_.parent_path() / value : fs::path(value);
  }
  void unknown(const toml::key& key, const std::vector<std::string>& known) const {
    const std::string word(key.str()), near = nearest(word, known);
    std::string all;
    for (const std::string& k : known) all += (all.empty() ? "" : ", ") + k;
    throw Error(place(key.source().begin.line) + ": unknown key '" + word + "'" +
                (near.empty() ? "; known are: " + all : "; did you mean '" + near + "'?"));
  }
  static std::string type_of(const toml::node& node) {
    switch (node.type()) {
      case toml::node_type::table: return "a table";
      case toml::node_type::array: return "a list";
      case toml::node_type::string: return "a string";
      case toml::node_type::integer: return "an integer";
      case toml::node_type::floating_point: return "a number";
      case toml::node_type::boolean: return "true or false";
      default: return "a date or time";
    }
  }

 private:
  fs::path file_;
};

toml::table parse(const fs::path& file) {
  try {
    return toml::parse_file(file.string());
  } catch (const toml::parse_error& e) {
    throw Error(file.string() + ":" + std::to_string(e.source().begin.line) + ": " + std::string(e.description()));
  }
}

// A value that an argument of a script can have: a number, a string, true or false, a list of numbers.
Value argument_value(const Reader& reader, const toml::node& node, const std::string& name) {
  if (const auto v = node.value_exact<bool>()) return *v;
  if (const auto v = node.value_exact<int64_t>()) return *v;
  if (const auto v = node.value_exact<double>()) return *v;
  if (const auto v = node.value_exact<std::string>()) return *v;
  const toml::array* list = node.as_array();
  if (!list) reader.fail(node, "'" + name + "' must be a number, a string, true, false or a list of numbers");
  std::vector<double> numbers;
  bool whole = true;
  for (const toml::node& element : *list) {
    if (!element.is_number())
      reader.fail(element, "'" + name + "' must be a list of numbers, got " + reader.type_of(element) + " in it");
    whole = whole && element.is_integer();
    numbers.push_back(*element.value<double>());
  }
  if (whole) return std::vector<int64_t>(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace

std::vector<Option> read_config(const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error))
    throw Error("--config names no file: '" + file.string() + "' " +
                    (fs::exists(file, error) ? "is a folder" : "does not exist"),
                BASIN_ERROR_IO);
  const toml::table table = parse(file);
  const Reader reader(file);
  std::vector<Option> options;
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    options.push_back({name, argument_value(reader, node, name), reader.place(key.source().begin.line)});
  }
  return options;
}

Toml read_toml(const fs::path& file) {
  Toml out;
  std::error_code error;
  if (!fs::exists(file, error)) return out;
  if (fs::is_directory(file, error)) throw Error("'" + file.string() + "' is a folder, and must be a file of settings");
  const toml::table table = parse(file);
  const Reader reader(file);
  for (const auto& [key, node] : table) {
    if (key == "plugins") {
      const toml::array* list = node.as_array();
      if (!list) reader.fail(node, "'plugins' must be a list of folders: plugins = [\"build/plugins\"]");
      for (const toml::node& folder : *list) {
        if (!folder.is_string())
          reader.fail(folder, "'plugins' must be a list of folders, plugins = [\"build/plugins\"], got " +
                                  reader.type_of(folder) + " in it");
        out.plugins.push_back(reader.path(folder, "plugins"));
      }
    } else if (key == "data") {
      const toml::table* folders = node.as_table();
      if (!folders) reader.fail(node, "'data' must be a table of folders: [data] cifar10 = \"/data/cifar10\"");
      for (const auto& [name, folder] : *folders)
        out.data[std::string(name.str())] = reader.said(folder, reader.path(folder, std::string(name.str())).string());
    } else if (key == "device") {
      const std::string word = reader.text(node, "device");
      const auto devices = {"auto", "cpu", "cuda", "cuda:N"};
      out.device =
          reader.said(node, is_device(word) ? word : reader.choice(node, "device", {devices.begin(), devices.end()}));
    } else if (key == "precision") {
      out.precision = reader.said(node, reader.choice(node, "precision", {"fp32", "bf16"}));
    } else if (key == "runs") {
      out.runs = reader.said(node, reader.path(node, "runs"));
    } else if (key == "threads") {
      const auto value = node.value_exact<int64_t>();
      if (!value || *value < 1 || *value > 1024)  // as --threads
        reader.fail(node, "'threads' must be an integer from 1 to 1024");
      out.threads = reader.said(node, *value);
    } else {
      reader.unknown(key, {"plugins", "data", "device", "precision", "runs", "threads"});
    }
  }
  return out;
}

Toml read_settings() {
  const char *config = std::getenv("XDG_CONFIG_HOME"), *home = std::getenv("HOME");
  const fs::path folder = config && *config ? fs::path(config)
                          : home && *home   ? fs::path(home) / ".config"
                                            : fs::path();
  Toml user = folder.empty() ? Toml{} : read_toml(folder / "basin" / "basin.toml");
  Toml project = read_toml("basin.toml");
  Toml out = project;
  out.plugins.insert(out.plugins.end(), user.plugins.begin(), user.plugins.end());
  out.data.insert(user.data.begin(), user.data.end());  // what the project says stays
  if (!out.device) out.device = user.device;
  if (!out.precision) out.precision = user.precision;
  if (!out.runs) out.runs = user.runs;
  if (!out.threads) out.threads = user.threads;
  return out;
}

}  // namespace basin::cli
