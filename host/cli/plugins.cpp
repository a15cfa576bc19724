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
  for (const auto& folder : registry.folders()) {
    const std::string fault = folder_fault(folder);
    std::printf("  %s%s\n", folder.c_str(), fault.empty() ? "" : ("  (" + fault + ")").c_str());
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
