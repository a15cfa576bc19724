// Checked calls from Lua into C++, see the header.
#include "script/bind.hpp"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <filesystem>
#include <optional>
#include <string_view>

#include "abi/log.hpp"
#include "abi/memory.hpp"
#include "plugin/value.hpp"
#include "plugin/words.hpp"
#include "script/text.hpp"

namespace basin::script {
namespace {

std::vector<const Function*> all_functions;
std::vector<const Type*> all_types;

template <class T>
void remember(std::vector<const T*>& list, const T* item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

// The border. Nothing of C++ is alive when the error is raised, and Lua's own exceptions pass through untouched.
int enter(lua_State* L) {
  bool placed = false;
  try {
    const auto* function = static_cast<const Function*>(lua_touserdata(L, lua_upvalueindex(1)));
    Call c(L, function);
    const int results = function->body(c);
    // A chain of long operations has few of Lua's instructions, between which Ctrl-C is heard; so here too, but not inside
    // a training's own step, for which the hook is away (Undisturbed).
    if (!interrupted() || !lua_gethook(L)) return results;
    placed = true;
    lua_pushstring(L, "interrupted");
  } catch (const ScriptError& e) {
    placed = true;
    lua_pushstring(L, e.what());
  } catch (const std::exception& e) {
    give(L, sentence_of(e));
  }
  if (!placed) {
    {
      const std::string place = where(L);
      lua_pushstring(L, place.empty() ? "" : (place + ": ").c_str());
    }
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

struct Bound {  // a type's operators, made into functions once
  const Type* type;
  std::deque<Function> operators;
};

const Bound& bound(const Type& type) {
  static std::deque<Bound> all;
  for (const Bound& b : all) {
    if (b.type == &type) return b;
  }
  Bound& b = all.emplace_back(Bound{&type, {}});
  for (const auto& [name, body] : type.operators) b.operators.push_back({{.name = name, .summary = ""}, body});
  return b;
}

// Stack: the userdata, the key. Methods, then properties, then the type's own __index.
int index_body(Call& c) {
  lua_State* L = c.L;
  const Type* type = type_at(L, 1);
  if (!type) throw Error("a value of another kind was indexed");
  const std::string key = lua_type(L, 2) == LUA_TSTRING ? text_at(L, 2) : "";
  if (!key.empty()) {
    for (const Function& method : type->methods) {
      if (const char* name = std::strchr(method.record.name, ':'); name && key == name + 1) return push(L, method), 1;
    }
    for (const Property& property : type->properties) {
      if (key == property.name) return property.body(c);
    }
  }
  for (const auto& [name, body] : type->operators) {
    if (std::strcmp(name, "__index") == 0) return body(c);
  }
  std::vector<std::string> names;
  for (const Function& method : type->methods) names.push_back(std::strchr(method.record.name, ':') + 1);
  for (const Property& property : type->properties) names.push_back(property.name);
  throw Error(with_article(type->name) + " has no " + key_text(L, 2) + hint(key, names));
}

int assign_body(Call& c) {
  const Type* type = type_at(c.L, 1);
  throw Error("the fields of " + with_article(type ? type->name : "value") + " cannot be set");
}

const Function index_function{{.name = "__index", .summary = ""}, index_body};
const Function assign_function{{.name = "__newindex", .summary = ""}, assign_body};

void set_operator(lua_State* L, const char* name, const Function& function) {
  lua_pushlightuserdata(L, const_cast<Function*>(&function));
  lua_pushcclosure(L, enter, 1);
  lua_setfield(L, -2, name);
}

}  // namespace

// ---- values --------------------------------------------------------------------------------------------------------

namespace {
// "{ 2, 3 }", whatever a script has made of the list since.
int integers_text(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  const auto n = static_cast<lua_Integer>(lua_rawlen(L, 1));
  std::string text;
  for (lua_Integer i = 1; i <= n; ++i) {
    lua_rawgeti(L, 1, i);
    text += (i > 1 ? ", " : "") + std::string(push_text(L, -1));
    lua_pop(L, 2);
  }
  return give(L, n ? "{ " + text + " }" : "{}");
}
}  // namespace

// A plain list, but for print(t:shape()): its metatable says how it looks, and nothing else.
int give(lua_State* L, const std::vector<int64_t>& v) {
  lua_createtable(L, static_cast<int>(v.size()), 0);
  for (size_t i = 0; i < v.size(); ++i) {
    lua_pushinteger(L, v[i]);
    lua_rawseti(L, -2, static_cast<lua_Integer>(i + 1));
  }
  if (luaL_newmetatable(L, "basin.integers")) {
    lua_pushcfunction(L, integers_text);
    lua_setfield(L, -2, "__tostring");
  }
  lua_setmetatable(L, -2);
  return 1;
}

std::string with_article(const std::string& noun) {
  const bool vowel = !noun.empty() && std::strchr("aeiou", noun[0]);
  return (noun == "images" ? "" : vowel ? "an " : "a ") + noun;
}

std::string text_at(lua_State* L, int index) {
  if (lua_type(L, index) != LUA_TSTRING) return "";
  size_t n = 0;
  const char* s = lua_tolstring(L, index, &n);
  return {s, n};
}

const char* push_text(lua_State* L, int index, size_t* length) {
  if (lua_type(L, index) == LUA_TNUMBER && std::isnan(lua_tonumber(L, index))) {
    if (length) *length = 3;
    return lua_pushstring(L, "nan");
  }
  return luaL_tolstring(L, index, length);
}

std::string printable(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool high =
        byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;  // U+0080...
    if (byte == '\n' || byte == '\t' || (byte >= 32 && byte != 127 && !high)) out += text[i];
    else
      out += "\\" + std::to_string(byte) + (high ? "\\" + std::to_string(static_cast<unsigned char>(text[++i])) : "");
  }
  return out;
}

std::string key_text(lua_State* L, int index) {
  if (lua_type(L, index) == LUA_TSTRING) return "'" + text_at(L, index) + "'";
  return "element " + (lua_type(L, index) == LUA_TNUMBER ? to_text(L, index) : describe(L, index));
}

std::string describe(lua_State* L, int index) {
  switch (lua_type(L, index)) {
    case LUA_TNONE:
    case LUA_TNIL: return "nothing";
    case LUA_TBOOLEAN: return lua_toboolean(L, index) ? "true" : "false";
    case LUA_TNUMBER: {
      const std::string text = std::string("the number ") + push_text(L, index);
      lua_pop(L, 1);
      return text;
    }
    case LUA_TSTRING: {
      std::string text = text_at(L, index);
      if (text.size() > 40) text.replace(40, text.npos, "...");
      return "the string \"" + printable(text) + "\"";
    }
    case LUA_TFUNCTION: return "a function";
    case LUA_TTABLE: return function_at(L, index) ? "a function" : lua_rawlen(L, index) ? "a list" : "a table";
    case LUA_TUSERDATA:
      if (const Type* type = type_at(L, index)) return with_article(type->name);
      return "a file or other object";
    default: return std::string("a ") + lua_typename(L, lua_type(L, index));
  }
}

std::string where(lua_State* L) {
  lua_Debug frame;
  for (int level = 0; lua_getstack(L, level, &frame); ++level) {
    lua_getinfo(L, "Sl", &frame);
    if (frame.currentline > 0) return std::string(frame.short_src) + ":" + std::to_string(frame.currentline);
  }
  return "";
}

std::string to_text(lua_State* L, int index) {
  lua_pushcfunction(L, [](lua_State* state) {
    push_text(state, 1);
    return 1;
  });
  lua_pushvalue(L, index < 0 ? index - 1 : index);
  call(L, 1, 1);
  std::string text = text_at(L, -1);
  lua_pop(L, 1);
  return text;
}

// ---- userdata and functions ----------------------------------------------------------------------------------------

void add_type(lua_State* L, const Type& type, lua_CFunction collect) {
  remember(all_types, &type);
  for (const Function& method : type.methods) remember(all_functions, &method);
  const std::string name = std::string("basin.") + type.name;
  luaL_newmetatable(L, name.c_str());
  lua_pushstring(L, type.name);
  lua_setfield(L, -2, "__name");
  lua_pushlightuserdata(L, const_cast<Type*>(&type));
  lua_setfield(L, -2, "basin_type");
  lua_pushcfunction(L, collect);
  lua_setfield(L, -2, "__gc");
  set_operator(L, "__newindex", assign_function);
  for (const Function& function : bound(type).operators) set_operator(L, function.record.name, function);
  set_operator(L, "__index", index_function);  // comes to the type's own one last
  lua_pushboolean(L, false);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

void* test_type(lua_State* L, int index, const char* name) {
  char full[80];
  std::snprintf(full, sizeof full, "basin.%s", name);
  return luaL_testudata(L, index, full);
}

void set_type(lua_State* L, const char* name) {
  char full[80];
  std::snprintf(full, sizeof full, "basin.%s", name);
  luaL_setmetatable(L, full);
}

void push(lua_State* L, const Function& function) {
  remember(all_functions, &function);
  lua_pushlightuserdata(L, const_cast<Function*>(&function));
  lua_pushcclosure(L, enter, 1);
}

namespace {
int enter_called(lua_State* L) {
  lua_remove(L, 1);  // the table that was called
  return enter(L);
}
}  // namespace

void make_callable(lua_State* L, const Function& function) {
  remember(all_functions, &function);
  lua_newtable(L);
  lua_pushlightuserdata(L, const_cast<Function*>(&function));
  lua_pushcclosure(L, enter_called, 1);
  lua_setfield(L, -2, "__call");
  lua_setmetatable(L, -2);
}

const Function* function_at(lua_State* L, int index) {
  const int top = lua_gettop(L);
  if (lua_type(L, index) == LUA_TTABLE) {
    if (luaL_getmetafield(L, index, "__call") == LUA_TNIL) return nullptr;
  } else {
    lua_pushvalue(L, index);
  }
  const lua_CFunction code = lua_tocfunction(L, -1);
  const Function* function = nullptr;
  if ((code == enter || code == enter_called) && lua_getupvalue(L, -1, 1))
    function = static_cast<const Function*>(lua_touserdata(L, -1));
  lua_settop(L, top);
  return function;
}

const Type* type_at(lua_State* L, int index) {
  if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index)) return nullptr;
  lua_pushstring(L, "basin_type");
  lua_rawget(L, -2);
  const auto* type = static_cast<const Type*>(lua_touserdata(L, -1));
  lua_pop(L, 2);
  return type;
}

std::string hint(const std::string& word, const std::vector<std::string>& names, const char* otherwise) {
  const std::string near = nearest(word, names);
  if (!near.empty()) return "; did you mean '" + near + "'?";
  return names.empty() || !*otherwise ? "" : std::string("; ") + otherwise + ": " + joined(names);
}

const std::vector<const Function*>& functions() { return all_functions; }
const std::vector<const Type*>& types() { return all_types; }

namespace {

std::string words_of(const std::exception& error) {
  const auto* own = dynamic_cast<const Error*>(&error);
  const auto memory =
      own && own->status == BASIN_ERROR_MEMORY ? std::optional<std::string>(own->what()) : out_of_memory(error);
  if (memory)
    return *memory +
           "; lower 'batch' or 'count', or raise run:train's 'accumulate', which computes the same step in parts";
  if (const auto* e = dynamic_cast<const c10::Error*>(&error)) {
    const std::string first(e->what_without_backtrace());
    return first.substr(0, first.find('\n'));
  }
  if (const auto* e = dynamic_cast<const std::filesystem::filesystem_error*>(&error))
    return e->path1().string() + ": " + e->code().message();
  return error.what();
}

}  // namespace

std::string sentence_of(const std::exception& error) {
  // What a script raised is its own text, and Basin's sentences in it came from here.
  return dynamic_cast<const ScriptError*>(&error) ? error.what() : printable(words_of(error));
}

void call(lua_State* L, int arguments, int results) {
  if (lua_pcall(L, arguments, results, 0) == LUA_OK) return;
  const std::string message = lua_isstring(L, -1) ? lua_tostring(L, -1) : "a script raised " + describe(L, -1);
  lua_pop(L, 1);
  throw ScriptError(message, BASIN_ERROR_RUNTIME);
}

}  // namespace basin::script
