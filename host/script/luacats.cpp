// basin.lua: the records as annotations of the Lua language server (LuaCATS, luals.github.io/wiki/annotations). A
// factory has one overload for each component, chosen by its name, so that options complete and are checked.
#include <algorithm>
#include <cctype>
#include <cstring>
#include <map>
#include <set>

#include "plugin/registry.hpp"
#include "script/component.hpp"
#include "script/reference.hpp"

namespace basin::script {
namespace {

// Types of userdata become basin.NAME; a word before ':' is a parameter's or a field's name and stays.
std::string annotation(const std::string& type) {
  std::set<std::string> known;
  for (const Type* t : types()) known.insert(t->name);
  std::string out;
  for (size_t i = 0; i < type.size();) {
    if (type[i] == '"') {
      const size_t end = type.find('"', i + 1);
      out += type.substr(i, end - i + 1), i = end + 1;
      continue;
    }
    if (!std::isalpha(static_cast<unsigned char>(type[i]))) {
      out += type[i++];
      continue;
    }
    size_t end = i;
    while (end < type.size() && (std::isalnum(static_cast<unsigned char>(type[end])) || type[end] == '_')) ++end;
    const std::string word = type.substr(i, end - i);
    const bool name = end < type.size() && (type[end] == ':' || type.compare(end, 2, "?:") == 0);
    if (name) out += word;
    else if (word == "list") out += "any[]";
    else if (word == "integers") out += "integer|integer[]";
    else out += known.count(word) ? "basin." + word : word;
    i = end;
  }
  return out;
}

// "tensor ([B]); integer" -> two annotations
std::vector<std::string> results_of(const std::string& returns) {
  std::vector<std::string> list;
  for (size_t at = 0; at < returns.size();) {
    const size_t end = std::min(returns.find(';', at), returns.size());
    std::string one = returns.substr(at, end - at);
    one.erase(0, one.find_first_not_of(' '));
    if (const size_t remark = one.find(" ("); remark != one.npos && one.ends_with(')')) one = one.substr(0, remark);
    list.push_back(annotation(one));
    at = end + 1;
  }
  return list;
}

std::string option_fields(const std::vector<Entry>& entries) {
  std::string out;
  for (const Entry& e : entries)
    out += "---@field " + e.name + (e.required ? " " : "? ") + annotation(e.type) + " " + e.sentence() + "\n";
  return out;
}

// "run:train" -> "basin.run.train.options"
std::string options_class(const std::string& function) {
  std::string name = function.starts_with("basin.") ? function : "basin." + function;
  for (char& c : name) c = c == ':' ? '.' : c;
  return name + ".options";
}

std::string of_function(const Record& r) {
  std::string out, list;
  const auto entries = entries_of(r);
  bool optional = true;
  for (const Entry& e : entries) optional = optional && !e.required;
  if (r.table) out += "---@class (exact) " + options_class(r.name) + "\n" + option_fields(entries) + "\n";
  out += "---" + std::string(r.summary) + "\n";
  std::string example = r.example;
  for (size_t at = 0; (at = example.find('\n', at)) != example.npos; at += 4) example.replace(at, 1, "\n---");
  if (!example.empty()) out += "---```lua\n---" + example + "\n---```\n";
  out += "---(since " + std::string(r.since) + ")\n";
  if (r.table) {
    const bool alone = !entries.empty() && entries[0].type == "string";
    list = "options";
    out += std::string("---@param options") + (optional ? "? " : " ") + options_class(r.name) +
           (alone ? "|string" : "") + "\n";
  } else {
    for (const Entry& e : entries) {
      const bool rest = &e == &entries.back() && e.type == "integers";
      const std::string name = rest ? "..." : e.name;
      out += "---@param " + name + (e.required || rest ? " " : "? ") + annotation(e.type) + " " + e.sentence() + "\n";
      list += (list.empty() ? "" : ", ") + name;
    }
  }
  for (const std::string& result : results_of(r.returns)) out += "---@return " + result + "\n";
  return out + "function " + r.name + "(" + list + ") end\n\n";
}

std::string of_type(const Type& type) {
  static const std::map<std::string, std::string> two{
      {"__add", "add"}, {"__sub", "sub"},   {"__mul", "mul"},   {"__div", "div"}, {"__mod", "mod"},
      {"__pow", "pow"}, {"__idiv", "idiv"}, {"__band", "band"}, {"__bor", "bor"}, {"__bxor", "bxor"}};
  const std::string name = type.name, full = "basin." + name;
  std::string out = "---" + std::string(type.summary) + "\n---@class " + full + "\n";
  for (const auto& [op, body] : type.operators) {
    const std::string word = op;
    if (const auto found = two.find(word); found != two.end())
      out += "---@operator " + found->second + "(" + full + "|number): " + full + "\n";
    if (word == "__unm" || word == "__bnot") out += "---@operator " + word.substr(2) + ": " + full + "\n";
    if (word == "__len") out += "---@operator len: integer\n";
  }
  for (const Property& p : type.properties)
    out += "---@field " + std::string(p.name) + " " + annotation(p.type) + " " + p.summary + "\n";
  if (*type.element)
    for (const char* key : {"integer", "table", "basin.tensor"})
      out += "---@field [" + std::string(key) + "] " + annotation(type.element) + "\n";
  if (*type.call) out += "---@overload " + annotation(type.call) + "\n";
  out += "local " + name + " = {}\n\n";
  for (const Function& method : type.methods) out += of_function(method.record);
  return out;
}

// The options that can be read from a component; a method or value of that name goes before.
std::string readable(const Component& component) {
  std::set<std::string> taken;
  for (const Type* type : types()) {
    if (component.kind != type->name) continue;
    for (const Property& p : type->properties) taken.insert(p.name);
    for (const Function& m : type->methods) taken.insert(std::strchr(m.record.name, ':') + 1);
  }
  std::string out;
  for (const Entry& e : entries_of(component)) {
    if (!taken.count(e.name)) out += "---@field " + e.name + " " + annotation(e.type) + " " + e.summary + "\n";
  }
  return out;
}

std::string of_kind(const std::string& kind, const Record& factory) {
  std::string out, overloads;
  const auto components = components_of(kind);
  for (const Component* c : components) {
    const std::string full = "basin." + kind + "." + c->name;
    out += "---@class (exact) " + full + ".options\n" + option_fields(entries_of(*c)) + "\n";
    out += "---" + c->summary + "\n---@class " + full + ": basin." + kind + "\n" + readable(*c);
    out += "---@overload fun(options: " + full + ".options): " + full + "\n\n";
    if (c != components.front())
      overloads += "---@overload fun(name: \"" + c->name + "\", options?: " + full + ".options): " + full + "\n";
  }
  for (const Field& f : factory.fields) {
    const std::string written = f.type;
    if (const size_t at = written.find("fun("); at != written.npos)
      overloads += "---@overload fun(name: string, code: " + annotation(written.substr(at)) + "): basin." + kind + "\n";
  }
  out += "---" + std::string(factory.summary) + "\n";
  if (components.empty()) return out + "function basin." + kind + "(name, options) end\n\n";
  const std::string first = "basin." + kind + "." + components.front()->name;
  out += "---@param name \"" + components.front()->name + "\"\n---@param options? " + first + ".options\n---@return " +
         first + "\n" + overloads;
  return out + "function basin." + kind + "(name, options) end\n\n";
}

}  // namespace

std::string type_file() {
  std::string out =
      "---@meta basin\n"
      "-- Written by `basin docs`: what the Lua language server knows of Basin's scripts. Not to be run.\n"
      "error \"basin.lua is the editor's type file; scripts get the library from the program: basin run "
      "SCRIPT.lua\"\n\n";
  for (const Type* type : types()) out += of_type(*type);
  out +=
      "---The library.\n---@class basin\n---@field version string\n"
      "---@field args table<string, any> What basin.arguments declared, with values.\n"
      "local basin = {}\n\n";
  const auto kinds = script_kinds();
  const auto all = functions();
  for (const Function* f : all) {
    const std::string name = f->record.name;
    if (!name.starts_with("basin.")) continue;
    const bool is_kind = std::find(kinds.begin(), kinds.end(), name.substr(6)) != kinds.end();
    const auto inside = [&](const Function* g) { return std::string(g->record.name).starts_with(name + "."); };
    if (is_kind) {
      out += of_kind(name.substr(6), f->record);
    } else if (std::any_of(all.begin(), all.end(), inside)) {  // a table that can be called
      out += "---" + std::string(f->record.summary) + "\n---@class " + name +
             "\n---@overload fun(): " + results_of(f->record.returns)[0] + "\n" + name + " = {}\n\n";
    } else {
      out += of_function(f->record);
    }
  }
  return out +
         "---What something is: help(x), or ?x at the prompt.\n---@param what? any\nfunction help(what) end\n\n"
         "return basin\n";
}

}  // namespace basin::script
