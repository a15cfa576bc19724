// Values and sentences as text for people.
#pragma once
#include <string>

#include "script/lua.hpp"

namespace basin::script {

// Pushes what tostring gives: luaL_tolstring, but every NaN is "nan" (C writes its sign too, which no one set).
const char* push_text(lua_State* L, int index, size_t* length = nullptr);
// For sentences: control characters as Lua writes them, "\27", but for line ends and tabs. A terminal obeys raw ones.
std::string printable(const std::string& text);
// A key that was looked for: "'rho'", "element 3".
std::string key_text(lua_State* L, int index);

// Lua's own functions, mended (standard.cpp).
void add_standard(lua_State* L);

}  // namespace basin::script
