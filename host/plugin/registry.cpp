// Which plugin files there are, which of them were loaded, and who brings which component.
#include "plugin/registry.hpp"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <set>

#include "abi/error.hpp"
#include "plugin/hash.hpp"
#include "plugin/load.hpp"
#include "plugin/note.hpp"

namespace basin {
namespace fs = std::filesystem;
namespace {

constexpr const char* kSuffix = ".basin.so";

std::string stem_of(const fs::path& file) {
  std::string name = file.filename().string();
  return name.ends_with(kSuffix) ? name.substr(0, name.size() - std::string(kSuffix).size()) : name;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
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

  static const Component* in(const Build& build, const std::string& kind, const std::string& name) {
    for (const auto& component : build.components)
      if (component.kind == kind && component.name == name) return &component;
    return nullptr;
  }

  void look_at(const fs::path& file, std::set<std::string>& seen) {
    Sighting sighting{file, Sighting::found, "", nullptr};
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
        check_note(read_note(file), file, engine_version());
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
    at = impl_->sightings.insert(impl_->sightings.begin(), Sighting{file, {}, "", nullptr});
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
  auto rank = [&](const Sighting& s) {
    std::string stem = stem_of(s.file);
    return stem == name ? 0 : stem.find(name) != stem.npos ? 1 : 2;
  };
  std::vector<Sighting*> order;
  for (auto& sighting : impl_->sightings) order.push_back(&sighting);
  std::stable_sort(order.begin(), order.end(), [&](auto* a, auto* b) { return rank(*a) < rank(*b); });

  std::string why;  // a file or component of that very name that was refused
  for (Sighting* sighting : order) {
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
  for (const auto* component : components(kind)) names.push_back(component->name);
  for (const auto& folder : impl_->folders) {
    std::error_code error;
    places.push_back(folder.string() + (fs::is_directory(folder, error) ? "" : " (which is not there)"));
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
  load_all();
  std::map<std::pair<std::string, std::string>, const Component*> all;  // of two of a name, the first file's
  for (const auto& sighting : impl_->sightings)
    if (sighting.fate == Sighting::loaded)
      for (const auto& component : impl_->build_of[sighting.plugin]->components)
        if (kind.empty() || component.kind == kind) all.emplace(std::pair(component.kind, component.name), &component);
  std::vector<const Component*> out;
  for (const auto& [key, component] : all) out.push_back(component);
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
