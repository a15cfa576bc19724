// The library table and strict globals.
#include <algorithm>

#include "run/progress.hpp"
#include "script/engine.hpp"
#include "script/tensor.hpp"
#include "script/text.hpp"
#include "script/written.hpp"

namespace basin::script {
namespace {

std::vector<std::string> keys_of(lua_State* L, int table) {
  std::vector<std::string> names;
  table = lua_absindex(L, table);
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    if (lua_type(L, -2) == LUA_TSTRING) names.push_back(text_at(L, -2));
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Pushes a sentence with its place; the caller raises it when nothing of C++ is alive.
void push_sentence(lua_State* L, const std::string& sentence) {
  const std::string place = where(L);
  give(L, (place.empty() ? "" : place + ": ") + printable(sentence));
}

int unknown_global(lua_State* L) {
  {
    const std::string name = text_at(L, 2);
    if (name == "_") return lua_pushnil(L), 1;  // the prompt's last result, before there is one
    push_sentence(L, name == "basin" ? "there is no variable 'basin' yet; begin with: local basin = require \"basin\""
                     : lua_type(L, 2) != LUA_TSTRING
                         ? "_G has no " + key_text(L, 2)
                         : "there is no variable '" + name + "'" + hint(name, keys_of(L, 1), ""));
  }
  return lua_error(L);
}

int new_global(lua_State* L) {
  {
    const std::string name = text_at(L, 2);
    push_sentence(L, lua_type(L, 2) != LUA_TSTRING ? "_G takes variables by name, not " + key_text(L, 2)
                                                   : "'" + name + "' is not declared; write: local " + name + " = ...");
  }
  return lua_error(L);
}

int unknown_member(lua_State* L) {
  { push_sentence(L, "basin has no " + key_text(L, 2) + hint(text_at(L, 2), keys_of(L, 1))); }
  return lua_error(L);
}

// Upvalues: whose table it is, and the names that it may have (one whose value is nil is no mistake).
int unknown_field(lua_State* L) {
  {
    const std::string name = text_at(L, 2);
    const auto names = keys_of(L, lua_upvalueindex(2));
    if (std::find(names.begin(), names.end(), name) != names.end()) return lua_pushnil(L), 1;
    push_sentence(L, "what " + text_at(L, lua_upvalueindex(1)) + " gives has no " + key_text(L, 2) + hint(name, names));
  }
  return lua_error(L);
}

int library_text(lua_State* L) {
  return give(L, "Basin " BASIN_VERSION ": help() lists what is in it, help(x) explains");
}

}  // namespace

void give_strict(lua_State* L, const nlohmann::json& value, const std::string& owner) {
  give_json(L, value);
  lua_newtable(L);
  give(L, owner);
  lua_newtable(L);
  for (const auto& [key, element] : value.items()) {
    lua_pushboolean(L, true);
    lua_setfield(L, -2, key.c_str());
  }
  lua_pushcclosure(L, unknown_field, 2);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
}

void add_library(lua_State* L) {
  lua_newtable(L);
  const int library = lua_gettop(L);
  add_arguments(L, library);
  add_components(L, library);
  add_tensors(L, library);
  add_images(L, library);
  add_losses(L, library);
  add_written(L, library);
  add_sweeps(L, library);
  add_measurements(L, library);
  add_runs(L, library);
  add_reports(L, library);
  add_estimates(L, library);
  add_tables(L, library);
  add_plugins(L, library);
  add_help(L, library);
  add_who(L, library);
  lua_pushstring(L, BASIN_VERSION);
  lua_setfield(L, library, "version");

  lua_newtable(L);
  lua_pushcfunction(L, unknown_member);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, library_text);
  lua_setfield(L, -2, "__tostring");
  lua_setmetatable(L, library);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushvalue(L, library);
  lua_setfield(L, -2, "basin");
  lua_settop(L, library - 1);
}

void add_strict_globals(lua_State* L, bool assignable) {
  lua_pushglobaltable(L);
  if (assignable) {
    lua_getglobal(L, "require");
    lua_pushstring(L, "basin");
    script::call(L, 1, 1);
    lua_setfield(L, -2, "basin");
  }
  lua_newtable(L);
  lua_pushcfunction(L, unknown_global);
  lua_setfield(L, -2, "__index");
  if (!assignable) {
    lua_pushcfunction(L, new_global);
    lua_setfield(L, -2, "__newindex");
  }
  lua_setmetatable(L, -2);
  remember_globals(L);
  lua_pop(L, 1);
}

}  // namespace basin::script
