// What a script may not do unless `basin run --trust` was said: run other programs, load native libraries, run compiled
// Lua, and reach around all that through the debug library. People run each other's scripts.
#include "script/engine.hpp"

namespace basin::script {
namespace {

// In Lua, because load and require must see the caller's arguments as they came.
constexpr const char* kDistrust = R"lua(
local load, loadfile, searchpath, select = load, loadfile, package.searchpath, select
local trust = "; --trust allows it, for a script that you trust"
local function off(name, why)
  return function() error(name .. " is off: " .. why .. trust, 2) end
end
os.execute = off("os.execute", "it runs other programs")
io.popen = off("io.popen", "it runs other programs")
package.loadlib = off("package.loadlib", "it runs native code")

local function plain(chunk, message)
  if not chunk and tostring(message):find("binary chunk", 1, true) then
    message = "compiled Lua is off, because nothing checks it: give its source" .. trust
  end
  return chunk, message
end
function _G.load(chunk, name, mode, ...)
  if mode == "b" then return plain(nil, "binary chunk") end
  return plain(load(chunk, name, "t", ...))
end
function _G.loadfile(name, mode, ...)
  if mode == "b" then return plain(nil, "binary chunk") end
  return plain(loadfile(name, "t", ...))
end
function _G.dofile(name)
  local chunk, message = plain(loadfile(name, "t"))
  if not chunk then error(message, 0) end
  return chunk()
end
package.searchers[2] = function(name)
  local file, tried = searchpath(name, package.path)
  if not file then return tried end
  local chunk, message = plain(loadfile(file, "t"))
  if not chunk then error("the module '" .. name .. "' cannot be loaded: " .. message, 0) end
  return chunk, file
end
package.searchers[3], package.searchers[4], package.cpath = nil, nil, ""
for name in pairs(debug) do
  if name ~= "traceback" and name ~= "getinfo" then debug[name] = off("debug." .. name, "it reaches around Lua's rules") end
end
)lua";

}  // namespace

void distrust(lua_State* L) {
  if (luaL_loadbufferx(L, kDistrust, std::char_traits<char>::length(kDistrust), "=basin", "t") != LUA_OK) lua_error(L);
  lua_callk(L, 0, 0, 0, nullptr);
}

}  // namespace basin::script
