// The reference's pages, and what they share with help and the type file, see the header.
#include "script/reference.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <map>

#include "plugin/files.hpp"
#include "plugin/registry.hpp"
#include "script/component.hpp"
#include "script/numpy.hpp"

namespace basin::script {
namespace {

std::string type_of_parameter(const basin_parameter& p) {
  switch (p.type) {
    case BASIN_TYPE_BOOLEAN: return "boolean";
    case BASIN_TYPE_INTEGER: return "integer";
    case BASIN_TYPE_NUMBER: return "number";
    case BASIN_TYPE_INTEGERS: return "integer[]";
    case BASIN_TYPE_NUMBERS: return "number[]";
    case BASIN_TYPE_COMPONENT: return p.choices && p.choices[0] ? p.choices[0] : "any";
    case BASIN_TYPE_CHOICE: {
      std::string text;
      for (const char* const* choice = p.choices; choice && *choice; ++choice)
        text += (text.empty() ? "\"" : "|\"") + std::string(*choice) + "\"";
      return text;
    }
    default: return "string";
  }
}

// A declared default as a script would write it.
std::string default_of(const basin_parameter& p) {
  const std::string text = p.default_value ? p.default_value : "";
  if (text.empty()) return "";
  switch (p.type) {
    case BASIN_TYPE_CHOICE:
    case BASIN_TYPE_STRING:
    case BASIN_TYPE_FILE:
    case BASIN_TYPE_FOLDER: return "\"" + text + "\"";
    case BASIN_TYPE_INTEGERS:
    case BASIN_TYPE_NUMBERS: return text.starts_with('{') ? text : "{ " + text + " }";
    case BASIN_TYPE_COMPONENT: return "basin." + type_of_parameter(p) + " \"" + text + "\"";
    default: return text;
  }
}

// A value that the example of a component shows for an option that it needs.
std::string example_value(const Entry& entry, int32_t type) {
  if (type == BASIN_TYPE_FOLDER) return "\"FOLDER\"";
  if (type == BASIN_TYPE_FILE) return "\"FILE\"";
  if (type == BASIN_TYPE_STRING) return "\"text\"";
  if (type == BASIN_TYPE_BOOLEAN) return "true";
  if (type == BASIN_TYPE_INTEGERS || type == BASIN_TYPE_NUMBERS) return "{ 1 }";
  if (type != BASIN_TYPE_COMPONENT) return "1";
  const std::map<std::string, std::string> usual{
      {"optimizer", "adam"}, {"model", "small_features"}, {"averager", "ema"}, {"sampler", "ddpm"}};
  const auto found = usual.find(entry.type);
  return "basin." + entry.type + " \"" + (found == usual.end() ? "NAME" : found->second) + "\"";
}

// ---- markdown ------------------------------------------------------------------------------------------------------

std::string in_table(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : c == '\n' ? std::string(" ") : std::string(1, c);
  return out;
}
std::string code(const std::string& text) { return text.empty() ? "" : "`" + in_table(text) + "`"; }

std::string table_of(const std::vector<Entry>& entries, const char* what) {
  if (entries.empty()) return "";
  std::string out = std::string("| ") + what + " | type | default | |\n|---|---|---|---|\n";
  for (const Entry& e : entries) {
    std::string note = e.summary;
    if (!e.range.empty()) note += (note.ends_with('.') ? " " : ". ") + std::string("Range: ") + e.range + ".";
    if (!e.since.empty()) note += " Since " + e.since + ".";
    out += "| " + code(e.name) + " | " + code(e.type) + (e.unit.empty() ? "" : " (" + in_table(e.unit) + ")") + " | " +
           (e.required ? "required" : in_table(e.fallback)) + " | " + in_table(note) + " |\n";
  }
  return out + "\n";
}

std::string call_of(const Record& r) {
  std::string list;
  for (const Field& field : r.fields) {
    const bool rest = &field == &r.fields.back() && std::strcmp(field.type, "integers") == 0 && !r.table;
    list += (list.empty() ? "" : ", ") + std::string(rest ? "..." : field.name);
  }
  return std::string(r.name) + (r.table ? " { " + (list.size() > 60 ? "..." : list) + " }" : "(" + list + ")");
}

std::string section_of(const Function& function) {
  const Record& r = function.record;
  std::string out = "### `" + call_of(r) + "`\n\n" + std::string(r.summary) + "\n\n";
  out += table_of(entries_of(r), r.table ? "option" : "argument");
  if (*r.returns) out += "Returns " + code(r.returns) + ". ";
  out += "Since " + std::string(r.since) + ".\n";
  if (*r.example) out += "\n```lua\n" + std::string(r.example) + "\n```\n";
  return out + "\n";
}

std::string section_of(const Type& type) {
  std::string out = std::string(type.summary) + "\n\n";
  if (*type.call) out += "Called: " + code(type.call) + ".\n\n";
  if (!type.properties.empty()) {
    out += "| value | type | |\n|---|---|---|\n";
    for (const Property& p : type.properties)
      out += "| " + code(std::string(".") + p.name) + " | " + code(p.type) + " | " + in_table(p.summary) + " |\n";
    out += "\n";
  }
  for (const Function& method : type.methods) out += section_of(method);
  return out;
}

std::string section_of(const Component& component) {
  std::string out = "### `" + component.name + "`\n\n" + component.summary + "\n\n";
  out += table_of(entries_of(component), "option");
  return out + "```lua\n" + example_of(component) + "\n```\n\n";
}

constexpr const char* kGenerated = "<!-- Written by `basin docs`; what it says is in the code. -->\n\n";

bool is_kind(const std::string& name) {
  const auto all = script_kinds();
  return std::find(all.begin(), all.end(), name) != all.end();
}

std::string names_that_differ() {
  std::string out = "## Names that differ\n\n| NumPy, PyTorch | Basin |\n|---|---|\n";
  for (const Otherwise& other : numpy_names()) out += "| " + code(other.theirs) + " | " + code(other.ours) + " |\n";
  return out + "\n";
}

std::string page_of(const Type& type) {
  const std::string name = type.name;
  std::string out = kGenerated + ("# " + name) + "\n\n";
  if (name == "tensor") return out + section_of(type) + names_that_differ();
  if (!is_kind(name)) return out + section_of(type);
  for (const Function* f : functions())
    if (f->record.name == "basin." + name) out += section_of(*f);
  const bool more = !type.methods.empty() || !type.properties.empty();
  if (more) out += "## What " + with_article(name) + " offers\n\n" + section_of(type);
  out += "## There are\n\n";
  for (const Component* component : components_of(name)) out += section_of(*component);
  return out;
}

std::string library_page() {
  std::string out = kGenerated + std::string("# basin\n\nThe library: `local basin = require \"basin\"`.\n\n");
  for (const Function* f : functions()) {
    const std::string name = f->record.name;
    if (name.starts_with("basin.") && !is_kind(name.substr(6))) out += section_of(*f);
  }
  return out;
}

constexpr const char* kOverview = R"(# Reference

Everything a script can say. The same records check what a script gives, answer `help(x)` and feed completion.

`basin.lua` beside this page is for the editor: the Lua language server then completes and checks scripts, down to the
options of `basin.optimizer "sam" { ... }`. In a clone `.luarc.json` says so already, an installation has the file in
`share/basin/lua`; elsewhere its folder goes into the setting `Lua.workspace.library`. `basin docs --out DIR` writes all this
with your own plugins in it.

| page | |
|---|---|
| [basin](basin.md) | The library's functions. |
)";

std::string overview() {
  std::string out = std::string(kGenerated) + kOverview;
  for (const Type* type : types())
    out += "| [" + std::string(type->name) + "](" + type->name + ".md) | " + in_table(type->summary) + " |\n";
  return out;
}

}  // namespace

// ---- records -------------------------------------------------------------------------------------------------------

std::string Entry::sentence() const {
  std::string text = summary;
  if (!unit.empty()) text += " [" + unit + "]";
  if (required) text += " Required.";
  else if (!fallback.empty()) text += " Default: " + fallback + ".";
  if (!range.empty()) text += " " + std::string(1, static_cast<char>(std::toupper(range[0]))) + range.substr(1) + ".";
  return text;
}

std::vector<Entry> entries_of(const Record& record) {
  std::vector<Entry> list;
  for (const Field& f : record.fields)
    list.push_back({f.name, f.type, f.summary, f.fallback ? f.fallback : "", range_text(f.minimum, f.maximum), f.unit,
                    f.since, !f.fallback});
  return list;
}

std::vector<Entry> entries_of(const Component& component) {
  std::vector<Entry> list;
  for (const basin_parameter* p : component.parameters)
    list.push_back({p->name, type_of_parameter(*p), p->summary ? p->summary : "", default_of(*p),
                    range_text(p->minimum, p->maximum), p->unit ? p->unit : "", "", !p->default_value});
  return list;
}

std::string example_of(const Component& component) {
  std::string options;
  const auto entries = entries_of(component);
  for (size_t i = 0; i < entries.size(); ++i) {
    const int32_t type = component.parameters[i]->type;
    // A data set out of files may be in several places, and so require none of them.
    if (entries[i].required || (component.kind == "dataset" && type == BASIN_TYPE_FOLDER))
      options += (options.empty() ? " " : ", ") + entries[i].name + " = " + example_value(entries[i], type);
  }
  return "basin." + component.kind + " \"" + component.name + "\" {" + options + (options.empty() ? "}" : " }");
}

void write_reference(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw Error("the folder '" + folder.string() + "' cannot be made: " + error.message(), BASIN_ERROR_IO);
  write_file(folder / "basin.lua", type_file());
  write_file(folder / "README.md", overview());
  write_file(folder / "basin.md", library_page());
  for (const Type* type : types()) write_file(folder / (std::string(type->name) + ".md"), page_of(*type));
}

std::vector<Name> names() {
  std::vector<Name> list;
  for (const Function* f : functions()) {
    const Record& r = f->record;
    list.push_back({r.name, r.since});
    for (const Field& field : r.fields)
      list.push_back({std::string(r.name) + "." + field.name, *field.since ? field.since : r.since});
  }
  for (const Type* type : types()) {
    list.push_back({type->name, type->since});
    for (const Property& p : type->properties) list.push_back({std::string(type->name) + "." + p.name, p.since});
  }
  for (const std::string& kind : script_kinds()) {
    for (const Component* component : components_of(kind)) {
      list.push_back({kind + "." + component->name, ""});
      for (const basin_parameter* p : component->parameters)
        list.push_back({kind + "." + component->name + "." + p->name, ""});
    }
  }
  std::sort(list.begin(), list.end(), [](const Name& a, const Name& b) { return a.name < b.name; });
  return list;
}

}  // namespace basin::script
