// Helpers of the plugin room's tests.
#pragma once
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "abi/handles.hpp"
#include "plugin/object.hpp"

#include "catch.hpp"  // after LibTorch, which has a CHECK of its own

namespace fs = std::filesystem;

// A folder that is gone after the test.
struct Scratch {
  fs::path path;
  Scratch() {
    std::string name = (fs::temp_directory_path() / "basin-test-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Scratch() {
    std::error_code ignored;
    fs::permissions(path, fs::perms::owner_all, ignored);
    fs::remove_all(path, ignored);
  }
};

inline void put(const fs::path& file, const std::string& bytes) { std::ofstream(file, std::ios::binary) << bytes; }

inline std::string get(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The sentence of the Error that body throws; "" where it throws none.
template <class F>
std::string sentence_of(F&& body) {
  try {
    body();
  } catch (const basin::Error& e) {
    return e.what();
  }
  return "";
}

inline fs::path toy(const std::string& name) { return fs::path(BASIN_BUILD) / "tests/toys" / (name + ".basin.so"); }

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

inline void start_host() {
  static const bool once = (basin::add_plugin_interfaces(), true);
  (void)once;
}
