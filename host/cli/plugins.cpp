// basin plugins, see the header.
#include "cli/plugins.hpp"

#include <algorithm>
#include <cstdio>

#include "plugin/registry.hpp"
#include "script/component.hpp"

namespace basin::cli {

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
    for (const Component* component : registry.components()) {
      if (component->plugin != plugin) continue;
      const std::string title = component->kind + " " + component->name;
      std::printf("    %-*s  %s\n", static_cast<int>(width), title.c_str(), component->summary.c_str());
    }
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
  for (const auto& folder : registry.folders()) {
    std::error_code error;
    std::printf("  %s%s\n", folder.c_str(), std::filesystem::is_directory(folder, error) ? "" : "  (not there)");
  }
  std::printf("files:\n");
  for (const Sighting& s : registry.sightings()) {
    const char* fate = s.fate == Sighting::loaded    ? "loaded"
                       : s.fate == Sighting::hidden  ? "hidden"
                       : s.fate == Sighting::refused ? "refused"
                                                     : "found";
    std::printf("  %-7s  %s%s%s\n", fate, s.file.c_str(), s.reason.empty() ? "" : "\n           ", s.reason.c_str());
  }
  return 0;
}

}  // namespace basin::cli
