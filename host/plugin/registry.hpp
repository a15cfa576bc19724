// Plugins that were found and loaded, and the components they bring.
#pragma once
#include <filesystem>

#include "plugin/value.hpp"

namespace basin {

struct Plugin {
  std::filesystem::path file;       // as it was found
  std::filesystem::path opened_as;  // its private copy, which is gone: the name that the linker and the log know
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

// One file that was looked at: loaded, refused (why), hidden by an earlier one of the same name, or found and not
// needed yet.
struct Sighting {
  std::filesystem::path file;
  enum Fate { loaded, refused, hidden, found } fate = found;
  std::string reason;
  const Plugin* plugin = nullptr;  // where loaded
  size_t folder = 0;               // the how-manieth of the search, from 1; 0: loaded by its path, ahead of all
};

class Registry {
 public:
  static Registry& instance();
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Looks at the files NAME.basin.so directly in these folders, in order; a folder that is not there is passed over.
  // Files are only looked at (note read); each is loaded when something in it is asked for, or by load_all. The first
  // file of a name wins, even if it is refused. [run thread], as all of this.
  void search(const std::vector<std::filesystem::path>& folders);

  // Loads this very file, ahead of all others. A file whose bytes have changed since is loaded beside its old build,
  // which stays; components are then found in the new one. Error: why it was refused, both sides, the remedy.
  const Plugin& load(const std::filesystem::path& file);
  void load_all();

  // The first one found: in the order of the folders; in a folder NAME.basin.so first, then the others. A file is
  // opened only if its bytes hold the name, so that one which crashes harms nobody who does not ask for what it brings.
  // Error: the nearest name, what there is (for which all are opened), and where was looked; or why the file of that
  // name was refused.
  const Component& find(const std::string& kind, const std::string& name);
  std::vector<const Component*> components(const std::string& kind = "");  // of everything; by kind, then name
  // What is never used, because the other of its kind and name was found first.
  std::vector<std::pair<const Component*, const Component*>> passed_over();
  std::vector<const Plugin*> plugins() const;  // loaded so far, in the order of search
  const std::vector<Sighting>& sightings() const;
  const std::vector<std::filesystem::path>& folders() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Why a folder cannot be searched: "cannot be read: Permission denied", or that it "is not there", which most of those
// that are searched are not; "" where it can.
constexpr const char* kFolderAbsent = "is not there";
std::string folder_fault(const std::filesystem::path& folder);

// The kinds of component this Basin knows: "model", "dataset", ...
std::vector<std::string> kinds();

// Where plugins are looked for: the parts of BASIN_PLUGIN_PATH (':' between), `project`/plugins, the user's data folder
// ($XDG_DATA_HOME/basin/plugins), and `installation`.
std::vector<std::filesystem::path> plugin_folders(const std::filesystem::path& project,
                                                  const std::filesystem::path& installation);

}  // namespace basin
