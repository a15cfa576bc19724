// basin new: a folder with a plugin that already works, to start one's own from.
#pragma once

#include <filesystem>
#include <string>

namespace basin::cli {

struct Scaffold {
  std::string kind, name;        // "optimizer", "lion"
  std::filesystem::path folder;  // made; empty: NAME in the working directory
  std::string language = "c++";  // or "c"
};

// Writes the folder and prints what to type next. Error: a name that is no identifier, a folder that is in use, an
// unknown kind or language, a kind that has no template in C, or an SDK that is not installed.
void write_scaffold(const Scaffold& wanted);

}  // namespace basin::cli
