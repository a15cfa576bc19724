// The interactive prompt's mind, see the header.
#include "script/prompt.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "abi/log.hpp"
#include "run/progress.hpp"
#include "script/help.hpp"

namespace basin::script {
namespace {

constexpr const char* kKept = "basin_kept__";  // the name under which a chunk calls keep_locals

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\n"), last = text.find_last_not_of(" \t\r\n");
  return first == text.npos ? "" : text.substr(first, last - first + 1);
}

// Called at the end of a chunk: its locals become globals, because each line is a chunk of its own.
int keep_locals(lua_State* L) {
  lua_Debug frame;
  if (!lua_getstack(L, 1, &frame)) return 0;
  for (int i = 1; const char* name = lua_getlocal(L, &frame, i); ++i) {
    if (name[0] == '(' || std::strcmp(name, kKept) == 0) lua_pop(L, 1);
    else lua_setglobal(L, name);
  }
  return 0;
}

bool is_name(const std::string& key) {
  return !key.empty() && !std::isdigit(static_cast<unsigned char>(key[0])) &&
         std::all_of(key.begin(), key.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') out += "\\n";
    else out += c;
  }
  return out + "\"";
}

// A table that does not say itself how it looks.
bool is_plain_table(lua_State* L, int index) {
  if (lua_type(L, index) != LUA_TTABLE) return false;
  const int top = lua_gettop(L);
  const bool plain = luaL_getmetafield(L, index, "__tostring") == LUA_TNIL;
  lua_settop(L, top);
  return plain;
}

std::string shown_inside(lua_State* L, int index, int depth) {
  index = lua_absindex(L, index);
  if (lua_type(L, index) == LUA_TSTRING) return quoted(text_at(L, index));
  if (!is_plain_table(L, index)) {
    std::string text = to_text(L, index);
    const size_t end = text.find('\n');
    return end == text.npos ? text : text.substr(0, end) + " ...";
  }
  if (depth >= 3) return "{ ... }";
  luaL_checkstack(L, 8, nullptr);
  constexpr size_t kMost = 40;
  std::vector<std::string> parts;
  const auto n = static_cast<lua_Integer>(lua_rawlen(L, index));
  for (lua_Integer i = 1; i <= n && parts.size() < kMost; ++i) {
    lua_rawgeti(L, index, i);
    parts.push_back(shown_inside(L, -1, depth + 1));
    lua_pop(L, 1);
  }
  std::vector<std::pair<std::string, std::string>> named;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    if (lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 && lua_tointeger(L, -2) <= n) continue;
    const std::string key = lua_type(L, -2) == LUA_TSTRING ? text_at(L, -2) : "";
    const std::string label = is_name(key) ? key : "[" + shown_inside(L, -2, 3) + "]";
    named.emplace_back(label, label + " = " + shown_inside(L, -1, depth + 1));
  }
  std::sort(named.begin(), named.end());
  for (const auto& entry : named) {
    if (parts.size() < kMost) parts.push_back(entry.second);
  }
  const size_t all = static_cast<size_t>(n) + named.size();
  if (all > parts.size()) parts.push_back("... " + std::to_string(all - parts.size()) + " more");
  if (parts.empty()) return "{}";
  size_t length = 0;
  for (const std::string& part : parts) length += part.size() + 2;
  const std::string indent(static_cast<size_t>(depth + 1) * 2, ' ');
  std::string out = "{";
  const bool lines = length > 96;
  for (size_t i = 0; i < parts.size(); ++i)
    out += (i ? "," : "") + (lines ? "\n" + indent : std::string(" ")) + parts[i];
  return out + (lines ? "\n" + indent.substr(2) + "}" : " }");
}

}  // namespace

std::string shown(lua_State* L, int index) {
  return is_plain_table(L, index) ? shown_inside(L, index, 0) : to_text(L, index);
}

// "stdin:4:2: sentence" of the fourth chunk: the line says something only where the chunk has several.
void Prompt::fail(std::string message) {
  ++failures_;
  if (message.starts_with("stdin:")) {
    const size_t text = message.find(": ");
    const std::string place = message.substr(0, text);
    const std::string line = place.substr(place.rfind(':') + 1);
    if (text != message.npos) message = (line == "1" ? "" : "line " + line + ": ") + message.substr(text + 2);
  }
  Progress::clear();
  std::fflush(stdout);
  std::fprintf(stderr, "%s%s%s\n", look_.colour ? "\033[31m" : "", message.c_str(), look_.colour ? "\033[0m" : "");
}

void Prompt::feed(const std::string& line) {
  const std::string alone = trimmed(line);
  if (pending_.empty()) {
    if (alone.empty()) return;
    if (alone[0] == '?') {
      try {
        std::string word = trimmed(alone.substr(1)), problem;
        // A name of something that exists, else a word to look up.
        if (!word.empty() && engine_.load("help(" + word + ")", "=stdin", problem)) {
          try {
            engine_.execute(0);
            lua_settop(engine_.lua(), 0);
            return;
          } catch (const Error&) {
            lua_settop(engine_.lua(), 0);
          }
        }
        std::string text = word.empty() ? help_overview() : help_named(word);
        text.pop_back();
        say(text);
      } catch (const std::exception& e) {
        fail(sentence_of(e));
      }
      return;
    }
  }
  pending_ += line + "\n";
  std::string code = trimmed(pending_), problem;
  const bool silent = code.ends_with(';');
  while (code.ends_with(';')) code = trimmed(code.substr(0, code.size() - 1));
  lua_State* L = engine_.lua();
  const std::string name = "=stdin";
  if (engine_.load("return " + code, name, problem)) {
    lua_pop(L, 1);
    pending_.clear();
    return run("return " + code, silent, true);
  }
  if (engine_.load(code, name, problem)) {
    lua_pop(L, 1);
    pending_.clear();
    return run(code, silent, false);
  }
  if (problem.ends_with("<eof>")) return;  // there is more to come
  pending_.clear();
  fail(problem);
}

void Prompt::end() {
  if (pending_.empty()) return;
  std::string problem;
  if (!engine_.load(pending_, "=stdin", problem)) fail(problem);
  pending_.clear();
}

void Prompt::run(const std::string& code, bool silent, bool expression) {
  lua_State* L = engine_.lua();
  lua_settop(L, 0);
  std::string problem;
  const std::string name = "=stdin:" + std::to_string(++chunks_);
  const auto start = std::chrono::steady_clock::now();
  try {
    int arguments = 0;
    if (!expression && engine_.load(code + "\n;do local " + kKept + " = ... " + kKept + "() end", name, problem)) {
      lua_pushcfunction(L, keep_locals);
      arguments = 1;
    } else if (!engine_.load(code, name, problem)) {
      throw ScriptError(problem);
    }
    engine_.execute(arguments);
    const int results = lua_gettop(L);
    if (results > 0 && !(results == 1 && lua_isnil(L, 1) && !expression)) {
      std::string text;
      for (int i = 1; i <= results; ++i) text += (i > 1 ? "\t" : "") + (silent ? "" : shown(L, i));
      if (!silent) say(text);
      lua_pushvalue(L, 1);
      lua_setglobal(L, "_");
    }
  } catch (const std::exception& e) {
    if (interrupted() && look_.times) std::fputs("\n", stdout);  // after the terminal's "^C"
    fail(sentence_of(e));
  }
  lua_settop(L, 0);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!look_.times || interrupted()) return;
  char text[64];
  std::snprintf(text, sizeof text, seconds < 0.01 ? "%.4f s" : seconds < 10 ? "%.2f s" : "%.0f s", seconds);
  say((look_.colour ? "\033[2m" : "") + std::string(text) + (look_.colour ? "\033[0m" : ""));
}

}  // namespace basin::script
