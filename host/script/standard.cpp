// Lua's own functions where what they do would not suit a person at the prompt or a reader of errors: print and tostring
// (a NaN is "nan", whatever its sign bit), require (one sentence for a module that is not there), coroutine.wrap (an
// error keeps the one place that it has).
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "run/progress.hpp"
#include "script/engine.hpp"
#include "script/text.hpp"

namespace basin::script {
namespace {

int tostring(lua_State* L) {
  luaL_checkany(L, 1);
  push_text(L, 1);
  return 1;
}

// A live bar is taken away first, and the text is on its way when it returns.
int print(lua_State* L) {
  Progress::clear();
  for (int i = 1, n = lua_gettop(L); i <= n; ++i) {
    size_t length = 0;
    const char* text = push_text(L, i, &length);
    if (i > 1) std::fputc('\t', stdout);
    std::fwrite(text, 1, length, stdout);
    lua_pop(L, 1);
  }
  std::fputc('\n', stdout);
  std::fflush(stdout);
  return 0;
}

// The scripts that `require` could name: those beside the running one, or in the working directory.
std::vector<std::string> modules_beside(const Engine& engine) {
  const auto folder = engine.script().has_parent_path() ? engine.script().parent_path() : std::filesystem::path(".");
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (it->path().extension() == ".lua" && it->path() != engine.script()) names.push_back(it->path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

// The last searcher: everywhere else was looked. Upvalue: package.searchers, where a script may have put its own behind.
int no_module(lua_State* L) {
  lua_rawgeti(L, lua_upvalueindex(1), static_cast<lua_Integer>(lua_rawlen(L, lua_upvalueindex(1))));
  if (lua_tocfunction(L, -1) != no_module) return give(L, "");
  {
    const std::string name = text_at(L, 1), place = where(L);
    std::string file = name;
    std::replace(file.begin(), file.end(), '.', '/');
    const Engine& engine = Engine::of(L);
    give(L, printable((place.empty() ? "" : place + ": ") + "there is no module '" + name + "': require looks for " +
                      file + ".lua beside the script and along package.path" + hint(name, modules_beside(engine), "")));
  }
  return lua_error(L);
}

// Lua's own puts the place of the call before the message, which has its place already.
constexpr const char* kWrap = R"lua(
local create, resume, status, close, error = coroutine.create, coroutine.resume, coroutine.status, coroutine.close, error
local function pass(thread, fine, ...)
  if fine then return ... end
  if status(thread) == "dead" then close(thread) end
  error((...), 0)
end
function coroutine.wrap(body)
  local thread = create(body)
  return function(...)
    local state = status(thread)
    if state ~= "suspended" then error("this coroutine is " .. state .. " and cannot go on", 2) end
    return pass(thread, resume(thread, ...))
  end
end
)lua";

}  // namespace

void add_standard(lua_State* L) {
  lua_pushcfunction(L, print);
  lua_setglobal(L, "print");
  lua_pushcfunction(L, tostring);
  lua_setglobal(L, "tostring");
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "searchers");
  lua_pushvalue(L, -1);
  lua_pushcclosure(L, no_module, 1);
  lua_rawseti(L, -2, static_cast<lua_Integer>(lua_rawlen(L, -2)) + 1);
  lua_pop(L, 2);
  if (luaL_loadbufferx(L, kWrap, std::char_traits<char>::length(kWrap), "=basin", "t") != LUA_OK) lua_error(L);
  lua_callk(L, 0, 0, 0, nullptr);
}

}  // namespace basin::script
