// The library table and strict globals.
#include <algorithm>

#include "run/progress.hpp"
#include "script/engine.hpp"
#include "script/tensor.hpp"
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
  give(L, (place.empty() ? "" : place + ": ") + sentence);
}

int unknown_global(lua_State* L) {
  {
    const std::string name = lua_type(L, 2) == LUA_TSTRING ? text_at(L, 2) : "?";
    if (name == "_") return lua_pushnil(L), 1;  // the prompt's last result, before there is one
    push_sentence(L, name == "basin" ? "there is no variable 'basin' yet; begin with: local basin = require \"basin\""
                                     : "there is no variable '" + name + "'" + hint(name, keys_of(L, 1), ""));
  }
  return lua_error(L);
}

int new_global(lua_State* L) {
  {
    const std::string name = lua_type(L, 2) == LUA_TSTRING ? text_at(L, 2) : "?";
    push_sentence(L, "'" + name + "' is not declared; write: local " + name + " = ...");
  }
  return lua_error(L);
}

int unknown_member(lua_State* L) {
  {
    const std::string name = lua_type(L, 2) == LUA_TSTRING ? text_at(L, 2) : "?";
    push_sentence(L, "basin has no '" + name + "'" + hint(name, keys_of(L, 1)));
  }
  return lua_error(L);
}

}  // namespace

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
  add_tables(L, library);
  add_plugins(L, library);
  add_help(L, library);
  lua_pushstring(L, BASIN_VERSION);
  lua_setfield(L, library, "version");

  lua_newtable(L);
  lua_pushcfunction(L, unknown_member);
  lua_setfield(L, -2, "__index");
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
  lua_pop(L, 1);
}

}  // namespace basin::script
