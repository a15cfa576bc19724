// C++ functions for scripts. Each has one record (name, parameters, a sentence, an example, since) that checks what a
// script gives, answers help(x), feeds completion, and becomes the reference and the editor's type file; the body reads
// checked arguments and throws what goes wrong.
#pragma once
#include <cmath>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "abi/error.hpp"
#include "script/lua.hpp"

namespace basin::script {

// One parameter. type: alternatives joined by '|', out of any, nil, boolean, integer, number, string, table, list,
// function, integers (a list of them, or, as the last parameter, the remaining arguments), the types of userdata
// (tensor, model, optimizer, ...), a string in quotes (that very string), and table, list and function said more closely:
// "table<string, tensor>", "number[]", "fun(model: denoiser, t: tensor): tensor". (LuaCATS, but for the names of types.)
struct Field {
  const char* name;
  const char* type;
  const char* summary;
  const char* fallback = nullptr;                  // how its default reads in help; null: required; "": may be left out
  double minimum = -HUGE_VAL, maximum = HUGE_VAL;  // of a number, and of each in a list
  const char* unit = "";
  const char* since = "";  // the version of Basin it came with; "": the function's
};

struct Record {
  const char* name;  // "basin.zeros", "run:train"
  const char* summary;
  std::vector<Field> fields = {};
  bool table = false;  // the fields are names in the one table that the function takes; where the first is a string, it
                       // may stand alone in the table's place
  const char* returns = "";  // types as above; of several results with ';' between; a remark in brackets may follow
  const char* example = "";  // which a test runs
  const char* since = "0.1";
};

// A failure inside a function of the script's own, with its file and line already in front.
struct ScriptError : Error {
  using Error::Error;
};

class Call;
struct Function {
  Record record;
  int (*body)(Call&);  // pushes its results and returns how many there are
};

// A value a userdata shows under a name: images.count.
struct Property {
  const char* name;
  const char* summary;
  int (*body)(Call&);
  const char* type = "any";
  const char* since = "0.1";
};

// A type of userdata. Methods' records are named "type:method".
struct Type {
  const char* name;  // "run"; a metatable "basin.run"
  const char* summary;
  std::vector<Function> methods = {};
  std::vector<Property> properties = {};
  std::vector<std::pair<const char*, int (*)(Call&)>> operators = {};  // "__add", "__tostring", "__call", "__index"
  const char* call = "";     // where it can be called, a type: "fun(x: tensor, t: tensor): tensor"
  const char* element = "";  // the type of what value[1] gives
  const char* since = "0.1";
};

// What a bound function sees.
class Call {
 public:
  lua_State* const L;

  // Checks the stack against the record; throws a sentence. For operators (no record) nothing is checked.
  Call(lua_State* state, const Function* function);

  bool has(const char* field) const { return !lua_isnoneornil(L, index(field)); }
  int index(const char* field) const;  // where its value stands on the stack
  bool boolean(const char* field, bool fallback = false) const;
  int64_t integer(const char* field, int64_t fallback = 0) const;
  double number(const char* field, double fallback = 0) const;
  std::string string(const char* field, const std::string& fallback = "") const;
  std::vector<int64_t> integers(const char* field) const;

 private:
  void check_table(int at);
  void check_positions();
  const Function* function_;
  int first_;  // stack index of the first field
};

// ---- values --------------------------------------------------------------------------------------------------------

inline int give(lua_State* L, bool v) { return lua_pushboolean(L, v), 1; }
inline int give(lua_State* L, int64_t v) { return lua_pushinteger(L, v), 1; }
inline int give(lua_State* L, int v) { return lua_pushinteger(L, v), 1; }
inline int give(lua_State* L, double v) { return lua_pushnumber(L, v), 1; }
inline int give(lua_State* L, const std::string& v) { return lua_pushlstring(L, v.data(), v.size()), 1; }
inline int give(lua_State* L, const char* v) { return lua_pushstring(L, v), 1; }
int give(lua_State* L, const std::vector<int64_t>& v);  // a list

std::vector<std::string> alternatives_of(const std::string& type);  // of a Field's type, split at '|'
std::string range_text(double minimum, double maximum);             // "from 0 to 1", "at least 1", ""
std::string with_article(const std::string& noun);                  // "an optimizer"
std::string text_at(lua_State* L, int index);                       // of a string; "" for anything else
std::string describe(lua_State* L,
                     int index);  // for sentences: 'the string "x"', 'the number 3', 'a tensor', 'nothing'
// "sam.lua:12", the innermost place in a script that is running; "" where there is none.
std::string where(lua_State* L);
// "; did you mean 'base'?", or "; it has: a, b, c" where no name is near (nothing of that where `otherwise` is "").
std::string hint(const std::string& word, const std::vector<std::string>& names, const char* otherwise = "it has");
// tostring(x) as a script would see it; a failing __tostring is a ScriptError.
std::string to_text(lua_State* L, int index);

// ---- userdata ------------------------------------------------------------------------------------------------------

// Names the userdata of a C++ type: template <> inline constexpr const char* type_of<Tensor> = "tensor";
template <class T>
inline constexpr const char* type_of = nullptr;

void add_type(lua_State* L, const Type& type, lua_CFunction collect);
void* test_type(lua_State* L, int index, const char* name);  // its memory, or null where it is something else
void set_type(lua_State* L, const char* name);               // the metatable of that type for the value on the top

template <class T>
void add_type(lua_State* L, const Type& type) {
  add_type(L, type, [](lua_State* state) {
    static_cast<T*>(lua_touserdata(state, 1))->~T();
    return 0;
  });
}

// A new userdata of type `name` on the stack.
template <class T>
T& give_as(lua_State* L, const char* name, T value) {
  T* object = new (lua_newuserdatauv(L, sizeof(T), 0)) T(std::move(value));
  set_type(L, name);
  return *object;
}
template <class T>
requires(type_of<T> != nullptr) int give(lua_State* L, T value) {
  give_as<T>(L, type_of<T>, std::move(value));
  return 1;
}
template <class T>
T* test(lua_State* L, int index) {
  return static_cast<T*>(test_type(L, index, type_of<T>));
}
template <class T>
T& get(lua_State* L, int index) {  // of a checked argument, or the `self` of a method
  if (T* object = test<T>(L, index)) return *object;
  throw Error("expected " + with_article(type_of<T>) + ", got " + describe(L, index));
}

// ---- functions -----------------------------------------------------------------------------------------------------

void push(lua_State* L, const Function& function);           // which lives as long as the state
void make_callable(lua_State* L, const Function& function);  // the table on the top: calling it calls the function
const Function* function_at(lua_State* L, int index);  // also of a callable table; null where it is not one of these
const Type* type_at(lua_State* L, int index);          // of a userdata; null where it is not one of these

// Everything that was bound, for help and completion. push() and add_type() add to it.
const std::vector<const Function*>& functions();
const std::vector<const Type*>& types();

// The sentence of an exception, without stack frames; out of memory says what to lower.
std::string sentence_of(const std::exception& error);
// Calls the function under n arguments; its failure becomes a ScriptError. [run thread]
void call(lua_State* L, int arguments, int results);

}  // namespace basin::script
