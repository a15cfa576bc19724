// What a script's function is, see the header.
#include "script/captured.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "plugin/hash.hpp"
#include "script/component.hpp"
#include "script/engine.hpp"
#include "script/tensor.hpp"

namespace basin::script {
namespace {

class Source {
 public:
  explicit Source(lua_State* L) : L_(L) {
    luaL_checkstack(L_, 4, nullptr);
    lua_getfield(L_, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getfield(L_, -1, "basin");
    if (!lua_isnil(L_, -1)) seen_[lua_topointer(L_, -1)] = "the library";
    lua_pop(L_, 2);
  }
  std::string of(int index) { return value(lua_absindex(L_, index)); }

 private:
  // A function or a table is written out where it is met first; a number stands for it from then on.
  std::string value(int index) {
    luaL_checkstack(L_, 8, "the function captured tables that are nested too deeply");
    const int type = lua_type(L_, index);
    if (type == LUA_TNUMBER || type == LUA_TBOOLEAN) return to_text(L_, index);
    if (type == LUA_TSTRING) return quoted(index);
    if (const Tensor* tensor = test<Tensor>(L_, index)) return text_of(*tensor);
    if (const ComponentBox* box = component_at(L_, index); box && (box->living || box->spec))
      return (box->living ? box->living->describe() : box->spec->describe()).dump();
    if (function_at(L_, index)) return "function";  // of the library, also where it is a table that can be called
    if (type != LUA_TTABLE && (type != LUA_TFUNCTION || lua_iscfunction(L_, index))) return lua_typename(L_, type);
    const auto [known, is_new] = seen_.try_emplace(lua_topointer(L_, index), "#" + std::to_string(seen_.size()));
    if (!is_new) return known->second;
    return type == LUA_TTABLE ? table(index) : function(index);
  }

  std::string function(int index) {
    lua_Debug info;
    lua_pushvalue(L_, index);
    lua_getinfo(L_, ">S", &info);
    std::string text = Engine::of(L_).source_lines(info.source, info.linedefined, info.lastlinedefined);
    for (int i = 1; const char* name = lua_getupvalue(L_, index, i); ++i) {
      if (std::string(name) != "_ENV") text += std::string(name) + " = " + value(lua_gettop(L_)) + "\n";
      lua_pop(L_, 1);
    }
    return text;
  }

  // By the text of the keys: the order of lua_next is another in every process.
  std::string table(int index) {
    std::vector<std::pair<std::string, int>> keys;  // text; place of a copy in `list`
    lua_newtable(L_);
    const int list = lua_gettop(L_);
    for (lua_pushnil(L_); lua_next(L_, index); lua_pop(L_, 1)) {
      const int type = lua_type(L_, -2);
      if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TBOOLEAN) continue;
      lua_pushvalue(L_, -2);
      keys.emplace_back(value(lua_gettop(L_)), static_cast<int>(keys.size()) + 1);
      lua_rawseti(L_, list, keys.back().second);
    }
    std::sort(keys.begin(), keys.end());
    std::string text = "{\n";
    for (const auto& [key, at] : keys) {
      lua_rawgeti(L_, list, at);
      lua_rawget(L_, index);
      text += "[" + key + "] = " + value(lua_gettop(L_)) + "\n";
      lua_pop(L_, 1);
    }
    lua_pop(L_, 1);
    return text + "}";
  }

  std::string quoted(int index) const {
    size_t length = 0;
    const char* text = lua_tolstring(L_, index, &length);
    return nlohmann::json(std::string(text, length)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  static std::string text_of(const Tensor& tensor) {
    const Tensor plain = tensor.detach().cpu().contiguous();
    const std::string bytes(static_cast<const char*>(plain.const_data_ptr()), plain.nbytes());
    return std::string("tensor ") + c10::toString(plain.scalar_type()) + " " +
           (std::stringstream() << plain.sizes()).str() + " " + sha256(bytes);
  }

  lua_State* L_;
  std::map<const void*, std::string> seen_;
};

}  // namespace

std::string source_of(lua_State* L, int index) { return Source(L).of(index); }

}  // namespace basin::script
