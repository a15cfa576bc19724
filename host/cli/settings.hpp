// basin.toml: what a user, and a project, want for every script.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plugin/value.hpp"

namespace basin::cli {

// A value and where it came from: "basin.toml:3".
template <class T>
struct Said {
  T value;
  std::string origin;
};

struct Toml {
  std::vector<std::filesystem::path> plugins;     // folders with plugins
  std::map<std::string, Said<std::string>> data;  // data set -> its folder
  std::optional<Said<std::string>> device, precision;
  std::optional<Said<std::filesystem::path>> runs;
  std::optional<Said<int64_t>> threads;
};

// A file that is not there is an empty one. Paths are relative to the file's folder, "~/" is the user's home.
// Error: "basin.toml:3: unknown key 'devise'; did you mean 'device'?"
Toml read_toml(const std::filesystem::path& file);

// ~/.config/basin/basin.toml, then ./basin.toml over it (its plugin folders come first).
Toml read_settings();

// --config: values for the arguments that a script declares, NAME = VALUE, each with its line. Which names and types are
// right, the script says. Error: no such file, no TOML, a value that no argument can have.
std::vector<Option> read_config(const std::filesystem::path& file);

}  // namespace basin::cli
