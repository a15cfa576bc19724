// Completion: what may stand at the end of a piece of Lua.
#include <algorithm>
#include <cctype>
#include <cstring>
#include <filesystem>
#include <set>

#include "plugin/registry.hpp"
#include "script/component.hpp"
#include "script/prompt.hpp"

namespace basin::script {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// Where in `text` strings and braces are open at its end.
struct Scan {
  size_t string_at = std::string::npos;  // of the open quote
  std::vector<size_t> braces;            // of each open '{'
};

Scan scan(const std::string& text) {
  Scan s;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote) {
      if (c == '\\') ++i;
      else if (c == quote || c == '\n') quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c, s.string_at = i;
    } else if (c == '-' && text.compare(i, 2, "--") == 0) {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '{') {
      s.braces.push_back(i);
    } else if (c == '}' && !s.braces.empty()) {
      s.braces.pop_back();
    }
  }
  if (!quote) s.string_at = std::string::npos;
  return s;
}

std::string without_end_spaces(std::string text) {
  while (!text.empty() && (std::isspace(static_cast<unsigned char>(text.back())) || text.back() == '('))
    text.pop_back();
  return text;
}

// The dotted name that `text` ends with: "basin.optimizer", "run:train".
std::string name_at_end(const std::string& text) {
  size_t begin = text.size();
  while (begin > 0 && (is_word(text[begin - 1]) || text[begin - 1] == '.' || text[begin - 1] == ':')) --begin;
  return text.substr(begin);
}

// Splits `basin.sam "x"` into the name before the string and the string.
bool call_with_string(std::string text, std::string& function, std::string& word) {
  if (text.ends_with(',')) text = without_end_spaces(text.substr(0, text.size() - 1));  // basin.sam("x", {
  if (text.empty() || (text.back() != '"' && text.back() != '\'')) return false;
  const size_t open = text.rfind(text.back(), text.size() - 2);
  if (text.size() < 2 || open == text.npos) return false;
  word = text.substr(open + 1, text.size() - open - 2);
  function = name_at_end(without_end_spaces(text.substr(0, open)));
  return !function.empty();
}

std::vector<std::string> with_prefix(const std::set<std::string>& names, const std::string& prefix) {
  std::vector<std::string> out;
  for (const std::string& name : names) {
    if (name.starts_with(prefix)) out.push_back(name);
  }
  return out;
}

// Keys, methods and options of the value on the top of the stack, which is taken away.
std::set<std::string> members(lua_State* L, bool methods_only) {
  std::set<std::string> names;
  if (lua_type(L, -1) == LUA_TTABLE) {
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
      if (lua_type(L, -2) == LUA_TSTRING) names.insert(text_at(L, -2));
    }
  } else if (lua_type(L, -1) == LUA_TSTRING) {
    lua_getglobal(L, "string");
    for (const std::string& name : members(L, true)) names.insert(name);
  } else if (const Type* type = type_at(L, -1)) {
    for (const Function& m : type->methods) names.insert(std::strchr(m.record.name, ':') + 1);
    if (!methods_only) {
      for (const Property& p : type->properties) names.insert(p.name);
      if (const ComponentBox* box = component_at(L, -1)) {
        for (const basin_parameter* p : box->component->parameters) names.insert(p->name);
      }
    }
  }
  lua_pop(L, 1);
  return names;
}

std::set<std::string> component_names(const std::string& kind) {
  std::set<std::string> names;
  if (kind == "process") return {process_component().name};
  for (const Component* component : Registry::instance().components(kind)) names.insert(component->name);
  return names;
}

// The component that basin.optimizer "sam" at the end of `text` would make; null where there is none.
const Component* component_before(const std::string& text) {
  std::string function, word;
  if (!call_with_string(without_end_spaces(text), function, word) || !function.starts_with("basin.")) return nullptr;
  if (function == "basin.process") return word == process_component().name ? &process_component() : nullptr;
  for (const Component* component : Registry::instance().components(function.substr(6)))
    if (component->name == word) return component;
  return nullptr;
}

// What may stand in the string of `option = "`, with which `text` ends but for the quote.
std::set<std::string> choices_of_option(const std::string& before_brace, const std::string& text) {
  const Component* component = component_before(before_brace);
  const std::string given = without_end_spaces(text);
  if (!component || !given.ends_with('=')) return {};
  const std::string option = name_at_end(without_end_spaces(given.substr(0, given.size() - 1)));
  std::set<std::string> names;
  for (const basin_parameter* p : component->parameters)
    if (p->name == option && p->type == BASIN_TYPE_CHOICE)
      for (const char* const* choice = p->choices; choice && *choice; ++choice) names.insert(*choice);
  return names;
}

// The names that the open brace takes: options of basin.optimizer "sam" {, fields of run:train {.
std::set<std::string> option_names(lua_State* L, const std::string& before_brace) {
  std::set<std::string> names;
  const std::string text = without_end_spaces(before_brace);
  std::string function, word;
  if (call_with_string(text, function, word)) {
    if (const Component* component = component_before(text))
      for (const basin_parameter* p : component->parameters) names.insert(p->name);
    return names;
  }
  const std::string name = name_at_end(text);
  const size_t dot = name.find_last_of(".:");
  const Function* found = nullptr;
  if (dot != name.npos && name[dot] == ':' && push_named(L, name.substr(0, dot))) {
    if (const Type* type = type_at(L, -1)) {
      for (const Function& m : type->methods) {
        if (name.substr(dot + 1) == std::strchr(m.record.name, ':') + 1) found = &m;
      }
    }
    lua_pop(L, 1);
  } else if (!name.empty() && push_named(L, name)) {
    found = function_at(L, -1);
    lua_pop(L, 1);
  }
  if (found && found->record.table) {
    for (const Field& field : found->record.fields) names.insert(field.name);
  }
  return names;
}

std::vector<std::string> paths(const std::string& begun) {
  std::vector<std::string> out;
  const size_t slash = begun.rfind('/');
  const std::string folder = slash == begun.npos ? "" : begun.substr(0, slash + 1), start = begun.substr(folder.size());
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder.empty() ? "." : folder, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with(start) && (!start.empty() || name[0] != '.'))
      out.push_back(folder + name + (it->is_directory(error) ? "/" : ""));
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

bool push_named(lua_State* L, const std::string& path) {
  lua_pushglobaltable(L);
  size_t at = 0;
  while (at < path.size()) {
    size_t end = path.find_first_of(".:", at);
    if (end == path.npos) end = path.size();
    if (lua_type(L, -1) != LUA_TTABLE) return lua_pop(L, 1), false;
    give(L, path.substr(at, end - at));
    lua_rawget(L, -2);
    lua_remove(L, -2);
    at = end + 1;
  }
  return true;
}

std::vector<std::string> complete(lua_State* L, const std::string& text, size_t& replaced) {
  const Scan s = scan(text);
  if (s.string_at != std::string::npos) {
    const std::string begun = text.substr(s.string_at + 1);
    replaced = begun.size();
    const std::string function = name_at_end(without_end_spaces(text.substr(0, s.string_at)));
    if (function.starts_with("basin.") || function == "help") {
      const std::string kind = function == "help" ? "" : function.substr(6);
      std::set<std::string> names = component_names(kind);
      if (!names.empty()) return with_prefix(names, begun);
    }
    const std::string before = text.substr(0, s.string_at);
    if (!s.braces.empty()) {  // schedule = "
      const auto choices = choices_of_option(text.substr(0, s.braces.back()), before);
      if (!choices.empty()) return with_prefix(choices, begun);
    }
    if (function.ends_with(":averaged") && push_named(L, function.substr(0, function.size() - 9))) {
      std::set<std::string> names;
      if (const ComponentBox* box = component_at(L, -1))
        if (const auto model = std::dynamic_pointer_cast<Model>(box->living))
          for (const auto& [name, average] : model->averages) names.insert(name);
      lua_pop(L, 1);
      return with_prefix(names, begun);
    }
    return paths(begun);
  }
  const std::string path = name_at_end(text);
  const size_t dot = path.find_last_of(".:");
  const std::string prefix = dot == path.npos ? path : path.substr(dot + 1);
  replaced = prefix.size();
  if (dot != path.npos) {
    if (!push_named(L, path.substr(0, dot))) return {};
    return with_prefix(members(L, path[dot] == ':'), prefix);
  }
  std::set<std::string> names;
  // Right after '{' or ',' an option's name is meant, elsewhere a value.
  const std::string before = text.substr(0, text.size() - prefix.size());
  const size_t last = before.find_last_not_of(" \t\n");
  if (!s.braces.empty() && last != before.npos && (before[last] == '{' || before[last] == ',')) {
    names = option_names(L, text.substr(0, s.braces.back()));
    if (!names.empty()) return with_prefix(names, prefix);
  }
  lua_pushglobaltable(L);
  names = members(L, false);
  for (const char* word :
       {"and", "break", "do",  "else", "elseif", "end",    "false",  "for",  "function", "goto",  "if",
        "in",  "local", "nil", "not",  "or",     "repeat", "return", "then", "true",     "until", "while"}) {
    names.insert(word);
  }
  return with_prefix(names, prefix);
}

}  // namespace basin::script
