// Plugins that were found and loaded, and the components they bring.
#pragma once
#include <filesystem>

#include "plugin/value.hpp"

namespace basin {

struct Plugin {
  std::filesystem::path file;
  std::string name, version, license, summary;
  bool pinned = false;
  std::string sha256;  // of the file, for run.json
  const basin_plugin* table = nullptr;
};

struct Component {
  const Plugin* plugin = nullptr;
  std::string kind, name, summary;  // kind: "optimizer", from the interface's id
  const basin_component* table = nullptr;
  std::vector<const basin_parameter*> parameters;
};

// One file that was looked at: loaded, refused (why), or hidden by an earlier one of the same name.
struct Sighting {
  std::filesystem::path file;
  enum { loaded, refused, hidden } fate;
  std::string reason;
  const Plugin* plugin = nullptr;
};

class Registry {
 public:
  static Registry& instance();

  // Searches folders in order: BASIN_PLUGIN_PATH, the project's plugins/, the user's data folder, the installation.
  // Files are only looked at (note read); each is loaded when something in it is asked for, or by load_all.
  void search(const std::vector<std::filesystem::path>& folders);
  const Plugin& load(const std::filesystem::path& file);  // Error: why it was refused, both sides, the remedy
  void load_all();

  // Error: the nearest name and where was looked.
  const Component& find(const std::string& kind, const std::string& name);
  std::vector<const Component*> components(const std::string& kind = "");
  const std::vector<Sighting>& sightings() const;
  const std::vector<std::filesystem::path>& folders() const;
};

}  // namespace basin
