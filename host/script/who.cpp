// basin.who: what a person has at the prompt, as R's and MATLAB's whos.
#include <algorithm>

#include "script/component.hpp"
#include "script/engine.hpp"
#include "script/numbers.hpp"
#include "script/prompt.hpp"

namespace basin::script {
namespace {

constexpr const char* kInitial = "basin.initial_globals";  // in Lua's registry

std::string kind_of(lua_State* L, int index) {
  if (function_at(L, index)) return "function of basin";
  if (const ComponentBox* box = component_at(L, index)) return box->component->kind + " " + box->component->name;
  if (const Type* type = type_at(L, index)) return type->name;
  return luaL_typename(L, index);
}

// The first line of the value, as the prompt would print it.
std::string value_of(lua_State* L, int index) {
  const std::string text = shown(L, index);
  std::string line = text.substr(0, text.find('\n'));
  constexpr size_t kMost = 60;
  if (line.size() > kMost) {
    size_t end = kMost - 3;
    while (end > 0 && (line[end] & 0xC0) == 0x80) --end;  // not inside a character
    line = line.substr(0, end) + "...";
  } else if (line.size() < text.size()) {
    line += " ...";
  }
  return line;
}

int who(Call& c) {
  lua_State* L = c.L;
  lua_getfield(L, LUA_REGISTRYINDEX, kInitial);
  const int initial = lua_gettop(L);
  lua_pushglobaltable(L);
  std::vector<std::string> names;
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) continue;
    lua_pushvalue(L, -2);
    lua_rawget(L, initial);
    if (!lua_toboolean(L, -1)) names.push_back(text_at(L, -3));
    lua_pop(L, 1);
  }
  std::sort(names.begin(), names.end());
  std::vector<std::vector<Cell>> rows;
  for (const std::string& name : names) {
    lua_pushstring(L, name.c_str());
    lua_rawget(L, -2);
    rows.push_back({{.text = name}, {.text = kind_of(L, -1)}, {.text = value_of(L, lua_gettop(L))}});
    lua_pop(L, 1);
  }
  if (rows.empty()) return say("there are no variables yet"), 0;
  std::string text = table_text({"name", "type", "value"}, rows);
  text.pop_back();
  say(text);
  return 0;
}

}  // namespace

void remember_globals(lua_State* L) {
  const int globals = lua_gettop(L);
  lua_newtable(L);
  for (lua_pushnil(L); lua_next(L, globals); lua_pop(L, 1)) {
    lua_pushvalue(L, -2);
    lua_pushboolean(L, true);
    lua_rawset(L, -5);
  }
  lua_setfield(L, LUA_REGISTRYINDEX, kInitial);
}

void add_who(lua_State* L, int library) {
  static const Function function{{.name = "basin.who",
                                  .summary = "Lists the variables of the prompt; also the global function who.",
                                  .example = "who()"},
                                 who};
  push(L, function);
  lua_setfield(L, library, "who");
  push(L, function);
  lua_setglobal(L, "who");
}

}  // namespace basin::script
