// What a bound function was given, checked against its record.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "script/bind.hpp"

namespace basin::script {
namespace {

// "number[]" -> "list", "fun(x: tensor)" -> "function": what a value can be checked for.
std::string plain(const std::string& type) {
  if (type.ends_with("[]")) return "list";
  if (type.starts_with("fun(")) return "function";
  return type.starts_with("table<") || type.starts_with('{') ? "table" : type;
}

// True where the value is of this one type.
bool fits_one(lua_State* L, int index, const std::string& exactly) {
  const std::string type = plain(exactly);
  if (type == "any") return true;
  switch (lua_type(L, index)) {
    case LUA_TNIL:
    case LUA_TNONE: return type == "nil";
    case LUA_TBOOLEAN: return type == "boolean";
    case LUA_TNUMBER: {
      int whole = 0;
      return type == "number" || type == "integers" || (type == "integer" && (lua_tointegerx(L, index, &whole), whole));
    }
    case LUA_TSTRING: return type == "string" || type == '"' + text_at(L, index) + '"';
    case LUA_TFUNCTION: return type == "function";
    case LUA_TTABLE: return type == "table" || type == "list" || type == "integers";
    case LUA_TUSERDATA: return test_type(L, index, type.c_str());
    default: return false;
  }
}

// "integer|tensor" -> "an integer or a tensor"
std::string alternatives(const std::string& types) {
  std::string text;
  const auto all = alternatives_of(types);
  for (const std::string& exactly : all) {
    const std::string one = plain(exactly);
    const bool bare = one == "nil" || one == "integers" || one.starts_with('"');
    text += text.empty() ? "" : &exactly == &all.back() ? " or " : ", ";
    text += one == "any" ? "a value" : bare ? one : with_article(one);
  }
  return text;
}

// Type and range of the value at `index`; throws a sentence that begins with `who`, the function's name.
void check_value(lua_State* L, int index, const Field& field, const std::string& who) {
  const auto all = alternatives_of(field.type);
  const auto fits = [&](const std::string& type) { return fits_one(L, index, type); };
  if (std::none_of(all.begin(), all.end(), fits)) {
    std::vector<std::string> words;
    for (const std::string& one : all)
      if (one.starts_with('"')) words.push_back(one.substr(1, one.size() - 2));
    throw Error(who + ": '" + field.name + "' must be " + alternatives(field.type) + ", got " + describe(L, index) +
                (words.empty() ? "" : hint(text_at(L, index), words, "")));
  }
  const auto in_range = [&](int at) {
    const double value = lua_tonumberx(L, at, nullptr);
    if (value >= field.minimum && value <= field.maximum) return;
    throw Error(who + ": '" + field.name + "' must be " + range_text(field.minimum, field.maximum) + ", got " +
                to_text(L, at));
  };
  if (field.minimum == -HUGE_VAL && field.maximum == HUGE_VAL) return;
  if (lua_type(L, index) == LUA_TNUMBER) in_range(index);
  if (lua_type(L, index) != LUA_TTABLE) return;
  const int table = lua_absindex(L, index);
  for (lua_Integer i = 1, n = static_cast<lua_Integer>(lua_rawlen(L, table)); i <= n; ++i) {
    if (lua_rawgeti(L, table, i) == LUA_TNUMBER) in_range(lua_gettop(L));
    lua_pop(L, 1);
  }
}

std::vector<std::string> names_of(const std::vector<Field>& fields) {
  std::vector<std::string> names;
  for (const Field& field : fields) names.push_back(field.name);
  return names;
}

}  // namespace

std::vector<std::string> alternatives_of(const std::string& type) {
  std::vector<std::string> all(1);
  int open = 0;  // brackets: "fun(x: integer|nil)" is one
  for (const char c : type) {
    open += c == '(' || c == '{' || c == '<' ? 1 : c == ')' || c == '}' || c == '>' ? -1 : 0;
    if (c == '|' && open == 0) all.emplace_back();
    else all.back() += c;
  }
  return all;
}

std::string range_text(double minimum, double maximum) {
  const bool low = minimum > -HUGE_VAL, high = maximum < HUGE_VAL;
  const auto text = [](double v) {
    char out[40];
    std::snprintf(out, sizeof out, "%.14g", v);
    return std::string(out);
  };
  if (low && high) return "from " + text(minimum) + " to " + text(maximum);
  return low ? "at least " + text(minimum) : high ? "at most " + text(maximum) : "";
}

Call::Call(lua_State* state, const Function* function) : L(state), function_(function), first_(1) {
  const Record& record = function->record;
  luaL_checkstack(L, static_cast<int>(record.fields.size()) + 8, nullptr);
  if (const char* colon = std::strchr(record.name, ':')) {
    const std::string type(record.name, colon);
    if (!test_type(L, 1, type.c_str())) {
      throw Error(std::string(record.name) + " is called on a " + type + ", with a colon: " + type + colon +
                  (record.table ? " { ... }" : "(...)") + "; it got " + describe(L, 1));
    }
    first_ = 2;
  }
  if (record.table) check_table(first_);
  else if (record.name[0] != '_')  // "__add": an operator's arguments are its own affair
    check_positions();
}

void Call::check_table(int at) {
  const Record& record = function_->record;
  const std::string name = record.name;
  if (lua_isnoneornil(L, at)) {
    lua_settop(L, at - 1);
    lua_newtable(L);
  }
  if (lua_type(L, at) == LUA_TSTRING && std::strcmp(record.fields[0].type, "string") == 0) {
    lua_settop(L, at);
    lua_newtable(L);
    lua_insert(L, at);
    lua_setfield(L, at, record.fields[0].name);
  }
  if (lua_type(L, at) != LUA_TTABLE) {
    throw Error(name + " takes one table, " + name + " { " + record.fields[0].name + " = ... }; it got " +
                describe(L, at));
  }
  lua_settop(L, at);
  const auto names = names_of(record.fields);
  for (lua_pushnil(L); lua_next(L, at); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) {
      throw Error(name + " takes options by name, and got " + describe(L, -1) + " without one");
    }
    const std::string key = text_at(L, -2);
    if (std::find(names.begin(), names.end(), key) == names.end()) {
      throw Error(name + " has no option '" + key + "'" + hint(key, names, "it knows"));
    }
  }
  first_ = at + 1;
  for (const Field& field : record.fields) {
    lua_pushstring(L, field.name);
    lua_rawget(L, at);
    if (lua_isnil(L, -1)) {
      if (!field.fallback)
        throw Error(name + " needs '" + field.name + "', " + alternatives(field.type) + ": " + field.summary);
      continue;
    }
    check_value(L, lua_gettop(L), field, name);
  }
}

void Call::check_positions() {
  const Record& record = function_->record;
  const int given = lua_gettop(L) - first_ + 1, known = static_cast<int>(record.fields.size());
  const bool rest = known && std::strcmp(record.fields.back().type, "integers") == 0;
  if (given > known && !rest) {
    throw Error(std::string(record.name) + " takes " + std::to_string(known) +
                (known == 1 ? " argument" : " arguments") + ", got " + std::to_string(given));
  }
  for (int i = 0; i < std::max(given, known); ++i) {
    const Field& field = record.fields[static_cast<size_t>(std::min(i, known - 1))];
    if (lua_isnoneornil(L, first_ + i)) {
      if (field.fallback || i >= known) continue;
      throw Error(std::string(record.name) + " needs '" + field.name + "', " + alternatives(field.type) + ": " +
                  field.summary);
    }
    check_value(L, first_ + i, field, record.name);
  }
  if (given < known) lua_settop(L, first_ + known - 1);
}

int Call::index(const char* name) const {
  const auto& fields = function_->record.fields;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (std::strcmp(fields[i].name, name) == 0) return first_ + static_cast<int>(i);
  }
  throw Error(std::string(function_->record.name) + " asks for its undeclared parameter '" + name + "'",
              BASIN_ERROR_RUNTIME);
}

bool Call::boolean(const char* field, bool fallback) const {
  return has(field) ? lua_toboolean(L, index(field)) : fallback;
}
int64_t Call::integer(const char* field, int64_t fallback) const {
  return has(field) ? static_cast<int64_t>(lua_tointegerx(L, index(field), nullptr)) : fallback;
}
double Call::number(const char* field, double fallback) const {
  return has(field) ? lua_tonumberx(L, index(field), nullptr) : fallback;
}
std::string Call::string(const char* field, const std::string& fallback) const {
  return has(field) ? text_at(L, index(field)) : fallback;
}

std::vector<int64_t> Call::integers(const char* field) const {
  std::vector<int64_t> list;
  const int at = index(field);
  const auto add = [&](int where) {
    int whole = 0;
    const int64_t value = lua_tointegerx(L, where, &whole);
    if (lua_type(L, where) != LUA_TNUMBER || !whole) {
      throw Error(std::string(function_->record.name) + ": '" + field + "' must hold integers, got " +
                  describe(L, where));
    }
    list.push_back(value);
  };
  if (lua_type(L, at) == LUA_TTABLE) {
    for (lua_Integer i = 1, n = static_cast<lua_Integer>(lua_rawlen(L, at)); i <= n; ++i) {
      lua_rawgeti(L, at, i);
      add(-1);
      lua_pop(L, 1);
    }
  } else {
    for (int i = at; i <= lua_gettop(L) && !lua_isnil(L, i); ++i) add(i);
  }
  return list;
}

}  // namespace basin::script
