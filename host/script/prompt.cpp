// The interactive prompt's mind, see the header.
#include "script/prompt.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <regex>
#include <sstream>

#include "abi/log.hpp"
#include "run/progress.hpp"
#include "script/component.hpp"
#include "script/help.hpp"

namespace basin::script {
namespace {

// In front of an expression. The nil keeps its last call from being a tail call, of which no line would be known.
constexpr const char* kExpression = "return nil, ";
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

std::string without_end(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// Lines that are no Lua, or not all of it: ?name, and help and who without their brackets.
bool is_request(const std::string& line) { return line.starts_with('?'); }
bool is_call_alone(const std::string& line) { return line == "help" || line == "who"; }

// Of a variable's member: t:mean, run.folder, an option (model.channels); of what a function gives: basin.metric:measure.
// "" where the name before the last '.' or ':' stands for nothing, or for nothing that has it.
std::string help_of_member(lua_State* L, const std::string& word) {
  const size_t at = word.find_last_of(".:");
  if (at == word.npos || !push_named(L, word.substr(0, at))) return "";
  const std::string name = word.substr(at + 1);
  const Type* type = type_at(L, -1);
  const ComponentBox* box = component_at(L, -1);
  if (const Function* function = function_at(L, -1))
    for (const Type* made : types())
      if (std::strcmp(made->name, function->record.returns) == 0) type = made;
  lua_pop(L, 1);
  if (box && std::ranges::any_of(box->component->parameters, [&](auto* p) { return p->name == name; }))
    return help_option(*box->component, name);
  return type ? help_member(*type, name) : "";
}

// What a word stands for: a member of something, something that exists, or a name to look up.
std::string help_about(Engine& engine, const std::string& word) {
  lua_State* L = engine.lua();
  if (word.empty()) return without_end(help_overview());
  std::string text = help_of_member(L, word), problem;
  const int top = lua_gettop(L);
  if (text.empty() && engine.load(kExpression + word, "=stdin", problem)) {
    try {
      engine.execute(0);
      const int value = top + 2;  // after kExpression's own
      if (!lua_isnoneornil(L, value) && lua_type(L, value) != LUA_TSTRING) text = help_at(L, value);
    } catch (const Error&) {  // no such thing: a word
    }
  }
  lua_settop(L, top);
  return without_end(text.empty() ? help_named(word) : text);
}

// The values from stack index `first` up, in one line.
std::string shown_all(lua_State* L, int first) {
  std::string text;
  for (int i = first, n = lua_gettop(L); i <= n; ++i) text += (i > first ? "\t" : "") + shown(L, i);
  return text;
}

}  // namespace

std::string shown(lua_State* L, int index) {
  if (const Function* function = function_at(L, index)) return first_line(help_for(*function));
  return is_plain_table(L, index) ? shown_inside(L, index, 0) : to_text(L, index);
}

void run_line(Engine& engine, const std::string& code) {
  lua_State* L = engine.lua();
  std::string problem, expression = trimmed(code);
  if (is_request(expression)) {
    say(help_about(engine, trimmed(expression.substr(1))));
    return engine.check_arguments_used();
  }
  if (is_call_alone(expression)) expression += "()";
  const bool silent = expression.ends_with(';');
  while (expression.ends_with(';')) expression.pop_back();
  if (!engine.load(kExpression + expression, "=-e", problem)) return engine.run_text(code, "-e");
  const int before = lua_gettop(L) - 1;
  engine.execute(0);
  if (!silent && lua_gettop(L) > before + 1) say(shown_all(L, before + 2));
  lua_settop(L, before);
  engine.check_arguments_used();
}

// "stdin:4:2: sentence" is about the second line of the fourth chunk. A line that does not stand right above, because its
// chunk has several or was typed earlier, comes first.
void Prompt::fail(const std::string& message) {
  ++failures_;
  std::string text = message;
  static const std::regex place("^stdin:(?:([0-9]+):)?([0-9]+): ");
  if (std::smatch found; std::regex_search(message, found, place)) {
    text = message.substr(static_cast<size_t>(found.length()));
    const int line = std::stoi(found[2]);
    const bool earlier = found[1].matched && std::stoi(found[1]) != chunks_;
    if (line > 1 || earlier) {
      const std::string source = found[1].matched ? "=stdin:" + found[1].str() : "=stdin";
      std::string code = trimmed(engine_.source_lines(source, line, line));
      if (code.starts_with(kExpression)) code = code.substr(std::strlen(kExpression));
      if (constexpr size_t kMost = 72; code.size() > kMost) code = code.substr(0, kMost - 3) + "...";
      if (!code.empty())  // the end of the input has no line
        text = (line > 1 ? "line " + std::to_string(line) + ", " : "") + "'" + code + "': " + text;
    }
  }
  Progress::clear();
  std::fflush(stdout);
  std::fprintf(stderr, "%s%s%s\n", look_.colour ? "\033[31m" : "", text.c_str(), look_.colour ? "\033[0m" : "");
}

void Prompt::help(const std::string& word) {
  try {
    say(help_about(engine_, word));
  } catch (const std::exception& e) {
    lua_settop(engine_.lua(), 0);
    fail(sentence_of(e));
  }
}

void Prompt::feed(const std::string& line) {
  const std::string alone = trimmed(line);
  if (pending_.empty()) {
    if (alone.empty()) return;
    if (is_request(alone)) return help(trimmed(alone.substr(1)));
    if (is_call_alone(alone)) return feed(alone + "()");
  }
  pending_ += line + "\n";
  std::string code = trimmed(pending_), problem;
  const bool silent = code.ends_with(';');
  while (code.ends_with(';')) code = trimmed(code.substr(0, code.size() - 1));
  lua_State* L = engine_.lua();
  const std::string name = "=stdin";
  if (engine_.load(kExpression + code, name, problem)) {
    lua_pop(L, 1);
    pending_.clear();
    return run(kExpression + code, silent, true);
  }
  bool more = problem.ends_with("<eof>");  // "1 +" begins an expression, though it is no statement
  if (engine_.load(code, name, problem)) {
    lua_pop(L, 1);
    pending_.clear();
    return run(code, silent, false);
  }
  more = more || problem.ends_with("<eof>");
  if (more) return;
  pending_.clear();
  fail(problem);
}

void Prompt::feed_block(const std::string& lines) {
  lua_State* L = engine_.lua();
  std::string problem;
  const std::string code = trimmed(lines);
  if (pending_.empty() &&
      (engine_.load(kExpression + code, "=stdin", problem) || engine_.load(code, "=stdin", problem))) {
    lua_pop(L, 1);
    return feed(code);
  }
  std::istringstream all(lines);
  stopped_ = false;
  for (std::string line; !stopped_ && std::getline(all, line);) feed(line);
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
  stopped_ = false;
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
    if (expression) lua_remove(L, 1);  // kExpression's own
    const int results = lua_gettop(L);
    if (results > 0) {
      if (!silent) say(shown_all(L, 1));
      lua_pushvalue(L, 1);
      lua_setglobal(L, "_");
    }
  } catch (const std::exception& e) {
    stopped_ = interrupted();
    if (look_.terminal) interrupted() = false;  // before it is said: the next Ctrl-C is a new one
    fail(sentence_of(e));
  }
  lua_settop(L, 0);
  if (look_.terminal && !stopped_)
    say_time(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

void Prompt::say_time(double seconds) {
  char text[64];
  std::snprintf(text, sizeof text, seconds < 0.01 ? "%.4f s" : seconds < 10 ? "%.2f s" : "%.0f s", seconds);
  say((look_.colour ? "\033[2m" : "") + std::string(text) + (look_.colour ? "\033[0m" : ""));
}

}  // namespace basin::script
