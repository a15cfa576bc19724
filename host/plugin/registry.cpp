// Which plugin files there are, which of them were loaded, and who brings which component.
#include "plugin/registry.hpp"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <set>
#include <tuple>

#include "abi/error.hpp"
#include "plugin/files.hpp"
#include "plugin/hash.hpp"
#include "plugin/load.hpp"
#include "plugin/note.hpp"
#include "plugin/words.hpp"

namespace basin {
namespace fs = std::filesystem;
namespace {

constexpr const char* kSuffix = ".basin.so";

std::string stem_of(const fs::path& file) {
  std::string name = file.filename().string();
  return name.ends_with(kSuffix) ? name.substr(0, name.size() - std::string(kSuffix).size()) : name;
}

// Whether the file's bytes hold the name as C holds a string. A file without it can bring no component of that name.
bool mentions(const fs::path& file, const std::string& name) {
  const std::string wanted = name + '\0';
  FileReader in(file);
  std::string bytes;  // the end of what was read before, and what is read now
  for (uint64_t at = 0; at < in.size();) {
    bytes.erase(0, bytes.size() - std::min(bytes.size(), wanted.size() - 1));
    const size_t kept = bytes.size(), n = std::min<uint64_t>(1 << 20, in.size() - at);
    bytes.resize(kept + n);
    in.read(bytes.data() + kept, n, at);
    if (bytes.find(wanted) != bytes.npos) return true;
    at += n;
  }
  return false;
}

}  // namespace

struct Registry::Impl {
  // One build of a plugin, for ever.
  struct Build {
    Plugin plugin;
    std::vector<Component> components;
    std::vector<RefusedComponent> refused;
  };
  std::vector<fs::path> folders;
  std::vector<Sighting> sightings;
  std::deque<Build> builds;
  std::map<const Plugin*, const Build*> build_of;
  std::map<std::pair<std::string, std::string>, const Component*> known;  // answers of find

  const Build& add(Loaded loaded) {
    Build& build =
        builds.emplace_back(Build{std::move(loaded.plugin), std::move(loaded.components), std::move(loaded.refused)});
    for (auto& component : build.components) component.plugin = &build.plugin;
    build_of[&build.plugin] = &build;
    return build;
  }

  // Loads a sighted file unless that was done or refused before; null where it cannot be used.
  const Build* open(Sighting& sighting) {
    if (sighting.fate == Sighting::loaded) return build_of[sighting.plugin];
    if (sighting.fate != Sighting::found) return nullptr;
    try {
      const Build& build = add(load_plugin(sighting.file));
      sighting.plugin = &build.plugin;
      sighting.fate = Sighting::loaded;
      return &build;
    } catch (const Error& e) {
      sighting.fate = Sighting::refused;
      sighting.reason = e.what();
      return nullptr;
    }
  }

  // Everything there is, by kind and name; of several, the one that is used comes first. Opens all files.
  std::map<std::pair<std::string, std::string>, std::vector<const Component*>> by_name() {
    std::map<std::pair<std::string, std::string>, std::vector<const Component*>> out;
    std::map<const Component*, Place> places;
    for (auto& sighting : sightings)
      if (const Build* build = open(sighting))
        for (const auto& component : build->components) {
          out[{component.kind, component.name}].push_back(&component);
          places[&component] = place(sighting, component.name);
        }
    for (auto& [key, components] : out)
      std::sort(components.begin(), components.end(), [&](auto* a, auto* b) { return places[a] < places[b]; });
    return out;
  }

  // Who goes first among the files that may bring a component of this name: the smaller one.
  using Place = std::tuple<size_t, bool, const Sighting*>;
  static Place place(const Sighting& sighting, const std::string& name) {
    return {sighting.folder, sighting.folder > 0 && stem_of(sighting.file) != name, &sighting};
  }

  // Whether a file that was found and not opened may bring a component of this name. One that cannot be read will say
  // why when it is opened.
  static bool may_bring(const Sighting& sighting, const std::string& name) {
    if (sighting.fate != Sighting::found || stem_of(sighting.file) == name) return true;
    try {
      return mentions(sighting.file, name);
    } catch (const Error&) {
      return true;
    }
  }

  static const Component* in(const Build& build, const std::string& kind, const std::string& name) {
    for (const auto& component : build.components)
      if (component.kind == kind && component.name == name) return &component;
    return nullptr;
  }

  void look_at(const fs::path& file, std::set<std::string>& seen) {
    Sighting sighting{file, Sighting::found, "", nullptr, folders.size()};
    std::string name = file.filename().string();
    if (!name.ends_with(kSuffix) || name.size() == std::string(kSuffix).size()) {
      sighting.fate = Sighting::refused;
      sighting.reason = "'" + file.string() + "' is not taken for a plugin: its name does not end in " + kSuffix;
    } else if (!seen.insert(stem_of(file)).second) {
      auto first = std::find_if(sightings.begin(), sightings.end(),
                                [&](const Sighting& other) { return other.file.filename() == file.filename(); });
      sighting.fate = Sighting::hidden;
      sighting.reason = "'" + file.string() + "' is hidden by '" + first->file.string() + "'";
    } else {
      try {
        FileReader in(file);
        check_note(read_note(in), file, engine_version());
      } catch (const Error& e) {
        sighting.fate = Sighting::refused;
        sighting.reason = e.what();
      }
    }
    sightings.push_back(std::move(sighting));
  }
};

Registry& Registry::instance() {
  static auto* registry = new Registry;  // plugins are never unloaded, so nothing of this ends before the process
  return *registry;
}

Registry::Registry() : impl_(std::make_unique<Impl>()) {}
Registry::~Registry() = default;

void Registry::search(const std::vector<fs::path>& folders) {
  std::set<std::string> seen;
  for (const auto& sighting : impl_->sightings) seen.insert(stem_of(sighting.file));
  for (const auto& folder : folders) {
    auto same = [&](const fs::path& other) {
      std::error_code error;
      return other == folder || fs::equivalent(other, folder, error);
    };
    if (std::any_of(impl_->folders.begin(), impl_->folders.end(), same)) continue;
    impl_->folders.push_back(folder);
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
      if (it->path().extension() == ".so") files.push_back(it->path());
    std::sort(files.begin(), files.end());  // a folder's own order is that of the disk
    for (const auto& file : files) impl_->look_at(file, seen);
  }
}

const Plugin& Registry::load(const fs::path& file) {
  std::error_code error;
  auto at = std::find_if(impl_->sightings.begin(), impl_->sightings.end(),
                         [&](const Sighting& s) { return s.file == file || fs::equivalent(s.file, file, error); });
  if (at != impl_->sightings.end() && at->fate == Sighting::loaded && at->plugin->sha256 == sha256_file(file))
    return *at->plugin;
  const auto& build = impl_->add(load_plugin(file));
  impl_->known.clear();
  if (at == impl_->sightings.end())
    at = impl_->sightings.insert(impl_->sightings.begin(), Sighting{file, {}, "", nullptr, 0});
  at->fate = Sighting::loaded;
  at->reason = "";
  at->plugin = &build.plugin;
  return build.plugin;
}

void Registry::load_all() {
  for (auto& sighting : impl_->sightings) impl_->open(sighting);
}

const Component& Registry::find(const std::string& kind, const std::string& name) {
  auto& found = impl_->known[{kind, name}];
  if (found) return *found;
  std::vector<Sighting*> order;
  for (auto& sighting : impl_->sightings) order.push_back(&sighting);
  std::sort(order.begin(), order.end(),
            [&](auto* a, auto* b) { return Impl::place(*a, name) < Impl::place(*b, name); });

  std::string why;  // a file or component of that very name that was refused
  for (Sighting* sighting : order) {
    if (!Impl::may_bring(*sighting, name)) continue;
    const auto* build = impl_->open(*sighting);
    if (!build) {
      if (sighting->fate == Sighting::refused && stem_of(sighting->file) == name && why.empty()) why = sighting->reason;
      continue;
    }
    if ((found = Impl::in(*build, kind, name))) return *found;
    for (const auto& component : build->refused)
      if (component.kind == kind && component.name == name)
        why = kind + " '" + name + "' of '" + sighting->file.string() + "' " + component.why;
  }
  impl_->known.erase({kind, name});
  if (!why.empty()) throw Error(why, BASIN_ERROR_ABI);

  auto all = kinds();
  if (std::find(all.begin(), all.end(), kind) == all.end()) {
    std::string near = nearest(kind, all);
    throw Error("there is no kind of component '" + kind + "'" +
                    (near.empty() ? "." : "; did you mean '" + near + "'?") + " There are: " + joined(all) + ".",
                BASIN_ERROR_NOT_FOUND);
  }
  std::vector<std::string> names, places;
  for (const auto* component : components(kind)) {
    if (component->name == name) return *(impl_->known[{kind, name}] = component);  // a name that no file holds as such
    names.push_back(component->name);
  }
  for (const auto& folder : impl_->folders) {
    const std::string fault = folder_fault(folder);
    places.push_back(folder.string() + (fault.empty() ? "" : " (which " + fault + ")"));
  }
  auto refused = std::count_if(impl_->sightings.begin(), impl_->sightings.end(),
                               [](const Sighting& s) { return s.fate == Sighting::refused; });
  std::string near = nearest(name, names);
  throw Error("there is no " + kind + " '" + name + "'" + (near.empty() ? "." : "; did you mean '" + near + "'?") +
                  (names.empty() ? "" : " There are: " + joined(names) + ".") +
                  " Looked in: " + (places.empty() ? "no folder" : joined(places)) + "." +
                  (refused == 0 ? ""
                                : " Of the files there " + std::to_string(refused) +
                                      " cannot be used; basin plugins --why says why."),
              BASIN_ERROR_NOT_FOUND);
}

std::vector<const Component*> Registry::components(const std::string& kind) {
  std::vector<const Component*> out;
  for (const auto& [key, components] : impl_->by_name())
    if (kind.empty() || key.first == kind) out.push_back(components.front());
  return out;
}

std::vector<std::pair<const Component*, const Component*>> Registry::passed_over() {
  std::vector<std::pair<const Component*, const Component*>> out;
  for (const auto& [key, components] : impl_->by_name())
    for (size_t i = 1; i < components.size(); i++) out.emplace_back(components[i], components.front());
  return out;
}

std::vector<const Plugin*> Registry::plugins() const {
  std::vector<const Plugin*> out;
  for (const auto& sighting : impl_->sightings)
    if (sighting.plugin) out.push_back(sighting.plugin);
  return out;
}

const std::vector<Sighting>& Registry::sightings() const { return impl_->sightings; }
const std::vector<fs::path>& Registry::folders() const { return impl_->folders; }

std::string folder_fault(const fs::path& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (status.type() == fs::file_type::not_found) return kFolderAbsent;
  if (!error && !fs::is_directory(status)) return "is no folder: name the folder that the plugins are in";
  if (!error) fs::directory_iterator(folder, error);
  if (!error) return "";
  if (error == std::errc::permission_denied)
    return "cannot be read: " + error.message() + " (give yourself the right to it: chmod u+rx on it and those above)";
  if (error == std::errc::too_many_symbolic_link_levels)
    return "cannot be read: " + error.message() + " (a link leads back to itself: remove it, or link to the folder)";
  return "cannot be read: " + error.message();
}

std::vector<std::string> kinds() {
  std::vector<std::string> out;
  for (const auto& kind : component_kinds()) out.emplace_back(kind.name);
  return out;
}

std::vector<fs::path> plugin_folders(const fs::path& project, const fs::path& installation) {
  std::vector<fs::path> out;
  auto variable = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value ? value : "";
  };
  std::string path = variable("BASIN_PLUGIN_PATH");
  for (size_t at = 0; at < path.size();) {
    size_t colon = std::min(path.find(':', at), path.size());
    if (colon > at) out.emplace_back(path.substr(at, colon - at));
    at = colon + 1;
  }
  out.push_back(project / "plugins");
  if (auto data = variable("XDG_DATA_HOME"); !data.empty()) out.push_back(fs::path(data) / "basin" / "plugins");
  else if (auto home = variable("HOME"); !home.empty()) out.push_back(fs::path(home) / ".local/share/basin/plugins");
  out.push_back(installation);
  return out;
}

}  // namespace basin
