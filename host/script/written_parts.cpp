// The types sampling, training and measurement, see the headers.
#include "script/written_parts.hpp"

#include "abi/context.hpp"
#include "abi/parameters.hpp"
#include "abi/state.hpp"
#include "measure/measurement.hpp"
#include "script/component.hpp"
#include "script/engine.hpp"
#include "script/tensor.hpp"
#include "script/types.hpp"
#include "script/written.hpp"

namespace basin::script {
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

// ---- sampling ------------------------------------------------------------------------------------------------------

int denoise(Call& c) {
  const basin_sampling& job = job_of(c);
  basin_denoised out{};
  out.size = sizeof out;
  const auto& process = interface_of<basin_process_interface>(BASIN_PROCESS_INTERFACE);
  const double t = c.number("t");
  check(process.denoise(job.denoiser, job.context, lend(get<Tensor>(c.L, c.index("x"))), &t, 1, &out));
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
    check(
        job.on_step(job.user, c.integer("step"), c.integer("steps"), x ? lend(*x) : nullptr, x0 ? lend(*x0) : nullptr));
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
             "basin.sampler(\"one_step\", function(sampling) return select(2, sampling:denoise(sampling.start, 999)) "
             "end)"},
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
      .methods = {{{"training:loss",
                    "Forward and backward at the weights as they stand; the gradients then lie in the groups. Every "
                    "call of one "
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
                    "basin.optimizer(\"momentum\", function(training)\n  training:loss()\n  for i, g in "
                    "ipairs(training.groups) "
                    "do\n    local m = training:state(\"m\" .. i, g.values)\n    m[{}] = 0.9 * m + g.gradients\n    "
                    "g.values[{}] "
                    "= g.values - 0.01 * g.rate * m\n  end\nend)"},
                   training_state}},
      .properties = {{"groups", "The weights, group by group, each flat: { name, values, gradients, rate }.",
                      training_groups, "{ name: string, values: tensor, gradients: tensor, rate: tensor }[]"},
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
                     {"data", "What it is measured against, or the data that is measured.", measured_data,
                      "dataset|nil"},
                     {"process", "The model's process.", measured_process, "process|nil"},
                     {"seed", "Of the measurement.", measured_seed, "integer"}},
      .operators = {{"__tostring", measurement_text}}};
  return t;
}

}  // namespace

void add_written(lua_State* L, int) {
  add_type<std::shared_ptr<Sampling>>(L, sampling_type());
  add_type<std::shared_ptr<Training>>(L, training_type());
  add_type<std::shared_ptr<Measurement>>(L, measurement_type());
}

}  // namespace basin::script
