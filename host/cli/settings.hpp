// basin.toml: what a user, and a project, want for every script.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace basin::cli {

struct Toml {
  std::vector<std::filesystem::path> plugins;  // folders with plugins
  std::map<std::string, std::string> data;     // data set -> its folder
  std::optional<std::string> device, precision;
  std::optional<std::filesystem::path> runs;
  std::optional<int64_t> threads;
  std::string origin;  // the file's name, for "where did this come from"
};

// A file that is not there is an empty one. Paths are relative to the file's folder, "~/" is the user's home.
// Error: "basin.toml:3: unknown key 'devise'; did you mean 'device'?"
Toml read_toml(const std::filesystem::path& file);

// ~/.config/basin/basin.toml, then ./basin.toml over it (its plugin folders come first).
Toml read_settings();

}  // namespace basin::cli
