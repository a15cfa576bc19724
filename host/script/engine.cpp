// A Lua state with Basin in it, see the header.
#include "script/engine.hpp"

#include <cstdlib>
#include <cstring>
#include <sstream>

#include "abi/log.hpp"
#include "plugin/files.hpp"
#include "run/progress.hpp"
#include "script/text.hpp"

namespace basin::script {
namespace {

constexpr int kInstructions = 10000;  // of Lua's machine between two looks at the flag

// Between instructions of a script: an endless loop must hear Ctrl-C too. A script that catches errors in a loop would
// swallow this one: from now on it comes at every instruction, in whatever function the script gets to.
void check_interrupt(lua_State* L, lua_Debug*) {
  if (!interrupted()) return;
  lua_sethook(L, check_interrupt, LUA_MASKCOUNT, 1);
  lua_sethook(Engine::of(L).lua(), check_interrupt, LUA_MASKCOUNT, 1);
  luaL_error(L, "interrupted");
}

// The message as it is; with BASIN_DEBUG=1 also where the script was. Errors that are no text are made into some.
int handle(lua_State* L) {
  if (!lua_isstring(L, 1)) {
    if (luaL_callmeta(L, 1, "__tostring") && lua_isstring(L, -1)) return 1;
    lua_pushfstring(L, "the script raised an error that is no text (of type %s)", luaL_typename(L, 1));
    lua_replace(L, 1);
    lua_settop(L, 1);
  }
  const char* debug = std::getenv("BASIN_DEBUG");
  if (debug && *debug && std::strcmp(debug, "0") != 0) luaL_traceback(L, L, lua_tostring(L, 1), 1);
  return 1;
}

}  // namespace

Undisturbed::Undisturbed(lua_State* L) : L_(L) { lua_sethook(L_, nullptr, 0, 0); }
Undisturbed::~Undisturbed() { lua_sethook(L_, check_interrupt, LUA_MASKCOUNT, kInstructions); }

void say(const std::string& text) {
  Progress::clear();
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

Engine::Engine(Settings settings) : settings_(std::move(settings)), lua_(luaL_newstate()) {
  if (!lua_) throw Error("out of memory while starting Lua", BASIN_ERROR_MEMORY);
  *static_cast<Engine**>(lua_getextraspace(lua_)) = this;
  lua_pushcfunction(lua_, [](lua_State* L) {
    luaL_openlibs(L);
    if (!Engine::of(L).settings().trust) distrust(L);
    add_standard(L);
    add_library(L);
    return 0;
  });
  try {
    script::call(lua_, 0, 0);
  } catch (const std::exception&) {
    lua_close(lua_);
    throw;
  }
  add_strict_globals(lua_, settings_.interactive);
  lua_sethook(lua_, check_interrupt, LUA_MASKCOUNT, kInstructions);
}

Engine::~Engine() { lua_close(lua_); }

Engine& Engine::of(lua_State* L) { return **static_cast<Engine**>(lua_getextraspace(L)); }

bool Engine::load(const std::string& code, const std::string& name, std::string& problem) {
  constexpr std::string_view mark = "\xef\xbb\xbf";  // some editors' first bytes of a file of UTF-8
  std::string text = code.starts_with(mark) ? code.substr(mark.size()) : code;
  sources_[name] = text;
  // A first line "#!..." is for the system; its place is kept, so that lines count right.
  if (text.starts_with("#")) text.insert(0, "--");
  if (luaL_loadbufferx(lua_, text.data(), text.size(), name.c_str(), "t") == LUA_OK) return true;
  problem = text_at(lua_, -1);
  lua_pop(lua_, 1);
  return false;
}

void Engine::execute(int arguments) {
  const int base = lua_gettop(lua_) - arguments;
  lua_pushcfunction(lua_, handle);
  lua_insert(lua_, base);
  const int status = lua_pcall(lua_, arguments, LUA_MULTRET, base);
  lua_remove(lua_, base);
  lua_sethook(lua_, check_interrupt, LUA_MASKCOUNT, kInstructions);
  if (status == LUA_OK) return;
  const std::string message = lua_isstring(lua_, -1) ? lua_tostring(lua_, -1) : "out of memory in the script";
  lua_pop(lua_, 1);
  if (finished_) return;
  throw ScriptError(message, interrupted() ? BASIN_ERROR_INTERRUPTED : BASIN_ERROR_RUNTIME);
}

void Engine::finish() {
  finished_ = true;
  throw ScriptError("the script has ended");
}

void Engine::run_file(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error))
    throw Error("'" + file.string() + "' is a folder; name a script, a file of Lua", BASIN_ERROR_IO);
  if (!std::filesystem::exists(file, error)) {
    std::vector<std::string> names;
    const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      if (it->path().extension() == ".lua") names.push_back(it->path().filename().string());
    }
    const std::string near = nearest(file.filename().string(), names);
    throw Error("there is no script '" + file.string() + "'" +
                    (near.empty() ? "" : "; did you mean '" + (file.parent_path() / near).string() + "'?"),
                BASIN_ERROR_NOT_FOUND);
  }
  script_ = file;
  // require "x" finds x.lua beside the script.
  lua_getglobal(lua_, "package");
  const auto folder = file.has_parent_path() ? file.parent_path().string() : ".";
  lua_getfield(lua_, -1, "path");
  give(lua_, folder + "/?.lua;" + text_at(lua_, -1));
  lua_setfield(lua_, -3, "path");
  lua_pop(lua_, 2);
  run_text(read_file(file), "@" + file.string());
}

void Engine::run_text(const std::string& code, const std::string& name) {
  std::string problem;
  const std::string chunk = name.starts_with("@") || name.starts_with("=") ? name : "=" + name;
  if (code.starts_with("\x1bLua"))
    throw Error("'" + name.substr(1) + "' is compiled Lua; give its source", BASIN_ERROR_ARGUMENT);
  if (!load(code, chunk, problem)) throw ScriptError(problem, BASIN_ERROR_ARGUMENT);
  const int before = lua_gettop(lua_) - 1;
  execute(0);
  lua_settop(lua_, before);
  check_arguments_used();
  if (settings_.tasks && !swept)
    throw Error("--task was given, and this script has no basin.sweep whose points could be shared out");
  if (settings_.dry_run && !finished_) show_values({});
}

std::string Engine::source_lines(const std::string& source, int first, int last) const {
  std::string text;
  if (const auto at = sources_.find(source); at != sources_.end()) text = at->second;
  else if (source.starts_with("@")) text = read_file(source.substr(1));
  else text = source;
  std::istringstream lines(text);
  std::string line, out;
  for (int i = 1; std::getline(lines, line); ++i) {
    if (i >= first && i <= last) out += line + "\n";
  }
  return out;
}

void Engine::check_arguments_used() const {
  if (!declared_arguments && !settings_.config.empty())
    throw Error(settings_.config[0].origin + " sets '" + settings_.config[0].name +
                "', and this script declares no arguments");
  if (settings_.set.empty() || declared_arguments) return;
  throw Error("--set " + settings_.set[0].first +
              "=... was given, and this script declares no arguments; "
              "basin.arguments { " +
              settings_.set[0].first + " = { type = \"number\", default = 0 } } would");
}

void give_json(lua_State* L, const nlohmann::json& value) {
  luaL_checkstack(L, 4, nullptr);
  switch (value.type()) {
    case nlohmann::json::value_t::boolean: lua_pushboolean(L, value.get<bool>()); return;
    case nlohmann::json::value_t::number_integer:
    case nlohmann::json::value_t::number_unsigned: lua_pushinteger(L, value.get<int64_t>()); return;
    case nlohmann::json::value_t::number_float: lua_pushnumber(L, value.get<double>()); return;
    case nlohmann::json::value_t::string: give(L, value.get<std::string>()); return;
    case nlohmann::json::value_t::array:
      lua_createtable(L, static_cast<int>(value.size()), 0);
      for (size_t i = 0; i < value.size(); ++i) {
        give_json(L, value[i]);
        lua_rawseti(L, -2, static_cast<lua_Integer>(i + 1));
      }
      return;
    case nlohmann::json::value_t::object:
      lua_newtable(L);
      for (const auto& [key, element] : value.items()) {
        give(L, key);
        give_json(L, element);
        lua_rawset(L, -3);
      }
      return;
    default: lua_pushnil(L);
  }
}

}  // namespace basin::script
