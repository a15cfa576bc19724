// Components in scripts, see the header.
#include "script/component.hpp"

#include <algorithm>
#include <cmath>
#include <deque>

#include "script/engine.hpp"
#include "script/tensor.hpp"
#include "script/text.hpp"
#include "script/written.hpp"

namespace basin::script {
namespace {

bool lives(const std::string& kind) { return kind == "model" || kind == "dataset" || kind == "process"; }

ComponentBox& self(Call& c) {
  if (ComponentBox* box = component_at(c.L, 1)) return *box;
  throw Error("expected a component, got " + describe(c.L, 1));
}

// A data set's folder may stand in basin.toml instead of the script.
void add_known_folder(lua_State* L, const Component& component, std::vector<Option>& options) {
  const Settings& settings = Engine::of(L).settings();
  const auto found = settings.data.find(component.name);
  if (component.kind != "dataset" || found == settings.data.end()) return;
  for (const basin_parameter* p : component.parameters) {
    if (p->type != BASIN_TYPE_FOLDER) continue;
    const auto same = [&](const Option& o) { return o.name == p->name; };
    if (std::none_of(options.begin(), options.end(), same))
      options.push_back({p->name, found->second.value, found->second.origin});
    return;
  }
}

void complete(lua_State* L, ComponentBox& box, std::vector<Option> options) {
  add_known_folder(L, *box.component, options);
  box.spec = std::make_shared<const Spec>(check_options(*box.component, std::move(options)));
  const std::string& kind = box.component->kind;
  if (kind == "process") box.living = std::make_shared<ProcessObject>(*box.spec);
  else if (lives(kind)) box.living = make_object(*box.spec);
}

const Component& find(const std::string& kind, const std::string& name) {
  if (kind != "process") return Registry::instance().find(kind, name);
  if (name == "vp") return process_component();
  throw Error("there is no process '" + name + "'; there is: vp", BASIN_ERROR_NOT_FOUND);
}

// basin.optimizer(name [, options])
int factory(Call& c, const char* kind) {
  const bool has_options = c.has("options");
  if (has_options && lua_isfunction(c.L, c.index("options"))) {
    const auto spec = write_component(c.L, kind, c.string("name"), c.index("options"));
    give_as<ComponentBox>(c.L, kind, {spec->component, where(c.L), spec, nullptr});
    return 1;
  }
  ComponentBox box{&find(kind, c.string("name")), where(c.L), nullptr, nullptr};
  if (has_options) complete(c.L, box, options_at(c.L, c.index("options"), box.origin));
  give_as<ComponentBox>(c.L, box.component->kind.c_str(), std::move(box));
  return 1;
}

int call_box(Call& c) {  // box { options }
  ComponentBox& box = self(c);
  if (box.component->kind == "model" && (test<Tensor>(c.L, 2) || (box.spec && lua_type(c.L, 2) != LUA_TTABLE)))
    return call_model(c);
  const std::string owner = "basin." + box.component->kind + " \"" + box.component->name + "\"";
  if (box.spec) throw Error(owner + " has its options already; a second table cannot follow");
  if (lua_gettop(c.L) != 2 || lua_type(c.L, 2) != LUA_TTABLE) {
    throw Error(owner + " takes one table of options, and got " + describe(c.L, 2));
  }
  const std::string origin = where(c.L);
  ComponentBox made{box.component, origin, nullptr, nullptr};
  complete(c.L, made, options_at(c.L, 2, origin));
  give_as<ComponentBox>(c.L, made.component->kind.c_str(), std::move(made));
  return 1;
}

int box_text(Call& c) {
  ComponentBox& box = self(c);
  if (box.component->kind == "model" && box.living) {
    const auto& model = static_cast<const Model&>(*box.living);
    std::string text = model.tree();
    while (text.ends_with('\n')) text.pop_back();
    return give(c.L, text);
  }
  if (box.spec) return give(c.L, basin::to_text(Value(box.spec)));
  return give(c.L, "basin." + box.component->kind + " \"" + box.component->name + "\"");
}

int box_index(Call& c) {  // an option
  ComponentBox& box = self(c);
  const std::string name = text_at(c.L, 2);
  const auto& spec = spec_of(c.L, box);
  std::vector<std::string> names;
  for (const Option& option : spec->options) {
    if (option.name == name) return give_value(c.L, option.value), 1;
    names.push_back(option.name);
  }
  for (const Function& m : methods_of(box.component->kind))
    names.push_back(std::string(m.record.name).substr(box.component->kind.size() + 1));
  for (const Property& p : properties_of(box.component->kind)) names.push_back(p.name);
  throw Error("the " + box.component->kind + " '" + box.component->name + "' has no " + key_text(c.L, 2) +
              hint(name, names));
}

// basin.optimizer.adam {}, where a call with a name is meant. Upvalue: the kind.
int no_field(lua_State* L) {
  {
    const std::string factory = "basin." + text_at(L, lua_upvalueindex(1)), word = text_at(L, 2), place = where(L);
    std::vector<std::string> names;
    for (const Component* component : components_of(text_at(L, lua_upvalueindex(1)))) names.push_back(component->name);
    const std::string near = nearest(word, names);
    give(L, (place.empty() ? "" : place + ": ") + factory + " takes a name in quotes: " + factory + " \"" +
                (near.empty() ? "NAME" : near) + "\" { ... }" + (near.empty() ? hint(word, names, "there are") : ""));
  }
  return lua_error(L);
}

// A table that is called as the factory is, because the field of a function would be asked for in Lua's own words.
void push_factory(lua_State* L, const char* kind, const Function& factory) {
  lua_newtable(L);
  make_callable(L, factory);
  lua_getmetatable(L, -1);
  lua_pushstring(L, kind);
  lua_pushcclosure(L, no_field, 1);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "__index");
  lua_setfield(L, -2, "__newindex");
  lua_pop(L, 1);
}

struct KindInfo {
  const char* kind;
  const char* what;
  const char* example;
  int (*make)(Call&);
  const char* code = "";  // the type of a function that may stand for the options: a component written in Lua
};

const std::vector<KindInfo>& kind_table() {
  static const std::vector<KindInfo> table{
      {"model", "A model: built at once, on the CPU.",
       "basin.model \"adm_unet\" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }",
       [](Call& c) { return factory(c, "model"); }},
      {"dataset", "A data set: opened and checked at once.", "basin.dataset \"shapes\" { size = 8, count = 64 }",
       [](Call& c) { return factory(c, "dataset"); }},
      {"optimizer", "What changes the weights.",
       "basin.optimizer \"sam\" { rho = 0.05, base = basin.optimizer \"adam\" }",
       [](Call& c) { return factory(c, "optimizer"); }, "fun(training: training)"},
      {"averager", "An average of weights over a training.", "basin.averager \"ema\" { decay = 0.999 }",
       [](Call& c) { return factory(c, "averager"); }},
      {"sampler", "From noise to images.", "basin.sampler \"ddpm\" { steps = 20 }",
       [](Call& c) { return factory(c, "sampler"); }, "fun(sampling: sampling): tensor"},
      {"noise_schedule", "Which noise levels a training batch draws.", "basin.noise_schedule \"uniform\"",
       [](Call& c) { return factory(c, "noise_schedule"); }},
      {"quantizer", "Fewer bits for weights.", "basin.quantizer \"uniform\" { bits = 8 }",
       [](Call& c) { return factory(c, "quantizer"); }},
      {"metric", "A measurement of images, of a model, or of data.",
       "basin.metric \"lpf\" { sigma = 0.01, draws = 2, images = 8 }:measure(model, data)",
       [](Call& c) { return factory(c, "metric"); }, "fun(measurement: measurement): number|tensor|table"},
      {"process", "The forward process: how noise is added, and the time steps.",
       "basin.process \"vp\" { schedule = \"cosine\", steps = 1000 }", [](Call& c) { return factory(c, "process"); }},
  };
  return table;
}

struct Kind {
  Type type;
  Function factory;
  std::string factory_name, options_type, options_summary;
};

// Types and factories of all kinds, made once.
const std::deque<Kind>& all_kinds() {
  static const std::deque<Kind> all = [] {
    std::deque<Kind> list;
    for (const KindInfo& info : kind_table()) {
      Kind& k = list.emplace_back();
      k.factory_name = std::string("basin.") + info.kind;
      k.type = {
          .name = info.kind,
          .summary = info.what,
          .methods = methods_of(info.kind),
          .properties = properties_of(info.kind),
          .operators = {{"__call", call_box}, {"__tostring", box_text}, {"__index", box_index}},
          .call = std::string(info.kind) == "model" ? "fun(x: tensor, t: number|tensor): tensor, tensor|nil" : ""};
      const bool code = *info.code;
      k.options_type = code ? std::string("table|") + info.code : "table";
      k.options_summary = std::string("Its options by name; help \"NAME\" lists them.") +
                          (code ? " Or a function: a component of that name, written in Lua." : "");
      k.factory = {{.name = k.factory_name.c_str(),
                    .summary = info.what,
                    .fields = {{"name", "string", "Which one; basin.plugins() lists them."},
                               {"options", k.options_type.c_str(), k.options_summary.c_str(), "{}"}},
                    .returns = info.kind,
                    .example = info.example},
                   info.make};
    }
    return list;
  }();
  return all;
}

}  // namespace

ComponentBox* component_at(lua_State* L, int index) {
  const Type* type = type_at(L, index);
  for (const Kind& kind : all_kinds()) {
    if (&kind.type == type) return static_cast<ComponentBox*>(lua_touserdata(L, index));
  }
  return nullptr;
}

const std::shared_ptr<const Spec>& spec_of(lua_State* L, ComponentBox& box) {
  if (!box.spec) complete(L, box, {});
  return box.spec;
}

std::shared_ptr<basin_object> living_of(lua_State* L, ComponentBox& box) {
  spec_of(L, box);
  return box.living;
}

std::shared_ptr<Model> model_at(lua_State* L, int index) {
  ComponentBox* box = component_at(L, index);
  auto model = box ? std::dynamic_pointer_cast<Model>(living_of(L, *box)) : nullptr;
  if (!model) throw Error("expected a model, got " + describe(L, index));
  return model;
}

std::shared_ptr<const Dataset> dataset_at(lua_State* L, int index) {
  ComponentBox* box = component_at(L, index);
  auto data = box ? std::dynamic_pointer_cast<const Dataset>(living_of(L, *box)) : nullptr;
  if (!data) throw Error("expected a dataset, got " + describe(L, index));
  return data;
}

std::shared_ptr<const Process> process_at(lua_State* L, int index) {
  ComponentBox* box = component_at(L, index);
  auto process = box ? std::dynamic_pointer_cast<ProcessObject>(living_of(L, *box)) : nullptr;
  if (!process) throw Error("expected a process, got " + describe(L, index));
  return process->process;
}

std::shared_ptr<Object> make_object_at(lua_State* L, int index) {
  ComponentBox* box = component_at(L, index);
  if (!box) throw Error("expected a component, got " + describe(L, index));
  return std::make_shared<Object>(*spec_of(L, *box));
}

int give_model(lua_State* L, std::shared_ptr<Model> model) {
  auto spec = std::make_shared<const Spec>(model->spec());
  give_as<ComponentBox>(L, "model", {spec->component, where(L), spec, std::move(model)});
  return 1;
}

int give_process(lua_State* L, const Process& process) {
  ComponentBox box{&process_component(), where(L), nullptr, nullptr};
  complete(L, box, {{"schedule", process.schedule(), box.origin}, {"steps", process.original_steps(), box.origin}});
  give_as<ComponentBox>(L, "process", std::move(box));
  return 1;
}

Value value_at(lua_State* L, int index, const std::string& name) {
  switch (lua_type(L, index)) {
    case LUA_TNIL: return std::monostate();
    case LUA_TBOOLEAN: return static_cast<bool>(lua_toboolean(L, index));
    case LUA_TNUMBER:
      if (lua_isinteger(L, index)) return static_cast<int64_t>(lua_tointeger(L, index));
      return lua_tonumber(L, index);
    case LUA_TSTRING: return text_at(L, index);
    case LUA_TTABLE: {
      if (function_at(L, index)) break;
      std::vector<double> numbers;
      bool whole = true;
      const auto n = static_cast<lua_Integer>(lua_rawlen(L, index));
      const int table = lua_absindex(L, index);
      lua_Integer keys = 0;
      for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) ++keys;
      for (lua_Integer i = 1; i <= n; ++i) {
        lua_rawgeti(L, table, i);
        if (lua_type(L, -1) != LUA_TNUMBER) keys = -1;
        whole = whole && lua_isinteger(L, -1);
        numbers.push_back(lua_tonumber(L, -1));
        lua_pop(L, 1);
      }
      if (keys != n)
        throw Error("option '" + name +
                    "' is a table that is no list of numbers; an option takes a number, a string, true or false, "
                    "a list of numbers, or a component such as basin.optimizer \"adam\" {}");
      if (!whole) return numbers;
      return std::vector<int64_t>(numbers.begin(), numbers.end());
    }
    default: break;
  }
  if (ComponentBox* box = component_at(L, index)) {
    const auto& spec = spec_of(L, *box);
    if (box->living) return box->living;
    return spec;
  }
  throw Error("option '" + name + "' cannot be " + describe(L, index) +
              "; an option takes a number, a string, true or false, a list of numbers, or a component");
}

void give_value(lua_State* L, const Value& value) {
  if (const auto* v = std::get_if<bool>(&value)) give(L, *v);
  else if (const auto* v = std::get_if<int64_t>(&value)) give(L, *v);
  else if (const auto* v = std::get_if<double>(&value)) give(L, *v);
  else if (const auto* v = std::get_if<std::string>(&value)) give(L, *v);
  else if (const auto* v = std::get_if<std::vector<int64_t>>(&value)) give(L, *v);
  else if (const auto* v = std::get_if<std::vector<double>>(&value)) give_json(L, nlohmann::json(*v));
  else if (const auto* v = std::get_if<std::shared_ptr<const Spec>>(&value); v && *v)
    give_as<ComponentBox>(L, (*v)->component->kind.c_str(), {(*v)->component, where(L), *v, nullptr});
  else if (const auto* v = std::get_if<std::shared_ptr<basin_object>>(&value);
           v && std::dynamic_pointer_cast<Model>(*v))
    give_model(L, std::dynamic_pointer_cast<Model>(*v));
  else lua_pushnil(L);
}

std::vector<Option> options_at(lua_State* L, int table, const std::string& origin) {
  std::vector<Option> options;
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) {
      throw Error("options are given by name, { lr = 1e-4 }, and " + describe(L, -1) + " came without one");
    }
    const std::string name = text_at(L, -2);
    options.push_back({name, value_at(L, -1, name), origin});
  }
  std::sort(options.begin(), options.end(), [](const Option& a, const Option& b) { return a.name < b.name; });
  return options;
}

ProcessObject::ProcessObject(Spec spec)
    : process(std::make_shared<Process>(spec.component->name, std::get<std::string>(spec["schedule"]),
                                        std::get<int64_t>(spec["steps"]))),
      spec_(std::move(spec)) {}

const Component& process_component() {
  static const char* const schedules[] = {"linear", "cosine", nullptr};
  static const basin_parameter schedule{sizeof(basin_parameter),
                                        BASIN_TYPE_CHOICE,
                                        "schedule",
                                        "cosine",
                                        -HUGE_VAL,
                                        HUGE_VAL,
                                        schedules,
                                        "linear: Ho et al. 2020, section 4; cosine: Nichol and Dhariwal 2021, eq. 17.",
                                        nullptr};
  static const basin_parameter steps{
      sizeof(basin_parameter), BASIN_TYPE_INTEGER, "steps", "1000", 1, HUGE_VAL, nullptr, "Time steps T.", "steps"};
  static const Component component{
      nullptr, "process",
      "vp",    "Variance preserving: x_t = alpha x0 + sigma noise with alpha^2 + sigma^2 = 1.",
      nullptr, {&schedule, &steps}};
  return component;
}

std::vector<std::string> script_kinds() {
  std::vector<std::string> names;
  for (const KindInfo& info : kind_table()) names.push_back(info.kind);
  return names;
}

std::vector<const Component*> components_of(const std::string& kind) {
  if (kind == "process") return {&process_component()};
  return Registry::instance().components(kind);
}

void add_components(lua_State* L, int library) {
  for (const Kind& kind : all_kinds()) {
    add_type<ComponentBox>(L, kind.type);
    push_factory(L, kind.type.name, kind.factory);
    lua_setfield(L, library, kind.type.name);
  }
}

}  // namespace basin::script
