// basin new, see the header.
//
// A template is a folder of the SDK, template/<kind>/, that builds and passes its test as it stands. The component in
// it is called my_<kind> and its type My<Kind>; a copy gets the new name in their places. The source in C computes the
// same as the one in C++, and everything beside them serves both.
#include "cli/scaffold.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>

#include "abi/error.hpp"
#include "plugin/files.hpp"
#include "plugin/registry.hpp"
#include "plugin/words.hpp"

namespace basin::cli {
namespace {

namespace fs = std::filesystem;

bool is_identifier(const std::string& name) {
  return !name.empty() && name[0] >= 'a' && name[0] <= 'z' && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// "My-Lion 2" -> "my_lion_2"; "" where nothing of it can stay.
std::string as_identifier(const std::string& name) {
  std::string out;
  for (unsigned char c : name) {
    if (c < 128 && std::isalnum(c)) out += static_cast<char>(std::tolower(c));
    else if (!out.empty() && out.back() != '_') out += '_';
  }
  out.erase(0, std::min(out.find_first_not_of("0123456789_"), out.size()));
  while (!out.empty() && out.back() == '_') out.pop_back();
  return out;
}

// sign_momentum -> SignMomentum
std::string camel_case(const std::string& name) {
  std::string out;
  bool begins = true;
  for (char c : name) {
    if (c != '_') out += begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    begins = c == '_';
  }
  return out;
}

// What the SDK was installed under, or the build folder (which links to the source tree):
// PREFIX/share/basin/sdk/template.
fs::path find_prefix() {
  std::error_code error;
  const fs::path base = fs::read_symlink("/proc/self/exe", error).parent_path().parent_path();
  const std::vector<fs::path> places = {base, base.parent_path().parent_path()};  // PREFIX/lib/basin/bin/basin
  for (const fs::path& place : places)
    if (fs::is_directory(place / "share/basin/sdk/template", error)) return place;
  throw Error("the templates of the SDK are in none of " + (places[0] / "share/basin").string() + ", " +
                  (places[1] / "share/basin").string() + ": install the package basin-sdk of this version.",
              BASIN_ERROR_NOT_FOUND);
}

std::string source_name(const std::string& stem, const std::string& language) {
  return stem + (language == "c" ? ".c" : ".cpp");
}

void check(const Scaffold& wanted, const fs::path& folder) {
  const std::vector<std::string> known = kinds();
  if (std::find(known.begin(), known.end(), wanted.kind) == known.end()) {
    const std::string near = nearest(wanted.kind, known);
    throw Error("there is no kind of component '" + wanted.kind + "'" +
                (near.empty() ? "." : "; did you mean '" + near + "'?") + " There are: " + joined(known) + ".");
  }
  if (!is_identifier(wanted.name)) {
    const std::string fitting = as_identifier(wanted.name);
    throw Error("'" + wanted.name + "' cannot name a component: take a lower-case letter, then lower-case letters, " +
                "digits and '_'" + (fitting.empty() ? "." : "; for example '" + fitting + "'."));
  }
  if (wanted.language != "c" && wanted.language != "c++")
    throw Error("--lang is c or c++, and '" + wanted.language + "' was given.");
  std::error_code error;
  const fs::file_status status = fs::symlink_status(folder, error);
  if (fs::exists(status) && !(fs::is_directory(folder, error) && fs::is_empty(folder, error)))
    throw Error("'" + folder.string() + "' " +
                (fs::is_directory(folder, error) ? "exists and is not empty" : "is there already, and no folder") +
                ": name another place with --out, or remove it first.");
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// In a POSIX shell's words.
std::string quoted(const std::string& text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) || std::string_view("/._-+~=").find(static_cast<char>(c)) != std::string_view::npos;
  });
  return plain && !text.empty() ? text : "'" + replaced(text, "'", "'\\''") + "'";
}

// Whether find_package looks under this prefix by itself: a system one, or one whose programs are on the PATH.
bool is_searched(const fs::path& prefix) {
  if (prefix == "/usr" || prefix == "/usr/local") return true;
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "");
  std::error_code error;
  for (std::string folder; std::getline(folders, folder, ':');)
    if (!folder.empty() && fs::equivalent(folder, prefix / "bin", error)) return true;
  return false;
}

void say_what_next(const Scaffold& wanted, const fs::path& folder, const fs::path& prefix) {
  const bool vowel = std::string_view("aeiou").find(wanted.kind[0]) != std::string_view::npos;
  std::printf("%s: %s %s in %s that works; make it yours in %s\n\n", folder.c_str(), vowel ? "an" : "a",
              wanted.kind.c_str(), wanted.language == "c" ? "C" : "C++",
              source_name(wanted.name, wanted.language).c_str());
  const std::string where = is_searched(prefix) ? "" : " -DCMAKE_PREFIX_PATH=" + quoted(prefix.string());
  std::printf("  cd %s\n  cmake -B build%s && cmake --build build\n", quoted(folder.string()).c_str(), where.c_str());
  std::printf(
      "  BASIN_PLUGIN_PATH=build basin run --fresh test.lua\n  BASIN_PLUGIN_PATH=build basin run --fresh "
      "example.lua\n");
  for (const Sighting& s : Registry::instance().sightings())
    if (s.file.filename() == wanted.name + ".basin.so") {
      std::printf("\nThere is a plugin of this name already, %s: what stands in BASIN_PLUGIN_PATH goes before it.\n",
                  s.file.c_str());
      break;
    }
}

}  // namespace

void write_scaffold(const Scaffold& wanted) {
  const fs::path prefix = find_prefix(), templates = prefix / "share/basin/sdk/template";
  const fs::path folder = wanted.folder.empty() ? fs::path(wanted.name) : wanted.folder;
  check(wanted, folder);

  const std::string stem = "my_" + wanted.kind;
  const auto rename = [&](std::string text) {
    if (wanted.language == "c") {
      text = replaced(std::move(text), stem + ".cpp", stem + ".c");
      text = replaced(std::move(text), "LANGUAGES CXX", "LANGUAGES C");
    }
    text = replaced(std::move(text), "My" + camel_case(wanted.kind), camel_case(wanted.name + "_" + wanted.kind));
    return replaced(std::move(text), stem, wanted.name);
  };
  std::map<fs::path, std::string> files;  // all is read before anything is written
  for (const auto& entry : fs::directory_iterator(templates / wanted.kind)) {
    const std::string file = entry.path().filename().string();
    if (!entry.is_regular_file() || file == source_name(stem, wanted.language == "c" ? "c++" : "c")) continue;
    files[rename(file)] = rename(read_file(entry.path()));
  }
  make_folders(folder);
  for (const auto& [file, text] : files) write_file(folder / file, text);
  say_what_next(wanted, folder, prefix);
}

}  // namespace basin::cli
