// Functions of a script that outlive the call they came with: losses, and components written in Lua.
#pragma once
#include "script/bind.hpp"

namespace basin::script {

// A Lua function that the registry keeps alive. [run thread]
struct Kept {
  lua_State* L;
  int reference;
  Kept(lua_State* state, int index) : L(state) {
    lua_pushvalue(L, index);
    reference = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;
  ~Kept() { luaL_unref(L, LUA_REGISTRYINDEX, reference); }
};

// What identifies a function: its text, and all that it captured, through helpers and tables. Not in it: the library
// itself, and globals, which only the prompt can make.
std::string source_of(lua_State* L, int index);

}  // namespace basin::script
