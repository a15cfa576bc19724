// basin.arguments: what a script may be told from outside with --set, checked like a component's options.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <deque>
#include <map>

#include "plugin/registry.hpp"
#include "script/component.hpp"
#include "script/engine.hpp"
#include "script/text.hpp"

namespace basin::script {
namespace {

struct TypeName {
  const char* name;
  int32_t type;
  const char* placeholder;
};
constexpr TypeName kTypes[] = {{"integer", BASIN_TYPE_INTEGER, "N"},    {"number", BASIN_TYPE_NUMBER, "X"},
                               {"boolean", BASIN_TYPE_BOOLEAN, "true"}, {"string", BASIN_TYPE_STRING, "TEXT"},
                               {"choice", BASIN_TYPE_CHOICE, "CHOICE"}, {"file", BASIN_TYPE_FILE, "FILE"},
                               {"folder", BASIN_TYPE_FOLDER, "FOLDER"}, {"integers", BASIN_TYPE_INTEGERS, "N,N"},
                               {"numbers", BASIN_TYPE_NUMBERS, "X,X"}};

// One declared argument; the strings that its basin_parameter points into live as long.
struct Declared {
  std::string name, help;
  std::deque<std::string> choices;
  std::vector<const char*> choice_pointers;
  basin_parameter parameter{};
  const char* placeholder = "";
  Value fallback;
};

template <class Number>
bool parse(const std::string& text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

// An argument of --config's file; a mistake in it is the file's, not the script's: it stands with the file's line.
Option from_config(const Engine& engine, const Component& script, const std::map<std::string, Declared>& declared,
                   Option option) {
  const auto found = declared.find(option.name);
  if (found == declared.end()) {
    std::vector<std::string> names;
    for (const auto& [name, d] : declared) names.push_back(name);
    throw ScriptError(option.origin + ": the script '" + script.name + "' has no argument '" + option.name + "'" +
                      hint(option.name, names, "it has"));
  }
  const int32_t type = found->second.parameter.type;
  auto* path = std::get_if<std::string>(&option.value);
  if (path && !path->empty() && (type == BASIN_TYPE_FILE || type == BASIN_TYPE_FOLDER))
    *path = (engine.settings().config_folder / *path).string();  // relative to the file, as in basin.toml
  try {
    Component one = script;
    one.parameters = {&found->second.parameter};
    check_options(one, {option});
  } catch (const Error& e) {
    throw ScriptError(option.origin + ": " + e.what());
  }
  return option;
}

Value parse_number(const std::string& text) {
  if (int64_t v; parse(text, v)) return v;
  if (double v; parse(text, v)) return v;
  return text;  // check_options says what was expected
}

// The text of --set as a value of the argument's type; what does not parse stays text, which the check refuses.
Value parse_value(const std::string& text, int32_t type) {
  switch (type) {
    case BASIN_TYPE_BOOLEAN:
      if (text == "true" || text == "false") return text == "true";
      return text;
    case BASIN_TYPE_INTEGER:
    case BASIN_TYPE_NUMBER: return parse_number(text);
    case BASIN_TYPE_INTEGERS:
    case BASIN_TYPE_NUMBERS: {
      std::vector<double> numbers;
      std::string inner = text;
      if (inner.starts_with('{') && inner.ends_with('}')) inner = inner.substr(1, inner.size() - 2);
      for (size_t at = 0; at < inner.size();) {
        const size_t comma = std::min(inner.find(',', at), inner.size());
        std::string part = inner.substr(at, comma - at);
        part.erase(0, part.find_first_not_of(' '));
        part.erase(part.find_last_not_of(' ') + 1);
        double v = 0;
        if (!parse(part, v)) return text;
        numbers.push_back(v);
        at = comma + 1;
      }
      return numbers;
    }
    default: return text;
  }
}

const std::vector<Field>& fields() {
  static const std::vector<Field> list{
      {"type", "string", "integer, number, boolean, string, choice, file, folder, integers or numbers."},
      {"help", "string", "One sentence."},
      {"default", "any", "Without one the argument must be given."},
      {"minimum", "number", "The least value, of each element of a list."},
      {"maximum", "number", "The greatest."},
      {"choices", "list", "Of a choice: the strings it may be."}};
  return list;
}

void read_declaration(lua_State* L, int table, Declared& d) {
  const std::string owner = "argument '" + d.name + "'";
  std::vector<std::string> known;
  for (const Field& field : fields()) known.push_back(field.name);
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    const std::string key = text_at(L, -2);
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    throw Error(owner + " has no field '" + key + "'" + hint(key, known, "it takes"));
  }
  const auto text = [&](const char* key) {
    lua_getfield(L, table, key);
    std::string value = text_at(L, -1);
    lua_pop(L, 1);
    return value;
  };
  const auto number = [&](const char* key, double otherwise) {
    lua_getfield(L, table, key);
    const double value = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : otherwise;
    lua_pop(L, 1);
    return value;
  };
  const std::string type = text("type");
  const TypeName* found = nullptr;
  std::vector<std::string> names;
  for (const TypeName& t : kTypes) {
    names.push_back(t.name);
    if (type == t.name) found = &t;
  }
  if (!found) {
    throw Error(owner +
                " needs a type out of integer, number, boolean, string, choice, file, folder, integers, numbers" +
                (type.empty() ? "" : ", got '" + type + "'") + hint(type, names, ""));
  }
  d.help = text("help");
  d.placeholder = found->placeholder;
  lua_getfield(L, table, "choices");
  if (lua_type(L, -1) == LUA_TTABLE) {
    for (lua_Integer i = 1, n = static_cast<lua_Integer>(lua_rawlen(L, -1)); i <= n; ++i) {
      lua_rawgeti(L, -1, i);
      d.choices.push_back(text_at(L, -1));
      lua_pop(L, 1);
    }
  }
  lua_pop(L, 1);
  if (found->type == BASIN_TYPE_CHOICE && d.choices.empty())
    throw Error(owner + " is a choice and needs choices = { \"a\", \"b\" }");
  if (found->type != BASIN_TYPE_CHOICE && !d.choices.empty())
    throw Error(owner + " has choices, which only type = \"choice\" looks at, and its type is '" + type + "'");
  for (const std::string& choice : d.choices) d.choice_pointers.push_back(choice.c_str());
  d.choice_pointers.push_back(nullptr);
  lua_getfield(L, table, "default");
  d.fallback = value_at(L, -1, d.name);
  lua_pop(L, 1);
  d.parameter = {sizeof(basin_parameter),
                 found->type,
                 d.name.c_str(),
                 "",
                 number("minimum", -HUGE_VAL),
                 number("maximum", HUGE_VAL),
                 d.choice_pointers.data(),
                 d.help.c_str(),
                 nullptr};
}

int arguments(Call& c) {
  lua_State* L = c.L;
  Engine& engine = Engine::of(L);
  if (engine.declared_arguments && !engine.settings().interactive)
    throw Error("basin.arguments was called before; a script declares all its arguments in one call");
  engine.declared_arguments = true;
  const int table = c.index("declarations");
  std::map<std::string, Declared> declared;  // by name, and nothing moves
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TTABLE) {
      throw Error(
          "basin.arguments takes a table for each name: basin.arguments { steps = { type = \"integer\", default = 100 "
          "} }");
    }
    Declared& d = declared[text_at(L, -2)];
    d.name = text_at(L, -2);
    read_declaration(L, lua_gettop(L), d);
  }
  Component script{nullptr, "script", engine.script().empty() ? "-e" : engine.script().filename().string(),
                   "",      nullptr,  {}};
  std::vector<Option> given;
  for (const auto& [name, d] : declared) {
    script.parameters.push_back(&d.parameter);
    if (!std::holds_alternative<std::monostate>(d.fallback)) given.push_back({name, d.fallback, "default"});
  }
  for (const Option& option : engine.settings().config) given.push_back(from_config(engine, script, declared, option));
  for (const auto& [key, text] : engine.settings().set) {
    int32_t type = BASIN_TYPE_STRING;
    if (const auto found = declared.find(key); found != declared.end()) type = found->second.parameter.type;
    given.push_back({key, parse_value(text, type), "--set"});
  }
  for (const auto& [name, d] : declared) {
    if (std::any_of(given.begin(), given.end(), [&](const Option& o) { return o.name == name; })) continue;
    throw Error("this script needs --set " + name + "=" + d.placeholder + (d.help.empty() ? "" : " (" + d.help + ")"));
  }
  engine.arguments = check_options(script, std::move(given)).options;

  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, "basin");
  lua_getfield(L, -1, "args");
  const int args = lua_gettop(L);
  for (const Option& option : engine.arguments) {
    give(L, option.name);
    give_value(L, option.value);
    lua_rawset(L, args);
  }
  return 1;
}

const Function& function() {
  static const Function f{
      {.name = "basin.arguments",
       .summary =
           "Declares what the command line may set with --set; the values are then in basin.args. A script calls it "
           "once, before anything that takes long.",
       .fields = {{"declarations", "table",
                   "For each name a table of type, help, default, minimum, maximum, choices."}},
       .returns = "table (basin.args)",
       .example = "basin.arguments { steps = { type = \"integer\", default = 100, help = \"training steps\" } }"},
      arguments};
  return f;
}

// basin.args: a plain table; a name that was not declared is an error.
int missing_argument(lua_State* L) {
  {
    std::vector<std::string> names;
    for (const Option& option : Engine::of(L).arguments) names.push_back(option.name);
    const std::string name = text_at(L, 2);
    const bool named = lua_type(L, 2) == LUA_TSTRING;
    const std::string sentence =
        named ? "no argument '" + name + "' was declared with basin.arguments" + hint(name, names, "")
              : "basin.args has no " + key_text(L, 2);
    give(L, where(L) + ": " + printable(sentence));
  }
  return lua_error(L);
}

}  // namespace

void add_arguments(lua_State* L, int library) {
  lua_newtable(L);
  lua_newtable(L);
  lua_pushcfunction(L, missing_argument);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_setfield(L, library, "args");
  push(L, function());
  lua_setfield(L, library, "arguments");
}

}  // namespace basin::script
