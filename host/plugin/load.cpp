// Opening one plugin file. The copy has a name of its own, so that a rebuilt plugin loads beside the old one and a
// build that writes the original cannot pull the code from under a run; it is removed once it is mapped.
#define BOOST_DLL_USE_STD_FS
#include "plugin/load.hpp"

#include <basin/basin.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/dll/shared_library.hpp>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <set>

#include "abi/border.hpp"
#include "plugin/crash.hpp"
#include "plugin/files.hpp"
#include "plugin/hash.hpp"
#include "plugin/note.hpp"
#include "plugin/options.hpp"

namespace basin {
namespace {

constexpr uint32_t kLargest = 1 << 16;  // bytes of a struct, or members of a list: more is nonsense

// What the structs that plugins declare must reach to: the last member that they had in the first release. It stays, in
// whatever way they grow.
#define BASIN_REACHES(type, member) (offsetof(type, member) + sizeof(type::member))
constexpr size_t kLeastPlugin = BASIN_REACHES(basin_plugin, summary),
                 kLeastComponent = BASIN_REACHES(basin_component, functions),
                 kLeastParameter = BASIN_REACHES(basin_parameter, unit);
#undef BASIN_REACHES

// A declared struct as this host knows it: what an older plugin's ends before reads as zero. Plugins stay to the end of the
// process, and so do these.
template <class T>
const T* as_known(const T* declared) {
  static auto* all = new std::deque<T>;
  return &all->emplace_back(take(declared, "a declared struct"));
}

struct FunctionsHead {  // what every kind's struct of functions begins with
  uint32_t size;
  basin_status (*create)(const basin_options*, void** self);
  void (*destroy)(void* self);
};

[[noreturn]] void refuse(const std::string& sentence) { throw Error(sentence, BASIN_ERROR_ABI); }

void check_size(const std::string& what, uint32_t size, size_t least) {
  if (size >= least && size <= kLargest) return;
  refuse(what + " says its size is " + std::to_string(size) + " bytes, and " + std::to_string(least) +
         " are the least; build the plugin with this Basin's SDK");
}

std::string text(const char* value, const std::string& what) {
  if (!value || !*value) refuse(what + " is missing");
  if (std::strlen(value) > 4096) refuse(what + " is longer than 4096 characters");
  return value;
}

std::string identifier(const char* value, const std::string& what) {
  std::string out = text(value, what);
  bool fits = std::islower(static_cast<unsigned char>(out[0]));
  for (unsigned char c : out) fits = fits && (std::islower(c) || std::isdigit(c) || c == '_');
  if (!fits) refuse(what + " is '" + out + "', and must be a lower-case letter, then letters, digits and '_'");
  return out;
}

std::vector<const basin_parameter*> check_parameters(const basin_component& c, const std::string& owner) {
  if (c.n_parameters > kLargest) refuse(owner + " declares " + std::to_string(c.n_parameters) + " options");
  if (c.n_parameters > 0 && !c.parameters) refuse(owner + " declares options but gives none");
  std::vector<const basin_parameter*> out;
  std::set<std::string> names;
  for (uint32_t i = 0; i < c.n_parameters; i++) {
    const basin_parameter* p = c.parameters[i];
    std::string what = "option " + std::to_string(i + 1) + " of " + owner;
    if (!p) refuse(what + " is null");
    check_size(what, p->size, kLeastParameter);
    p = as_known(p);
    std::string name = identifier(p->name, "the name of " + what);
    what = "option '" + name + "' of " + owner;
    if (!names.insert(name).second) refuse(what + " is declared twice");
    if (p->type < BASIN_TYPE_BOOLEAN || p->type > BASIN_TYPE_COMPONENT)
      refuse(what + " is of type " + std::to_string(p->type) + ", which this Basin does not know; update Basin");
    if ((p->type == BASIN_TYPE_CHOICE || p->type == BASIN_TYPE_COMPONENT) && !(p->choices && p->choices[0]))
      refuse(what + " names no choices");
    try {
      if (p->default_value) parse_default(*p);
    } catch (const Error& e) {
      refuse(what + ": " + e.what());
    }
    out.push_back(p);
  }
  return out;
}

// "basin.sampler.draft/1" -> sampler, basin.sampler.draft/, 1
struct InterfaceId {
  std::string kind, stem;
  unsigned long revision = 0;
};
InterfaceId parse_interface(const std::string& id) {
  InterfaceId out;
  auto slash = id.rfind('/');
  if (!id.starts_with("basin.") || slash == id.npos) return out;
  out.stem = id.substr(0, slash + 1);
  out.kind = id.substr(6, slash - 6);
  if (out.kind.ends_with(".draft")) out.kind.resize(out.kind.size() - 6);
  out.revision = std::strtoul(id.c_str() + slash + 1, nullptr, 10);
  return out;
}

// Why this Basin cannot use a component of this interface; "" where it can.
std::string why_not(const std::string& interface, const InterfaceId& id) {
  std::string known;
  for (const auto& kind : component_kinds()) {
    known += (known.empty() ? "" : ", ") + std::string(kind.name);
    if (id.kind != kind.name) continue;
    if (interface == kind.interface) return "";
    auto ours = parse_interface(kind.interface);
    const bool newer = id.stem == ours.stem ? id.revision > ours.revision : id.stem.find(".draft/") == id.stem.npos;
    return "speaks " + interface + ", and this Basin " + kind.interface + "; " +
           (newer ? "update Basin, or build the plugin with this Basin's SDK"
                  : "build the plugin with this Basin's SDK");
  }
  return "is of interface " + interface + ", which this Basin does not know (it knows the kinds " + known +
         "); update Basin";
}

// Every function that the host calls without asking must be there. A struct that ends before one reads as null there.
void check_functions(const basin_component& c, const std::string& kind, const std::string& owner) {
  auto* functions = static_cast<const FunctionsHead*>(c.functions);
  check_size("the functions of " + owner, functions->size, sizeof(FunctionsHead));
  if (!functions->create || !functions->destroy) refuse(owner + " lacks create or destroy");
  const auto found = std::ranges::find_if(component_kinds(), [&](const Kind& known) { return kind == known.name; });
  size_t offset = sizeof(FunctionsHead);
  for (const char* name : found->needed) {
    void (*function)() = nullptr;
    if (offset + sizeof function <= functions->size)
      std::memcpy(&function, static_cast<const char*>(c.functions) + offset, sizeof function);
    if (!function)
      refuse(owner + " has no function '" + name + "', which every " + kind +
             " needs; put it into its struct of functions");
    offset += sizeof function;
  }
}

void check_component(const basin_component* c, uint32_t index, Loaded& out) {
  std::string owner = "component " + std::to_string(index + 1);
  if (!c) refuse(owner + " is null");
  check_size(owner, c->size, kLeastComponent);
  c = as_known(c);
  std::string interface = text(c->interface, "the interface of " + owner);
  std::string name = identifier(c->name, "the name of " + owner);
  auto id = parse_interface(interface);
  if (auto why = why_not(interface, id); !why.empty()) {
    out.refused.push_back({id.kind, name, why});
    return;
  }
  owner = id.kind + " '" + name + "'";
  for (const auto& other : out.components)
    if (other.kind == id.kind && other.name == name) refuse(owner + " is declared twice");
  if (!c->functions) refuse(owner + " has no functions");
  check_functions(*c, id.kind, owner);
  out.components.push_back(
      {nullptr, id.kind, name, text(c->summary, "the summary of " + owner), c, check_parameters(*c, owner)});
}

// Returns the SHA-256 of what was copied.
std::string copy_file(FileReader& from, int to) {
  Sha256 sum;
  std::vector<char> buffer(1 << 20);
  for (uint64_t at = 0; at < from.size();) {
    const size_t n = std::min<uint64_t>(buffer.size(), from.size() - at);
    from.read(buffer.data(), n, at);
    sum.update(buffer.data(), n);
    for (size_t done = 0; done < n;) {
      ssize_t wrote = ::write(to, buffer.data() + done, n - done);
      if (wrote < 0 && errno != EINTR)
        refuse(std::string("it could not be copied to be opened: ") + std::strerror(errno));
      if (wrote > 0) done += static_cast<size_t>(wrote);
    }
    at += n;
  }
  if (from.changed())
    refuse("it was written to while it was being loaded; load it again when the build or copy has ended");
  return sum.hex();
}

// Opens a private copy in a folder of its own below `folder`, under the file's name: what the linker, a debugger and
// the log say is "sam.basin.so". Error: the linker's words, about the file the user knows.
struct Opened {
  boost::dll::shared_library* library;
  std::string sha256;
};
Opened open_copy(FileReader& in, const std::filesystem::path& folder) {
  const auto& file = in.file();
  std::string place = (folder / "basin-XXXXXX").string();
  if (!::mkdtemp(place.data()))
    refuse("it could not be copied to " + folder.string() + " to be opened: " + std::strerror(errno));
  const std::string copy = (std::filesystem::path(place) / file.filename()).string();
  struct Cleanup {
    const std::string &place, &copy;
    int fd;
    ~Cleanup() {
      if (fd >= 0) ::close(fd);
      ::unlink(copy.c_str());
      ::rmdir(place.c_str());
    }
  } cleanup{place, copy, ::open(copy.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700)};
  if (cleanup.fd < 0) refuse("it could not be copied to " + place + " to be opened: " + std::strerror(errno));
  const std::string sha256 = copy_file(in, cleanup.fd);
  auto library = std::make_unique<boost::dll::shared_library>();
  try {
    library->load(copy, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
  } catch (const std::system_error& e) {
    std::string why = e.what();
    if (auto at = why.find("(dlerror system message: "); at != why.npos)
      why = why.substr(at + 25, why.find_last_of(')') - at - 25);
    for (size_t at; (at = why.find(copy)) != why.npos;) why.replace(at, copy.size(), file.filename().string());
    refuse("it could not be opened: " + why);
  }
  // Never unloaded: objects, threads and autograd nodes may hold its code to the end.
  static auto* opened = new std::vector<std::unique_ptr<boost::dll::shared_library>>;
  return {opened->emplace_back(std::move(library)).get(), sha256};
}

Opened open_library(FileReader& in) {
  std::error_code error;
  auto temporary = std::filesystem::temp_directory_path(error);
  if (error) temporary = "/tmp";
  try {
    return open_copy(in, temporary);
  } catch (const Error&) {  // full, or mounted without execution, as on some clusters: the cache folder may do
    const char* cache = std::getenv("XDG_CACHE_HOME");
    const char* home = std::getenv("HOME");
    if (!(cache && *cache) && !(home && *home)) throw;
    auto folder = (cache && *cache ? std::filesystem::path(cache) : std::filesystem::path(home) / ".cache") / "basin";
    if (std::filesystem::create_directories(folder, error), !std::filesystem::is_directory(folder, error)) throw;
    try {
      return open_copy(in, folder);
    } catch (const Error&) {
    }
    throw;  // the first reason is the better one
  }
}

const basin_plugin* call_entry(boost::dll::shared_library& library) {
  if (!library.has(BASIN_ENTRY_SYMBOL))
    refuse("it exports no " BASIN_ENTRY_SYMBOL "; the one symbol of a plugin, which BASIN_PLUGIN defines");
  auto entry =
      reinterpret_cast<basin_plugin_entry_function>(reinterpret_cast<void*>(&library.get<void()>(BASIN_ENTRY_SYMBOL)));
  const basin_plugin* table = nullptr;
  basin_status status;
  set_last_error("");
  try {
    status = entry(host_table(), &table);
  } catch (const std::exception& e) {
    refuse(std::string("it let a C++ exception out of its entry function: ") + e.what());
  } catch (...) {
    refuse("it let an exception out of its entry function");
  }
  if (status != BASIN_OK) {
    std::string why = last_error();
    refuse("it failed in its entry function: " + (why.empty() ? "status " + std::to_string(status) : why));
  }
  if (!table) refuse("it gave no table of what it brings");
  return table;
}

}  // namespace

const std::vector<Kind>& component_kinds() {
  static const std::vector<Kind> kinds = {
      {"model", BASIN_MODEL_INTERFACE, {"build", "describe", "forward"}},
      {"dataset", BASIN_DATASET_INTERFACE, {"open", "describe", "read"}},
      {"optimizer", BASIN_OPTIMIZER_INTERFACE, {"start", "step"}},
      {"averager", BASIN_AVERAGER_INTERFACE, {"start", "update", "average"}},
      {"noise_schedule", BASIN_NOISE_SCHEDULE_INTERFACE, {"start", "draw"}},  // update: where something is learnt
      {"sampler", BASIN_SAMPLER_INTERFACE, {"sample"}},
      {"quantizer", BASIN_QUANTIZER_INTERFACE, {"attach", "report"}},
      {"metric", BASIN_METRIC_INTERFACE, {"measure"}}};
  return kinds;
}

Loaded load_plugin(const std::filesystem::path& file) {
  FileReader in(file);  // once: what is checked is what is opened, whatever a build puts in its place meanwhile
  const Note note = read_note(in);
  check_note(note, file, engine_version());
  Loaded out;
  out.plugin.file = file;
  out.plugin.pinned = note.pinned;
  const std::string who = "the plugin file '" + file.string() + "', which was being loaded";
  const AtWork at_work(who.c_str());
  try {
    const auto [library, sha256] = open_library(in);
    out.plugin.sha256 = sha256;
    out.plugin.opened_as = library->location();
    if (library->has(BASIN_ENTRY_SYMBOL))
      add_crash_code(reinterpret_cast<const void*>(&library->get<void()>(BASIN_ENTRY_SYMBOL)), file.filename().c_str());
    const basin_plugin* table = call_entry(*library);
    check_size("its table", table->size, kLeastPlugin);
    table = out.plugin.table = as_known(table);
    if (table->abi_major != BASIN_ABI_MAJOR)
      refuse("it says ABI major " + std::to_string(table->abi_major) + ", and its own note " +
             std::to_string(note.abi_major));
    out.plugin.name = text(table->name, "its name");
    out.plugin.version = text(table->version, "its version");
    out.plugin.license = text(table->license, "its license");
    out.plugin.summary = text(table->summary, "its summary");
    if (table->n_components > kLargest)
      refuse("it says it brings " + std::to_string(table->n_components) + " components");
    if (table->n_components == 0 || !table->components) refuse("it brings no components");
    for (uint32_t i = 0; i < table->n_components; i++) check_component(table->components[i], i, out);
    if (out.components.empty()) {
      const auto& first = out.refused.front();
      refuse("it brings nothing this Basin can use: component '" + first.name + "' " + first.why);
    }
  } catch (const Error& e) {
    throw Error("the plugin file '" + file.string() + "' is refused: " + e.what(), e.status);
  }
  return out;
}

}  // namespace basin
