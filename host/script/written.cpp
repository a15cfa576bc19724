// Components written in Lua, see the header. To the rest of Basin they are a plugin's: a table of C functions, here.
#include "script/written.hpp"

#include <basin/metric.h>
#include <basin/optimizer.h>
#include <basin/sampler.h>

#include <algorithm>
#include <deque>

#include "abi/context.hpp"
#include "abi/log.hpp"
#include "abi/parameters.hpp"
#include "abi/state.hpp"
#include "measure/measurement.hpp"
#include "plugin/hash.hpp"
#include "plugin/options.hpp"
#include "script/captured.hpp"
#include "script/component.hpp"
#include "script/engine.hpp"
#include "script/tensor.hpp"
#include "script/types.hpp"

namespace basin::script {

// What the functions are called with. Dead once the function has returned: what they point to is gone then.
struct Sampling {
  const basin_sampling* job;
};
struct Training {
  basin_parameters* parameters;
  basin_state* state;
  const basin_context* context;
  const basin_closure* closure;
  Tensor first_loss;
};
struct Measurement {
  basin_measurement* m;
};
template <>
inline constexpr const char* type_of<std::shared_ptr<Sampling>> = "sampling";
template <>
inline constexpr const char* type_of<std::shared_ptr<Training>> = "training";
template <>
inline constexpr const char* type_of<std::shared_ptr<Measurement>> = "measurement";

namespace {

template <class T>
T& self(Call& c) {
  return *get<std::shared_ptr<T>>(c.L, 1);
}
[[noreturn]] void dead(const char* what) {
  throw Error(std::string("this ") + what + " has ended; it can only be used inside the function that it was given to");
}
const basin_sampling& job_of(Call& c) {
  const basin_sampling* job = self<Sampling>(c).job;
  return job ? *job : (dead("sampling"), *job);
}
Training& training_of(Call& c) {
  Training& training = self<Training>(c);
  if (!training.closure) dead("training");
  return training;
}
basin_measurement& measurement_of(Call& c) {
  basin_measurement* m = self<Measurement>(c).m;
  return m ? *m : (dead("measurement"), *m);
}

template <class Interface>
const Interface& interface_of(const char* id) {
  return *static_cast<const Interface*>(host_table()->get_interface(host_table(), id));
}

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
basin_status step(void* self, const basin_context* context, const basin_closure* closure, basin_closure_result* result) {
  const auto* instance = static_cast<const Instance*>(self);
  at::NoGradGuard no_grad;
  return call_written(self, Training{instance->parameters, instance->state, context, closure, {}},
                      [&](lua_State*, Training& training) {
                        if (!training.first_loss.defined())
                          throw Error("an optimizer must call training:loss(), which computes the gradients; this one "
                                      "did not");
                        result->loss = own(training.first_loss);
                      });
}

void give_number(basin_measurement* m, const std::string& name, double value, double low, double high) {
  check(interface_of<basin_measurement_interface>(BASIN_MEASUREMENT_INTERFACE).scalar(m, name.c_str(), value, low, high));
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

// ---- sampling ------------------------------------------------------------------------------------------------------

int denoise(Call& c) {
  const basin_sampling& job = job_of(c);
  basin_denoised out{};
  out.size = sizeof out;
  const auto& process = interface_of<basin_process_interface>(BASIN_PROCESS_INTERFACE);
  check(process.denoise(job.denoiser, job.context, lend(get<Tensor>(c.L, c.index("x"))), c.number("t"), &out));
  give(c.L, steal(out.epsilon));
  give(c.L, steal(out.x0));
  if (!out.variance) return 2;
  give(c.L, steal(out.variance));
  return 3;
}
int fresh_noise(Call& c) {
  const basin_sampling& job = job_of(c);
  const Tensor like = share(job.noise);
  const std::span<const int64_t> ids(job.context->sample_ids, job.context->n_samples);
  const auto stream = stream_of(job.context->seed, BASIN_PURPOSE_SAMPLER, static_cast<uint64_t>(c.integer("step")));
  return give(c.L, draw(stream, BASIN_NORMAL, ids, like.sizes().slice(1), like.device()));
}
int levels(Call& c) {
  const basin_sampling& job = job_of(c);
  std::vector<int64_t> list(static_cast<size_t>(c.integer("count")));
  const auto& process = interface_of<basin_process_interface>(BASIN_PROCESS_INTERFACE);
  check(process.respace(job.process, c.string("spacing", "even").c_str(), c.integer("count"), list.data()));
  return give(c.L, list);
}
int report(Call& c) {
  const basin_sampling& job = job_of(c);
  const Tensor* x = c.has("x") ? test<Tensor>(c.L, c.index("x")) : nullptr;
  const Tensor* x0 = c.has("x0") ? test<Tensor>(c.L, c.index("x0")) : nullptr;
  if (job.on_step)
    check(job.on_step(job.user, c.integer("step"), c.integer("steps"), x ? lend(*x) : nullptr, x0 ? lend(*x0) : nullptr));
  return 0;
}
int sampling_start(Call& c) { return give(c.L, share(job_of(c).noise)); }
int sampling_process(Call& c) { return give_process(c.L, *job_of(c).process->process); }
int sampling_text(Call& c) { return give(c.L, "what a sampler works on; help \"sampling\" says more"); }

const Type& sampling_type() {
  static const Type t{
      .name = "sampling",
      .summary = "What a sampler written in Lua works on: from noise to images with the model as a function.",
      .methods =
          {{{"sampling:denoise",
             "The model at one noise level: the noise in x, the image in it, and v where the variance is learned.",
             {{"x", "tensor", "Noisy images [B,C,H,W]."}, {"t", "number", "The time step, from 0.", nullptr, 0}},
             false,
             "tensor (epsilon); tensor (x0); tensor|nil (v)",
             "basin.sampler(\"one_step\", function(sampling) return select(2, sampling:denoise(sampling.start, 999)) end)"},
            denoise},
           {{"sampling:noise",
             "Standard normal numbers [B,C,H,W] for one step: the same for an image at every batch size.",
             {{"step", "integer", "Which step's.", nullptr, 0}},
             false,
             "tensor",
             "basin.sampler(\"noise\", function(sampling) return sampling:noise(1) end)"},
            fresh_noise},
           {{"sampling:levels",
             "`count` of the process's time steps, ascending.",
             {{"count", "integer", "How many.", nullptr, 1},
              {"spacing", "\"even\"|\"stride\"", "even: both ends kept; stride: DDIM's whole stride.", "\"even\""}},
             false,
             "integer[]",
             "basin.sampler(\"last\", function(sampling) return sampling.start * sampling:levels(2)[1] end)"},
            levels},
           {{"sampling:report",
             "Says how far it is, for the progress bar and on_step; Ctrl-C is heard here.",
             {{"step", "integer", "Steps done."},
              {"steps", "integer", "Of how many."},
              {"x", "tensor", "The images now.", ""},
              {"x0", "tensor", "The estimate of the clean ones.", ""}},
             false,
             "",
             "basin.sampler(\"idle\", function(sampling) sampling:report(1, 1) return sampling.start end)"},
            report}},
      .properties = {{"start", "The noise to begin with, [B,C,H,W].", sampling_start, "tensor"},
                     {"process", "The process.", sampling_process, "process"}},
      .operators = {{"__tostring", sampling_text}}};
  return t;
}

// ---- training ------------------------------------------------------------------------------------------------------

int training_loss(Call& c) {
  Training& training = training_of(c);
  basin_closure_result out{};
  out.size = sizeof out;
  check(training.closure->run(training.closure->user, nullptr, &out));
  const Tensor loss = steal(out.loss);
  steal(out.sample_losses);
  if (!training.first_loss.defined()) training.first_loss = loss;
  return give(c.L, loss);
}
int training_state(Call& c) {
  const Training& training = training_of(c);
  const Tensor& like = get<Tensor>(c.L, c.index("like"));
  return give(c.L, training.state->tensor(c.string("name"), like.sizes(), like.scalar_type()));
}
int training_groups(Call& c) {
  const Training& training = training_of(c);
  lua_newtable(c.L);
  lua_Integer i = 0;
  for (const ParameterGroup& group : training.parameters->groups()) {
    lua_newtable(c.L);
    give(c.L, group.name), lua_setfield(c.L, -2, "name");
    give(c.L, group.values.detach()), lua_setfield(c.L, -2, "values");
    give(c.L, group.gradients), lua_setfield(c.L, -2, "gradients");
    give(c.L, group.rate), lua_setfield(c.L, -2, "rate");
    lua_rawseti(c.L, -2, ++i);
  }
  return 1;
}
int training_step(Call& c) { return give(c.L, static_cast<int64_t>(training_of(c).context->step) + 1); }
int training_text(Call& c) { return give(c.L, "what an optimizer works on; help \"training\" says more"); }

const Type& training_type() {
  static const Type t{
      .name = "training",
      .summary = "What an optimizer written in Lua works on: one step's loss, gradients and weights.",
      .methods =
          {{{"training:loss",
             "Forward and backward at the weights as they stand; the gradients then lie in the groups. Every call of one "
             "step sees the same images, noise and dropout.",
             {},
             false,
             "tensor ([])",
             "basin.optimizer(\"still\", function(training) training:loss() end)"},
            training_loss},
           {{"training:state",
             "A tensor that is remembered between steps and in checkpoints; zeros at first.",
             {{"name", "string", "Its name."}, {"like", "tensor", "Its shape and type."}},
             false,
             "tensor",
             "basin.optimizer(\"momentum\", function(training)\n  training:loss()\n  for i, g in ipairs(training.groups) "
             "do\n    local m = training:state(\"m\" .. i, g.values)\n    m[{}] = 0.9 * m + g.gradients\n    g.values[{}] "
             "= g.values - 0.01 * g.rate * m\n  end\nend)"},
            training_state}},
      .properties =
          {{"groups", "The weights, group by group, each flat: { name, values, gradients, rate }.", training_groups,
            "{ name: string, values: tensor, gradients: tensor, rate: tensor }[]"},
           {"step", "Which step this is, from 1, over restarts too.", training_step, "integer"}},
      .operators = {{"__tostring", training_text}}};
  return t;
}

// ---- measurement ---------------------------------------------------------------------------------------------------

int losses(Call& c) {
  basin_measurement& m = measurement_of(c);
  const int64_t first = c.integer("first"), n = c.integer("count");
  std::vector<int64_t> ids(static_cast<size_t>(n));
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = first - 1 + static_cast<int64_t>(i);
  std::vector<double> at;
  if (c.has("t")) at.assign(ids.size(), c.number("t"));
  basin_tensor* out = nullptr;
  const auto& interface = interface_of<basin_measurement_interface>(BASIN_MEASUREMENT_INTERFACE);
  check(interface.losses(&m, ids.data(), at.empty() ? nullptr : at.data(), static_cast<uint32_t>(n),
                         static_cast<uint64_t>(c.integer("draw")), &out));
  return give(c.L, steal(out));
}
int give_dataset(lua_State* L, const std::shared_ptr<const Dataset>& data) {
  if (!data) return lua_pushnil(L), 1;
  auto spec = std::make_shared<const Spec>(data->spec());
  give_as<ComponentBox>(L, "dataset", {spec->component, where(L), spec, std::const_pointer_cast<Dataset>(data)});
  return 1;
}
int measured_model(Call& c) {
  const auto& model = measurement_of(c).options->subject.model;
  return model ? give_model(c.L, model) : (lua_pushnil(c.L), 1);
}
int measured_images(Call& c) {
  const auto& subject = measurement_of(c).options->subject;
  if (subject.images) return give(c.L, subject.images);
  return lua_pushnil(c.L), 1;
}
int measured_data(Call& c) {
  const auto& options = *measurement_of(c).options;
  return give_dataset(c.L, options.reference ? options.reference : options.subject.data);
}
int measured_process(Call& c) {
  const auto& process = measurement_of(c).options->process;
  return process ? give_process(c.L, *process) : (lua_pushnil(c.L), 1);
}
int measured_seed(Call& c) { return give(c.L, static_cast<int64_t>(measurement_of(c).options->seed)); }
int measurement_text(Call& c) { return give(c.L, "what a metric measures; help \"measurement\" says more"); }

const Type& measurement_type() {
  static const Type t{
      .name = "measurement",
      .summary = "What a metric written in Lua measures. It may move the model's weights: they are put back.",
      .methods = {{{"measurement:losses",
                    "The training losses [count] of items at the weights as they stand; their noise is the same for "
                    "every model.",
                    {{"first", "integer", "The first item, from 1.", nullptr, 1},
                     {"count", "integer", "How many.", nullptr, 1},
                     {"draw", "integer", "Another draw of levels and noise.", "0", 0},
                     {"t", "number", "The time step of all.", "drawn", 0}},
                    false,
                    "tensor",
                    "basin.metric(\"loss\", function(m) return m:losses(1, 4):mean() end)"},
                   losses}},
      .properties = {{"model", "The model, where one is measured; model(x, t) calls it.", measured_model, "model|nil"},
                     {"images", "The images, where some are measured.", measured_images, "images|nil"},
                     {"data", "What it is measured against, or the data that is measured.", measured_data, "dataset|nil"},
                     {"process", "The model's process.", measured_process, "process|nil"},
                     {"seed", "Of the measurement.", measured_seed, "integer"}},
      .operators = {{"__tostring", measurement_text}}};
  return t;
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

void add_written(lua_State* L, int) {
  add_type<std::shared_ptr<Sampling>>(L, sampling_type());
  add_type<std::shared_ptr<Training>>(L, training_type());
  add_type<std::shared_ptr<Measurement>>(L, measurement_type());
}

}  // namespace basin::script
