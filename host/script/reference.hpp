// The records, written out: what help, docs/reference/*.md and basin.lua (the editor's type file) say of functions, types
// and components, and the list of names that may not vanish.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "script/bind.hpp"

namespace basin {
struct Component;
}

namespace basin::script {

// One parameter of a function, or one option of a component.
struct Entry {
  std::string name, type, summary;  // type: as in Field
  std::string fallback;             // as help shows it; "" where there is none to tell
  std::string range, unit;          // "at least 1"; "steps"
  std::string since;                // "": the function's, or its plugin's affair
  bool required = false;

  std::string sentence() const;  // "Radius of the ball. Default: 0.05. At least 0."
};
std::vector<Entry> entries_of(const Record& record);
std::vector<Entry> entries_of(const Component& component);

// basin.optimizer "sam" { base = basin.optimizer "adam" }: with all that is required.
std::string example_of(const Component& component);

// A page for each type and kind, README.md over them, and basin.lua. Of all plugins that the registry finds.
void write_reference(const std::filesystem::path& folder);
std::string type_file();  // basin.lua, in LuaCATS for the Lua language server

// Everything that scripts can name: "basin.zeros", "basin.zeros.sizes", "run.folder", "optimizer.sam.rho". A component
// came with some version of its plugin: its since is "".
struct Name {
  std::string name, since;
};
std::vector<Name> names();  // by name

}  // namespace basin::script
