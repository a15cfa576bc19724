// Components written in Lua, see the header. To the rest of Basin they are a plugin's: a table of C functions, here.
#include "script/written.hpp"

#include <algorithm>
#include <deque>

#include "abi/log.hpp"
#include "plugin/hash.hpp"
#include "plugin/options.hpp"
#include "script/captured.hpp"
#include "script/component.hpp"
#include "script/engine.hpp"
#include "script/tensor.hpp"
#include "script/written_parts.hpp"

namespace basin::script {
namespace {

// ---- the components ------------------------------------------------------------------------------------------------

struct Written {
  std::string name;
  lua_State* L = nullptr;
  int function = 0;  // in the registry, as long as the script
  Component component;
  basin_component table{};
};
struct Instance {  // what create makes
  const Written* written;
  basin_parameters* parameters = nullptr;
  basin_state* state = nullptr;
};

std::deque<Written>& all_written() {
  static std::deque<Written> list;
  return list;
}

std::exception_ptr& script_failure() {
  static std::exception_ptr failure;
  return failure;
}

basin_status create(const basin_options* options, void** out) {
  return guard([&] {
    for (const Written& w : all_written())
      if (&w.component == options->spec->component) *out = new Instance{&w};
  });
}
void destroy(void* self) { delete static_cast<Instance*>(self); }

// Calls the function with one userdata of T and leaves its first result on the stack; `read` takes it.
template <class T, class Read>
basin_status call_written(void* self, T value, Read&& read) {
  return guard([&] {
    const Written& written = *static_cast<const Instance*>(self)->written;
    lua_State* L = written.L;
    auto shared = std::make_shared<T>(std::move(value));
    struct End {
      lua_State* L;
      int top;
      T& value;
      ~End() { lua_settop(L, top), value = T{}; }
    } end{L, lua_gettop(L), *shared};
    luaL_checkstack(L, 8, nullptr);
    lua_rawgeti(L, LUA_REGISTRYINDEX, written.function);
    give(L, shared);
    try {
      script::call(L, 1, 1);
      read(L, *shared);
    } catch (const std::exception& e) {
      if (interrupted()) throw Error("interrupted", BASIN_ERROR_INTERRUPTED);
      keep_script_error();
      throw;
    }
  });
}

basin_status sample(void* self, const basin_sampling* job, basin_tensor** out) {
  return call_written(self, Sampling{job}, [&](lua_State* L, Sampling&) {
    const Tensor* images = test<Tensor>(L, -1);
    const Tensor noise = share(job->noise);
    if (!images || images->sizes() != noise.sizes())
      throw Error("a sampler must return the images, " + tensor_kind(noise) + "; this one returned " +
                  (images ? tensor_kind(*images) : describe(L, -1)));
    *out = own(images->detach());
  });
}

basin_status start(void* self, basin_parameters* parameters, basin_state* state) {
  auto* instance = static_cast<Instance*>(self);
  instance->parameters = parameters, instance->state = state;
  return BASIN_OK;
}
basin_status step(void* self, const basin_context* context, const basin_closure* closure,
                  basin_closure_result* result) {
  const auto* instance = static_cast<const Instance*>(self);
  at::NoGradGuard no_grad;
  return call_written(self, Training{instance->parameters, instance->state, context, closure, {}},
                      [&](lua_State*, Training& training) {
                        if (!training.first_loss.defined())
                          throw Error(
                              "an optimizer must call training:loss(), which computes the gradients; this one "
                              "did not");
                        result->loss = own(training.first_loss);
                      });
}

void give_number(basin_measurement* m, const std::string& name, double value, double low, double high) {
  check(
      interface_of<basin_measurement_interface>(BASIN_MEASUREMENT_INTERFACE).scalar(m, name.c_str(), value, low, high));
}
// A number, a tensor of one, or { value =, low =, high = }.
bool read_number(lua_State* L, int index, basin_measurement* m, const std::string& name) {
  double value = NAN, low = NAN, high = NAN;
  const Tensor* tensor = test<Tensor>(L, index);
  if (lua_type(L, index) == LUA_TNUMBER) value = lua_tonumber(L, index);
  else if (tensor && tensor->numel() == 1) value = tensor->item<double>();
  else if (lua_type(L, index) == LUA_TTABLE) {
    for (const auto& [key, out] : {std::pair{"value", &value}, {"low", &low}, {"high", &high}}) {
      lua_getfield(L, index, key);
      if (lua_type(L, -1) == LUA_TNUMBER) *out = lua_tonumber(L, -1);
      lua_pop(L, 1);
    }
    if (std::isnan(value)) return false;
  } else {
    return false;
  }
  give_number(m, name, value, low, high);
  return true;
}

basin_status measure(void* self, basin_measurement* m) {
  const std::string name = static_cast<const Instance*>(self)->written->name;
  return call_written(self, Measurement{m}, [&](lua_State* L, Measurement&) {
    const int result = lua_gettop(L);
    if (read_number(L, result, m, name)) return;
    std::vector<std::string> keys;
    if (lua_type(L, result) == LUA_TTABLE)
      for (lua_pushnil(L); lua_next(L, result); lua_pop(L, 1)) keys.push_back(text_at(L, -2));
    std::sort(keys.begin(), keys.end());
    std::stable_partition(keys.begin(), keys.end(), [&](const std::string& key) { return key == name; });
    for (const std::string& key : keys) {
      lua_getfield(L, result, key.c_str());
      if (key.empty() || !read_number(L, lua_gettop(L), m, key))
        throw Error("a metric returns a number, { value =, low =, high = }, or such by name; '" + key + "' is " +
                    describe(L, -1));
      lua_pop(L, 1);
    }
    if (keys.empty())
      throw Error("a metric returns a number, { value =, low =, high = }, or such by name; this one returned " +
                  describe(L, result));
  });
}

const basin_sampler_functions kSampler{sizeof kSampler, create, destroy, sample};
const basin_optimizer_functions kOptimizer{sizeof kOptimizer, create, destroy, start, step};
const basin_metric_functions kMetric{sizeof kMetric, create, destroy, measure};

const Plugin& script_plugin() {
  static const Plugin plugin = [] {
    Plugin p;
    p.name = "script", p.version = BASIN_VERSION, p.summary = "Components written in Lua.";
    return p;
  }();
  return plugin;
}

}  // namespace

std::shared_ptr<const Spec> write_component(lua_State* L, const std::string& kind, const std::string& name, int index) {
  static const basin_parameter code{sizeof(basin_parameter),
                                    BASIN_TYPE_STRING,
                                    "code",
                                    nullptr,
                                    -HUGE_VAL,
                                    HUGE_VAL,
                                    nullptr,
                                    "A hash of the function's text and of all that it captured.",
                                    nullptr};
  Written& w = all_written().emplace_back();
  w.name = name, w.L = Engine::of(L).lua();
  lua_pushvalue(L, index);
  w.function = luaL_ref(L, LUA_REGISTRYINDEX);
  const void* functions = kind == "sampler"     ? static_cast<const void*>(&kSampler)
                          : kind == "optimizer" ? static_cast<const void*>(&kOptimizer)
                                                : &kMetric;
  w.table = {sizeof w.table, "", w.name.c_str(), "Written in Lua.", nullptr, 0, functions};
  w.component = {&script_plugin(), kind, name, "Written in Lua.", &w.table, {&code}};
  return std::make_shared<const Spec>(
      check_options(w.component, {{"code", sha256(source_of(L, index)).substr(0, 16), where(L)}}));
}

void keep_script_error() { script_failure() = std::current_exception(); }

void with_script_errors(const std::function<void()>& body) {
  script_failure() = nullptr;
  try {
    body();
  } catch (const std::exception&) {
    const std::exception_ptr failure = std::exchange(script_failure(), nullptr);
    if (failure && !interrupted()) std::rethrow_exception(failure);
    throw;
  }
}

}  // namespace basin::script
