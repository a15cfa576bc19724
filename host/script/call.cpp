// What a bound function was given, checked against its record.
#include <algorithm>
#include <cstring>
#include <string_view>

#include "script/bind.hpp"

namespace basin::script {
namespace {

// True where the value is of one of the types in "integer|tensor".
bool fits(lua_State* L, int index, std::string_view types) {
  const int type = lua_type(L, index);
  while (!types.empty()) {
    const auto bar = types.find('|');
    const std::string_view one = types.substr(0, bar);
    types = bar == types.npos ? std::string_view() : types.substr(bar + 1);
    if (one == "any") return true;
    switch (type) {
      case LUA_TNIL:
      case LUA_TNONE:
        if (one == "nil") return true;
        break;
      case LUA_TBOOLEAN:
        if (one == "boolean") return true;
        break;
      case LUA_TNUMBER: {
        int whole = 0;
        if (one == "number" || one == "integers") return true;
        if (one == "integer" && (lua_tointegerx(L, index, &whole), whole)) return true;
        break;
      }
      case LUA_TSTRING:
        if (one == "string") return true;
        break;
      case LUA_TFUNCTION:
        if (one == "function") return true;
        break;
      case LUA_TTABLE:
        if (one == "table" || one == "list" || one == "integers") return true;
        break;
      case LUA_TUSERDATA:
        if (test_type(L, index, std::string(one).c_str())) return true;
        break;
      default: break;
    }
  }
  return false;
}

// "integer|tensor" -> "an integer or a tensor"
std::string alternatives(std::string types) {
  std::string text;
  for (size_t at = 0; at != std::string::npos && at < types.size();) {
    const size_t bar = types.find('|', at);
    const std::string one = types.substr(at, bar == std::string::npos ? bar : bar - at);
    const std::string named = one == "any" ? "a value" : one == "nil" || one == "integers" ? one : with_article(one);
    text += (text.empty() ? "" : bar == std::string::npos ? " or " : ", ") + named;
    at = bar == std::string::npos ? bar : bar + 1;
  }
  return text;
}

std::vector<std::string> names_of(const std::vector<Field>& fields) {
  std::vector<std::string> names;
  for (const Field& field : fields) names.push_back(field.name);
  return names;
}

}  // namespace

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
    if (!fits(L, -1, field.type)) {
      throw Error(name + ": '" + field.name + "' must be " + alternatives(field.type) + ", got " + describe(L, -1));
    }
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
    if (!fits(L, first_ + i, field.type)) {
      throw Error(std::string(record.name) + ": '" + field.name + "' must be " + alternatives(field.type) + ", got " +
                  describe(L, first_ + i));
    }
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
