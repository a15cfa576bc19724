// Inside the room: opening one plugin file and checking everything it declares.
#pragma once
#include <string>
#include <vector>

#include "plugin/registry.hpp"

namespace basin {

// A component that this Basin cannot use, in a plugin that it can: of another draft of its interface.
struct RefusedComponent {
  std::string kind, name, why;
};

struct Loaded {
  Plugin plugin;
  std::vector<Component> components;  // their `plugin` is not set yet
  std::vector<RefusedComponent> refused;
};

// Reads the note, opens a private copy of the file (never unloaded), calls its entry, checks what came. Error: one
// sentence that names the file.
Loaded load_plugin(const std::filesystem::path& file);

// The kinds of component this Basin knows: the id of each one's interface, and the functions that the host calls without
// asking, in the order of the kind's struct, behind create and destroy.
struct Kind {
  const char *name, *interface;
  std::vector<const char*> needed;
};
const std::vector<Kind>& component_kinds();

}  // namespace basin
