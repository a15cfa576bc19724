// help(x): what a function, a component, a type or a name is, from the records that also check it.
#include <algorithm>

#include "plugin/registry.hpp"
#include "script/component.hpp"
#include "script/engine.hpp"
#include "script/help.hpp"
#include "script/reference.hpp"

namespace basin::script {
namespace {

std::string padded(const std::string& text, size_t width) {
  return text.size() < width ? text + std::string(width - text.size(), ' ') : text;
}

std::string fields_text(const std::vector<std::array<std::string, 3>>& rows) {
  size_t name = 0, type = 0;
  for (const auto& row : rows) name = std::max(name, row[0].size()), type = std::max(type, row[1].size());
  std::string text;
  for (const auto& row : rows) text += "  " + padded(row[0], name) + "  " + padded(row[1], type) + "  " + row[2] + "\n";
  return text;
}

std::string entries_text(const std::vector<Entry>& entries) {
  std::vector<std::array<std::string, 3>> rows;
  for (const Entry& e : entries) rows.push_back({e.name, e.type, e.sentence()});
  return fields_text(rows);
}

// All components, the host's own process among them.
std::vector<const Component*> all_components() {
  auto all = Registry::instance().components();
  all.push_back(&process_component());
  return all;
}

// One line for each component that basin.<kind> can make.
std::string list_of(const std::string& kind) {
  std::string text;
  for (const Component* component : all_components())
    if (component->kind == kind)
      text += "  basin." + kind + " \"" + component->name + "\": " + component->summary + "\n";
  return text;
}

}  // namespace

std::string help_for(const Function& function) {
  const Record& r = function.record;
  std::string call;
  for (const Field& field : r.fields)
    call += (call.empty() ? "" : ", ") + std::string(field.name) + (field.fallback ? "?" : "");
  std::string text = std::string(r.name) + (r.table ? " { " + call + " }" : "(" + call + ")") +
                     (*r.returns ? " -> " + std::string(r.returns) : "") + "\n  " + r.summary + "\n";
  text += entries_text(entries_of(r));
  if (*r.example) text += "  example: " + std::string(r.example) + "\n";
  const std::string name = r.name;  // of a factory: what it makes
  return text + (name.starts_with("basin.") ? list_of(name.substr(6)) : "");
}

std::string help_for(const Component& component) {
  std::string text = "basin." + component.kind + " \"" + component.name + "\" { ... }\n  " + component.summary + "\n";
  text += entries_text(entries_of(component));
  if (component.plugin)
    text += "  from plugin " + component.plugin->name + " " + component.plugin->version + ", " +
            component.plugin->file.string() + "\n";
  return text;
}

std::string help_option(const Component& component, const std::string& option) {
  std::vector<std::string> names;
  for (const Entry& entry : entries_of(component)) {
    if (entry.name == option)
      return "option of " + component.kind + " '" + component.name + "'\n" + entries_text({entry});
    names.push_back(entry.name);
  }
  throw Error(component.kind + " '" + component.name + "' has no option '" + option + "'" + hint(option, names),
              BASIN_ERROR_NOT_FOUND);
}

std::string help_for(const Type& type) {
  std::string text = std::string(type.name) + "\n  " + type.summary + "\n";
  std::vector<std::array<std::string, 3>> rows;
  for (const Property& p : type.properties) rows.push_back({std::string(".") + p.name, "", p.summary});
  for (const Function& m : type.methods)
    rows.push_back(
        {std::string(m.record.name).substr(std::string(m.record.name).find(':')) + (m.record.table ? " { }" : "()"), "",
         m.record.summary});
  return text + fields_text(rows);
}

std::string help_member(const Type& type, const std::string& name) {
  for (const Function& m : type.methods)
    if (std::string(m.record.name) == std::string(type.name) + ":" + name) return help_for(m);
  for (const Property& p : type.properties)
    if (p.name == name) return std::string(type.name) + "." + name + " -> " + p.type + "\n  " + p.summary + "\n";
  return "";
}

std::string help_named(const std::string& word) {
  std::string text;
  std::vector<std::string> names;
  const size_t dot = word.find('.');
  for (const Function* f : functions()) {
    const std::string name = f->record.name;
    const std::string last = name.substr(name.find_first_of(".:") + 1);
    names.push_back(name), names.push_back(last);
    if (word == name || word == last) text += help_for(*f);
  }
  for (const Type* t : types()) {
    names.push_back(t->name);
    if (word == t->name) text += help_for(*t);
    if (dot != word.npos && word.substr(0, dot) == t->name) text += help_member(*t, word.substr(dot + 1));
  }
  for (const Component* component : all_components()) {
    names.push_back(component->name);
    if (word == component->name) text += help_for(*component);
    if (dot != word.npos && word.substr(0, dot) == component->name)
      text += help_option(*component, word.substr(dot + 1));
  }
  if (!text.empty()) return text;
  std::string near = nearest(word, names);
  if (near.empty()) near = nearest(word.substr(word.find_last_of(".:") + 1), names);  // t:meen
  throw Error("there is no help for '" + word + "'" +
                  (near.empty() ? "; help() begins at the beginning" : "; did you mean '" + near + "'?"),
              BASIN_ERROR_NOT_FOUND);
}

std::string help_overview() {
  std::string text = "Basin in Lua. help(x) or ?x says more about a function, a component or a type.\n";
  std::vector<std::array<std::string, 3>> rows;
  std::vector<const Function*> list;
  for (const Function* f : functions()) {
    if (std::string(f->record.name).starts_with("basin.")) list.push_back(f);
  }
  std::sort(list.begin(), list.end(), [](auto* a, auto* b) { return std::string(a->record.name) < b->record.name; });
  for (const Function* f : list) rows.push_back({f->record.name, "", f->record.summary});
  text += fields_text(rows);
  text += "types: ";
  for (const Type* t : types()) text += std::string(t == types().front() ? "" : ", ") + t->name;
  return text + "\n";
}

std::string help_at(lua_State* L, int index) {
  if (lua_isnoneornil(L, index)) return help_overview();
  if (lua_type(L, index) == LUA_TSTRING) return help_named(text_at(L, index));
  if (const Function* f = function_at(L, index)) return help_for(*f);
  if (ComponentBox* box = component_at(L, index)) return help_for(*box->component) + help_for(*type_at(L, index));
  if (const Type* type = type_at(L, index)) return help_for(*type);
  if (lua_type(L, index) == LUA_TTABLE) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getfield(L, -1, "basin");
    const bool library = lua_rawequal(L, -1, index);
    lua_pop(L, 2);
    if (library) return help_overview();
  }
  return "there is no help for " + describe(L, index) + "\n";
}

namespace {
int help(Call& c) {
  std::string text = help_at(c.L, c.index("what"));
  if (text.ends_with('\n')) text.pop_back();
  say(text);
  return 0;
}
}  // namespace

void add_help(lua_State* L, int library) {
  static const Function function{
      {.name = "basin.help",
       .summary = "Says what something is; also the global function help.",
       .fields = {{"what", "any", "A function, a component, a value, or a name: help \"sam\".", "the overview"}},
       .example = "help(basin.run)"},
      help};
  push(L, function);
  lua_setfield(L, library, "help");
  push(L, function);
  lua_setglobal(L, "help");
}

}  // namespace basin::script
