// basin plugins, see the header.
#include "cli/plugins.hpp"

#include <algorithm>
#include <cstdio>

#include "abi/error.hpp"
#include "plugin/registry.hpp"
#include "script/component.hpp"

namespace basin::cli {
namespace {

const char* fate_of(const Sighting& s) {
  return s.fate == Sighting::loaded    ? "loaded"
         : s.fate == Sighting::hidden  ? "hidden"
         : s.fate == Sighting::refused ? "refused"
                                       : "found";
}

std::string with_fault(const std::filesystem::path& folder) {
  const std::string fault = folder_fault(folder);
  return folder.string() + (fault.empty() ? "" : "  (" + fault + ")");
}

// What a file has to do with the name, one line each; nothing where it has nothing to do with it.
std::vector<std::string> about(const Sighting& s, const std::string& name) {
  Registry& registry = Registry::instance();
  std::vector<std::string> out;
  std::string others;
  for (const Component* c : registry.components()) {
    if (!s.plugin || c->plugin != s.plugin) continue;
    if (c->name == name) out.push_back("used for " + c->kind + " '" + name + "'");
    else others += (others.empty() ? "" : ", ") + c->kind + " '" + c->name + "'";
  }
  for (const auto& [c, used] : registry.passed_over())
    if (s.plugin && c->plugin == s.plugin && c->name == name)
      out.push_back("not used for " + c->kind + " '" + name + "': found first in " + used->plugin->file.string());
  if (!out.empty() || s.file.filename() != name + ".basin.so") return out;
  if (!s.reason.empty()) return {s.reason};
  return {"brings no component '" + name + "'" + (others.empty() ? "" : ", but " + others)};
}

}  // namespace

int explain_plugin(const std::string& name) {
  Registry& registry = Registry::instance();
  registry.load_all();
  bool used = false;
  size_t files = 0, number = 0;
  const auto print_files = [&] {
    for (const Sighting& s : registry.sightings()) {
      const std::vector<std::string> lines = s.folder == number ? about(s, name) : std::vector<std::string>{};
      for (size_t i = 0; i < lines.size(); i++) {
        if (i == 0) std::printf("    %-7s  %s\n", fate_of(s), s.file.filename().c_str()), files++;
        std::printf("             %s\n", lines[i].c_str());
        used |= lines[i].starts_with("used for ");
      }
    }
  };
  std::printf("'%s' was looked for in, in this order:\n", name.c_str());
  print_files();  // loaded by their paths, ahead of all
  for (const auto& folder : registry.folders()) {
    std::printf("  %s\n", with_fault(folder).c_str());
    number++;
    print_files();
  }
  if (used) return 0;
  std::vector<std::string> names;
  for (const Component* c : registry.components()) names.push_back(c->name);
  const std::string near = nearest(name, names);
  if (files == 0)
    std::printf("no file is called %s.basin.so or brings a component of that name%s\n", name.c_str(),
                near.empty() ? "" : ("; did you mean '" + near + "'?").c_str());
  return 1;
}

int list_plugins(bool why) {
  Registry& registry = Registry::instance();
  registry.load_all();
  size_t width = 0;
  for (const Component* component : registry.components())
    width = std::max(width, component->kind.size() + component->name.size() + 1);
  const Component& process = script::process_component();
  std::printf("basin %s  What the program itself brings.\n    %-*s  %s\n", BASIN_VERSION, static_cast<int>(width),
              (process.kind + " " + process.name).c_str(), process.summary.c_str());
  for (const Plugin* plugin : registry.plugins()) {
    std::printf("%s %s  %s\n  %s\n", plugin->name.c_str(), plugin->version.c_str(), plugin->summary.c_str(),
                plugin->file.c_str());
    const auto print = [&](const Component& component, const std::string& text) {
      const std::string title = component.kind + " " + component.name;
      std::printf("    %-*s  %s\n", static_cast<int>(width), title.c_str(), text.c_str());
    };
    for (const Component* component : registry.components())
      if (component->plugin == plugin) print(*component, component->summary);
    for (const auto& [component, used] : registry.passed_over())
      if (component->plugin == plugin) print(*component, "not used: found first in " + used->plugin->file.string());
  }
  size_t refused = 0;
  for (const Sighting& s : registry.sightings()) refused += s.fate == Sighting::refused;
  if (!why) {
    if (registry.plugins().empty()) std::printf("no plugins were found; basin plugins --why says where was looked\n");
    if (refused)
      std::printf("%zu %s refused; basin plugins --why says why\n", refused, refused == 1 ? "file was" : "files were");
    return 0;
  }
  std::printf("folders, in the order of search:\n");
  for (const auto& folder : registry.folders()) std::printf("  %s\n", with_fault(folder).c_str());
  std::printf("files:\n");
  for (const Sighting& s : registry.sightings())
    std::printf("  %-7s  %s%s%s\n", fate_of(s), s.file.c_str(), s.reason.empty() ? "" : "\n           ",
                s.reason.c_str());
  return 0;
}

}  // namespace basin::cli
