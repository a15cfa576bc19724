// basin runs, show, compare, report and export: looking at run folders. None of them changes one.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace basin::cli {

struct RunCommands {
  std::string root;                // --runs
  std::vector<std::string> runs;   // RUN: a number, a name, a folder
  std::vector<std::string> where;  // --where
  std::string sort, columns, out, title, format;
  size_t limit = 0;
  bool reverse = false, json = false, rebuild = false, names = false, all = false, results = false;
};

void add_run_commands(CLI::App& app, RunCommands& commands);

// Where the command line named one of them: does it; the exit code. default_root: where runs are unless --runs says.
std::optional<int> run_command(const CLI::App& app, const RunCommands& commands,
                               const std::filesystem::path& default_root);

}  // namespace basin::cli
