// basin.plugins: what was found; a rebuilt plugin taken up without a new start.
#include <algorithm>

#include "plugin/registry.hpp"
#include "script/component.hpp"
#include "script/engine.hpp"

namespace basin::script {
namespace {

namespace fs = std::filesystem;

nlohmann::json described(const Plugin& plugin) {
  nlohmann::json components = nlohmann::json::array();
  for (const Component* component : Registry::instance().components())
    if (component->plugin == &plugin)
      components.push_back({{"kind", component->kind}, {"name", component->name}, {"summary", component->summary}});
  return {{"name", plugin.name},
          {"version", plugin.version},
          {"file", plugin.file.string()},
          {"summary", plugin.summary},
          {"components", std::move(components)}};
}

// What no plugin brings: the process is the host's (design: it is the mathematics that all kinds share).
nlohmann::json own() {
  const Component& process = process_component();
  return {{"name", "basin"},
          {"version", BASIN_VERSION},
          {"file", ""},
          {"summary", "What the program itself brings."},
          {"components", {{{"kind", process.kind}, {"name", process.name}, {"summary", process.summary}}}}};
}

int plugins(Call& c) {
  Registry::instance().load_all();
  lua_newtable(c.L);
  lua_Integer i = 0;
  give_json(c.L, own());
  lua_rawseti(c.L, -2, ++i);
  for (const Plugin* plugin : Registry::instance().plugins()) {
    give_json(c.L, described(*plugin));
    lua_rawseti(c.L, -2, ++i);
  }
  return 1;
}

// A file elsewhere than in the folders that the user named is native code that the script brings: as package.loadlib.
void check_trust(const fs::path& file, bool trust) {
  if (trust) return;
  std::error_code error;
  const fs::path real = fs::weakly_canonical(file, error);
  for (const fs::path& folder : Registry::instance().folders())
    if (real.parent_path() == fs::weakly_canonical(folder, error)) return;
  throw Error(
      "basin.plugins.reload of a path outside the plugin folders is off: it runs native code; name its folder in "
      "BASIN_PLUGIN_PATH or basin.toml, or say --trust");
}

// The file of a plugin's name (lion: lion.basin.so, the first one found), or the path itself.
fs::path file_of(const std::string& text, bool trust) {
  if (text.find('/') != text.npos) return check_trust(text, trust), text;
  std::vector<std::string> names;
  for (const Sighting& sighting : Registry::instance().sightings()) {
    if (sighting.fate == Sighting::hidden) continue;
    const std::string file = sighting.file.filename();
    names.push_back(file.substr(0, file.find('.')));
    if (file == text || names.back() == text) return sighting.file;
  }
  throw Error("no plugin '" + text + "' was found" + hint(text, names, "") +
              " (basin.plugins() lists what there is; a new file is loaded by its path, basin.plugins.reload \"build/" +
              text + ".basin.so\", from a plugin folder or with --trust)");
}

int reload(Call& c) {
  const Plugin& plugin = Registry::instance().load(file_of(c.string("name"), Engine::of(c.L).settings().trust));
  give_json(c.L, described(plugin));
  return 1;
}

}  // namespace

void add_plugins(lua_State* L, int library) {
  static const Function plugins_function{
      {.name = "basin.plugins",
       .summary = "All plugins that were found, each with its components; first what the program itself brings.",
       .returns = "{ name: string, version: string, file: string, summary: string, components: list }[]",
       .example = "for _, p in ipairs(basin.plugins()) do print(p.name) end"},
      plugins};
  static const Function reload_function{
      {.name = "basin.plugins.reload",
       .summary = "Loads a plugin's file as it is now: new objects use it, living ones keep the code they began with.",
       .fields = {{"name", "string",
                   "The plugin's name, or the path of a file, which then goes before all others; outside the plugin "
                   "folders it needs --trust."}},
       .returns = "{ name: string, version: string, file: string, summary: string, components: list }",
       .example = "basin.plugins.reload \"lion\""},
      reload};
  lua_newtable(L);
  push(L, reload_function);
  lua_setfield(L, -2, "reload");
  make_callable(L, plugins_function);
  lua_setfield(L, library, "plugins");
}

}  // namespace basin::script
