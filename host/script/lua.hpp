// Lua 5.4, the build whose errors are C++ exceptions (Debian's liblua5.4-c++): destructors run when a script fails.
// Its exceptions derive from nothing: catch std::exception, never `...`.
#pragma once
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
