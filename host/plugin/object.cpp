// The life of a component's object, and the options that its create reads (basin.options).
#include "plugin/object.hpp"

#include <algorithm>
#include <cstring>

#include "abi/named.hpp"
#include "plugin/options.hpp"

namespace basin {
namespace {

struct FunctionsHead {
  uint32_t size;
  basin_status (*create)(const basin_options*, void** self);
  void (*destroy)(void* self);
};

std::map<std::string, std::function<std::shared_ptr<basin_object>(Spec)>>& factories() {
  static std::map<std::string, std::function<std::shared_ptr<basin_object>(Spec)>> all;
  return all;
}

// The option's value as a T; an Error where it was declared otherwise.
template <class T>
const T& option(const basin_options* options, const char* name, const char* type) {
  if (!options || !name) throw Error("an option was asked for without options or without a name");
  const Value& value = (*options->spec)[name];
  if (auto* out = std::get_if<T>(&value)) return *out;
  throw Error("option '" + std::string(name) + "' was asked for as " + type + ", and is declared otherwise");
}

template <class T>
void need(T* out) {
  if (!out) throw Error("an option was asked for without a place to put it");
}

basin_status get_boolean(const basin_options* o, const char* name, int32_t* out) {
  return guard([&] { need(out), *out = option<bool>(o, name, "a boolean"); });
}

basin_status get_integer(const basin_options* o, const char* name, int64_t* out) {
  return guard([&] { need(out), *out = option<int64_t>(o, name, "an integer"); });
}

basin_status get_number(const basin_options* o, const char* name, double* out) {
  return guard([&] {
    need(out);
    if (!o || !name) throw Error("an option was asked for without options or without a name");
    if (auto* whole = std::get_if<int64_t>(&(*o->spec)[name])) *out = static_cast<double>(*whole);
    else *out = option<double>(o, name, "a number");
  });
}

basin_status get_string(const basin_options* o, const char* name, const char** out) {
  return guard([&] { need(out), *out = option<std::string>(o, name, "a string").c_str(); });
}

template <class T>
basin_status get_list(const basin_options* o, const char* name, const T** out, uint32_t* n, const char* type) {
  return guard([&] {
    need(out), need(n);
    const auto& list = option<std::vector<T>>(o, name, type);
    *out = list.data();
    *n = static_cast<uint32_t>(list.size());
  });
}

basin_status get_integers(const basin_options* o, const char* name, const int64_t** out, uint32_t* n) {
  return get_list(o, name, out, n, "a list of integers");
}

basin_status get_numbers(const basin_options* o, const char* name, const double** out, uint32_t* n) {
  return get_list(o, name, out, n, "a list of numbers");
}

basin_status get_component(const basin_options* o, const char* name, basin_object** out) {
  return guard([&] {
    need(out);
    if (!o || !name) throw Error("an option was asked for without options or without a name");
    auto at = o->components->find(name);
    if (at != o->components->end()) *out = at->second;
    else if (std::holds_alternative<std::monostate>((*o->spec)[name])) *out = nullptr;
    else throw Error("option '" + std::string(name) + "' was asked for as a component, and is declared otherwise");
  });
}

constexpr basin_options_interface kOptions = {sizeof kOptions, get_boolean,  get_integer, get_number,
                                              get_string,      get_integers, get_numbers, get_component};

}  // namespace

void add_plugin_interfaces() { add_interface(BASIN_OPTIONS_INTERFACE, &kOptions); }

void add_factory(const std::string& kind, std::function<std::shared_ptr<basin_object>(Spec)> make) {
  factories()[kind] = std::move(make);
}

std::shared_ptr<basin_object> make_object(Spec spec) {
  auto make = factories().find(spec.component->kind);
  return make == factories().end() ? std::make_shared<Object>(std::move(spec)) : make->second(std::move(spec));
}

Object::Object(Spec spec) : spec_(std::move(spec)) {
  const Component& c = *spec_.component;
  who_ = c.kind + " '" + c.name + "' (plugin " + c.plugin->name + " " + c.plugin->version + ")";
  std::map<std::string, basin_object*> components;
  for (const auto& option : spec_.options) {
    std::shared_ptr<basin_object> child;
    if (auto* given = std::get_if<std::shared_ptr<const Spec>>(&option.value)) child = make_object(**given);
    if (auto* living = std::get_if<std::shared_ptr<basin_object>>(&option.value)) child = *living;
    if (!child) continue;
    components[option.name] = child.get();
    children_.emplace_back(option.name, std::move(child));
  }
  basin_options options{&spec_, &components};
  auto* head = static_cast<const FunctionsHead*>(spec_.component->table->functions);
  call([&] { return head->create(&options, &self_); }, "create");
}

Object::~Object() {
  {
    const AtWork at_work(who_.c_str());
    static_cast<const FunctionsHead*>(spec_.component->table->functions)->destroy(self_);
  }
  while (!children_.empty()) children_.pop_back();  // after their user, the last one first
}

void Object::copy_functions(void* out, uint32_t size) const {
  const void* from = spec_.component->table->functions;
  uint32_t theirs;
  std::memcpy(&theirs, from, sizeof theirs);
  std::memcpy(out, from, std::min(size, theirs));
}

void Object::let_out() const {
  try {
    throw;
  } catch (const std::exception& e) {
    throw Error(who_ + ": it let a C++ exception out: " + e.what(), BASIN_ERROR_RUNTIME);
  } catch (...) {
    throw Error(who_ + ": it let an exception out", BASIN_ERROR_RUNTIME);
  }
}

void Object::fail(basin_status status, const char* function) const {
  std::string sentence = last_error();
  // An inner component's failure has its name already, and Ctrl-C is nobody's failure.
  if (status == BASIN_ERROR_INTERRUPTED) throw Error(sentence.empty() ? "interrupted" : sentence, status);
  if (sentence.find(" (plugin ") != sentence.npos) throw Error(sentence, status);
  if (sentence.empty()) sentence = "it failed with status " + std::to_string(status) + " and without a sentence";
  // A sentence about an argument says what is wrong with it, and the script's line which object could not be made; any
  // other failure is better known with where it came from.
  const bool where =
      function && (is_named(sentence) || (status != BASIN_ERROR_ARGUMENT && function != std::string_view("create")));
  throw Error(who_ + (where ? " in " + std::string(function) : "") + ": " + sentence, status);
}

}  // namespace basin
