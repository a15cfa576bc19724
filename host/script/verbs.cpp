// run:train, run:sample, run:quantize: a table of a script becomes the host's options.
#include <ATen/Parallel.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "abi/cuda.hpp"
#include "abi/log.hpp"
#include "measure/denoiser.hpp"
#include "plugin/hash.hpp"
#include "quantize/quantize.hpp"
#include "script/callbacks.hpp"
#include "script/component.hpp"
#include "script/losses.hpp"
#include "script/numbers.hpp"
#include "script/runs.hpp"
#include "script/types.hpp"
#include "script/written.hpp"
#include "train/trainer.hpp"

namespace basin::script {
namespace {

// Fields of the verb's table as options, for --dry-run and run.json.
class Given {
 public:
  explicit Given(Call& c) : c_(c), origin_(where(c.L)) {}

  void add(const std::string& name, Value value, bool from_script) {
    options.push_back({name, std::move(value), from_script ? origin_ : "default"});
  }
  int64_t integer(const char* name, int64_t fallback) {
    const int64_t value = c_.integer(name, fallback);
    add(name, value, c_.has(name));
    return value;
  }
  // A component: its spec as an option, and its description for the identity.
  nlohmann::json component(const char* name) {
    ComponentBox& box = *component_at(c_.L, c_.index(name));
    const auto& spec = spec_of(c_.L, box);
    add(name, spec, true);
    return box.living ? box.living->describe() : spec->describe();
  }

  std::vector<Option> options;

 private:
  Call& c_;
  std::string origin_;
};

void check_name(const std::string& name) {
  const auto plain = [](unsigned char ch) { return std::isalnum(ch) || ch == '-' || ch == '_'; };
  if (!name.empty() && std::all_of(name.begin(), name.end(), plain) && name != "model") return;
  throw Error(
      "an average is called by letters, digits, '-' and '_' (its weights are written to NAME.safetensors), and not "
      "'model'; got '" +
      name + "'");
}

// averages = { ema = basin.averager "ema" }
void read_averages(Call& c, Given& given, TrainOptions& o, nlohmann::json& identity) {
  identity["averages"] = nlohmann::json::object();
  if (!c.has("averages")) return;
  const int table = c.index("averages");
  std::vector<std::string> names;
  for (lua_pushnil(c.L); lua_next(c.L, table); lua_pop(c.L, 1)) {
    const std::string name = text_at(c.L, -2);
    const ComponentBox* box = component_at(c.L, -1);
    if (!box || box->component->kind != "averager" || lua_type(c.L, -2) != LUA_TSTRING) {
      throw Error("averages holds averagers by name, averages = { ema = basin.averager \"ema\" }; got " +
                  describe(c.L, -1) + (lua_type(c.L, -2) == LUA_TSTRING ? "" : " without a name"));
    }
    check_name(name);
    names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    lua_getfield(c.L, table, name.c_str());
    const auto& spec = spec_of(c.L, *component_at(c.L, -1));
    o.averages.emplace_back(name, std::make_shared<Object>(*spec));
    identity["averages"][name] = spec->describe();
    given.add("averages." + name, spec, true);
    lua_pop(c.L, 1);
  }
}

std::shared_ptr<const Spec> read_noise_schedule(Call& c, Given& given, nlohmann::json& identity) {
  std::shared_ptr<const Spec> schedule;
  if (c.has("noise_schedule")) schedule = spec_of(c.L, *component_at(c.L, c.index("noise_schedule")));
  else
    schedule = std::make_shared<const Spec>(check_options(Registry::instance().find("noise_schedule", "uniform"), {}));
  identity["noise_schedule"] = schedule->describe();
  given.add("noise_schedule", schedule, c.has("noise_schedule"));
  return schedule;
}

// The loss by name, or a function of the script's; then what it failed with stands in what is given back.
std::shared_ptr<std::exception_ptr> read_loss(Call& c, Given& given, TrainOptions& o, nlohmann::json& identity) {
  std::shared_ptr<std::exception_ptr> failure;
  if (c.has("loss") && lua_isfunction(c.L, c.index("loss"))) {
    LuaLoss made = make_loss(c.L, c.index("loss"), o.process);
    o.loss_name = "a function of the script";
    o.loss = std::move(made.loss);
    failure = made.failure;
    identity["loss"] = made.source;
  } else {
    o.loss_name = c.string("loss", o.model->learns_variance() ? "hybrid" : "simple");
    if (o.model->target() == BASIN_TARGET_NONE)
      throw Error(
          "the loss '" + o.loss_name + "' needs a model that predicts epsilon, x0, v or the score, and '" +
          o.model->spec().component->name +
          "' is a feature extractor; train it with a loss of your own, loss = function(model, x0, ...) ... end");
    o.loss = find_loss(o.loss_name);
    identity["loss"] = o.loss_name;
  }
  given.add("loss", o.loss_name, c.has("loss"));
  return failure;
}

// Where a training is written, and how it begins there.
std::string beginning(const Run& run, bool fresh, int64_t step, int64_t steps) {
  const std::string folder = run.folder().string();
  if (fresh) return "new run " + folder;
  if (step == 0) return "beginning " + folder + " again, which has no checkpoint to go on from";
  if (step >= steps && run.state().value("status", "") == "finished")
    return "loaded the finished training in " + folder;
  return "continuing " + folder + " at step " + std::to_string(step) + " of " + std::to_string(steps);
}

// What the model was when this training began, if it is this very run that changed it since: the same line at the prompt
// goes on with it. Otherwise what it is now.
nlohmann::json begun_as(const Model& model, const RunBox& box, bool fresh, nlohmann::json identity) {
  auto begun = model.begun_as();
  if (begun.is_null() || model.run_folder.empty()) return model.describe();
  if (box.run) return box.run->folder().string() == model.run_folder ? begun : model.describe();
  if (fresh) return model.describe();
  identity["model"] = begun;
  return is_run(box, std::move(identity), model.run_folder) ? begun : model.describe();
}

std::string of_label(const Model& model) { return model.label.empty() ? "" : " (" + model.label + ")"; }

RunBox& self(Call& c) { return get<RunBox>(c.L, 1); }

}  // namespace

const std::vector<Field>& train_fields() {
  static const std::vector<Field> fields{
      {"model", "model", "What is trained."},
      {"data", "dataset", "What it learns."},
      {"process", "process", "How noise is added."},
      {"validation", "dataset", "Held-out items for what asks for the loss on them, such as the averager swad.", ""},
      {"steps", "integer", "Steps of the optimizer.", nullptr, 1},
      {"batch", "integer", "Images a step.", "32", 1, HUGE_VAL, "images"},
      {"optimizer", "optimizer", "What changes the weights."},
      {"averages", "table<string, averager>",
       "Averagers by name, { ema = basin.averager \"ema\" }; model:averaged NAME gives them.", "{}"},
      {"noise_schedule", "noise_schedule", "Which noise levels a batch draws.", "basin.noise_schedule \"uniform\""},
      {"loss",
       "\"simple\"|\"hybrid\"|fun(model: denoiser, x0: tensor, noise: tensor, t: tensor, context: table): tensor",
       "By name, or a function that returns a tensor [B].",
       "\"hybrid\" where the model learns its variance, else \"simple\""},
      {"input_perturbation", "number", "gamma of Ning et al. 2023: extra noise that the target does not know.", "0", 0},
      {"flip", "boolean", "Mirror each image left to right with probability 1/2.", "true, of float data false"},
      {"accumulate", "integer", "Parts a batch is computed in, for less memory.", "1", 1},
      {"log_every", "integer", "Steps between lines of metrics.jsonl.", "10", 1, HUGE_VAL, "steps"},
      {"save_every", "integer", "Steps between checkpoints.", "500", 1, HUGE_VAL, "steps"},
      {"on_step",
       "fun(at: { step: integer, steps: integer, loss: number, images_per_second: number, seconds: number }): "
       "table<string, number>|nil",
       "Called after every step, with the loss of its batch. A table of numbers that it gives back stands in the run's "
       "rows beside the loss (the mean since the row before), in reports and run:curve.",
       ""},
      {"on_epoch",
       "fun(at: { epoch: integer, step: integer, steps: integer, loss: number, seconds: number }): "
       "table<string, number>|nil",
       "Called after the step that ends a pass over the data; loss: the mean since the last one. What it gives back is "
       "taken as on_step's.",
       ""}};
  return fields;
}

int run_train(Call& c) {
  RunBox& box = self(c);
  Given given(c);
  TrainOptions o;
  nlohmann::json identity{{"verb", "train"}, {"threads", at::get_num_threads()}};
  o.model = model_at(c.L, c.index("model"));
  o.data = dataset_at(c.L, c.index("data"));
  o.process = process_at(c.L, c.index("process"));
  for (const char* name : {"model", "data", "process", "optimizer"}) identity[name] = given.component(name);
  if (c.has("validation")) {
    o.validation = dataset_at(c.L, c.index("validation"));
    identity["validation"] = given.component("validation");
  }
  identity["steps"] = o.steps = given.integer("steps", 0);
  identity["batch"] = o.batch = given.integer("batch", 32);
  identity["accumulate"] = o.accumulate = given.integer("accumulate", 1);
  o.log_every = given.integer("log_every", 10);
  o.save_every = given.integer("save_every", 500);
  identity["flip"] = o.flip = c.boolean("flip", true) && o.data->is_bytes();  // other data is no picture
  given.add("flip", o.flip, c.has("flip"));
  identity["input_perturbation"] = o.input_perturbation = c.number("input_perturbation");
  if (!std::isfinite(o.input_perturbation))
    throw Error("'input_perturbation' is a finite number, got " + number_text(o.input_perturbation));
  given.add("input_perturbation", o.input_perturbation, c.has("input_perturbation"));
  read_averages(c, given, o, identity);

  const auto schedule = read_noise_schedule(c, given, identity);
  const auto loss_failure = read_loss(c, given, o, identity);
  basin::check_options(o);
  stop_dry_run(c.L, &box, "run:train", given.options);
  o.optimizer = make_object_at(c.L, c.index("optimizer"));
  o.noise_schedule = std::make_shared<Object>(*schedule);
  identity["model"] = o.begun = begun_as(*o.model, box, Engine::of(c.L).settings().fresh, identity);
  o.model->to(resolve_device(box.settings.device), find_precision(box.settings.precision));
  Run& run = open_run(c.L, box, std::move(identity), std::move(given.options));
  const Callback on_step = callback_at(c, "on_step"), on_epoch = callback_at(c, "on_epoch");
  if (on_step || on_epoch) o.on_step = training_callbacks(on_step, on_epoch, run, o);
  const bool fresh = is_untouched(run);
  bool accepted = false;
  o.on_begin = [&](int64_t step) {
    accepted = true;
    tell(beginning(run, fresh, step, o.steps));
    say_other_builds(box, step, o.steps);
    if (step < o.steps && o.batch > o.data->count())
      tell("warning: a batch is " + std::to_string(o.batch) + " items and the data set has " +
           std::to_string(o.data->count()) + ": each batch holds some of them more than once");
  };
  TrainResult result;
  const Undisturbed steps_end(c.L);
  try {
    with_script_errors([&] { result = basin::train(run, o); });
  } catch (const std::exception&) {
    if (fresh && !accepted)
      close_untouched(box);  // an optimizer or averager that refused: no folder without a training
    if (loss_failure && *loss_failure && !interrupted()) std::rethrow_exception(*loss_failure);
    throw;
  }
  nlohmann::json table{
      {"steps", result.steps},
      {"loss", result.loss},
      {"seconds", result.seconds},
      {"images_per_second", result.seconds > 0 ? static_cast<double>(result.steps * o.batch) / result.seconds : 0.0}};
  give_strict(c.L, table, "run:train");
  return 1;
}

const std::vector<Field>& sample_fields() {
  static const std::vector<Field> fields{
      {"model", "model", "What is sampled from: a model, model:averaged \"ema\", or a quantized one."},
      {"sampler", "sampler", "From noise to images."},
      {"count", "integer", "How many images.", "16", 1, HUGE_VAL, "images"},
      {"batch", "integer", "How many at a time; the images do not depend on it.", "64", 1, HUGE_VAL, "images"},
      {"seed", "integer", "Of the noise.", "the run's", 0},
      {"process", "process", "Of a model that was not trained here.", "what it was trained on"},
      {"on_sample", "fun(at: { done: integer, count: integer, images: images })",
       "Called with every finished batch of images.", ""},
      {"on_step", "fun(at: { done: integer, step: integer, steps: integer, x: tensor|nil, x0: tensor|nil })",
       "Called after every step of the sampler with the noisy images, and the clean ones it expects.", ""}};
  return fields;
}

int run_sample(Call& c) {
  RunBox& box = self(c);
  Given given(c);
  SampleOptions o;
  o.model = model_at(c.L, c.index("model"));
  prediction_target(*o.model);  // an Error for a feature extractor, from which nothing can be sampled
  o.process = c.has("process") ? process_at(c.L, c.index("process")) : o.model->process;
  if (!o.process)
    throw Error(
        "this model was not trained here, so run:sample needs the process: process = basin.process \"vp\" { ... }");
  say_other_process(*o.model, *o.process, "sampled with");
  nlohmann::json identity{{"verb", "sample"}, {"threads", at::get_num_threads()}, {"process", o.process->describe()}};
  identity["model"] = given.component("model");
  given.component("sampler");
  o.count = given.integer("count", 16);
  o.batch = given.integer("batch", 64);
  o.seed = static_cast<uint64_t>(given.integer("seed", static_cast<int64_t>(box.settings.seed)));
  stop_dry_run(c.L, &box, "run:sample", given.options);
  o.sampler = make_object_at(c.L, c.index("sampler"));
  o.model->to(resolve_device(box.settings.device), find_precision(box.settings.precision));
  Run& run = open_run(c.L, box, std::move(identity), std::move(given.options));
  const bool fresh = is_untouched(run) && !box.told;
  box.told = true;
  o.on_begin = [&](int64_t already) {
    const std::string folder = run.folder().string();
    if (already >= o.count)
      tell("already sampled: " + std::to_string(o.count) + " images" + of_label(*o.model) + ", from " + folder);
    else if (already > 0)
      tell("continuing " + folder + " at image " + std::to_string(already) + " of " + std::to_string(o.count));
    else if (fresh) tell("new run " + folder);
  };
  PluginProgress plugin_progress;
  Progress progress("sampling" + (o.model->label.empty() ? "" : " " + o.model->label), o.count);
  progress.update(0);
  const Callback on_sample = callback_at(c, "on_sample"), on_step = callback_at(c, "on_step");
  o.on_progress = [&](int64_t done, int64_t count, const Tensor& pixels) {
    progress.update(done, "images");
    if (on_sample) call_on_sample(on_sample, done, count, pixels, *o.model);
  };
  o.on_step = [&](int64_t done, int64_t step, int64_t steps, const Tensor& x, const Tensor& x0) {
    progress.update(done, "images, step " + std::to_string(step) + " of " + std::to_string(steps));
    if (on_step) call_on_sampler_step(on_step, done, step, steps, x, x0);
  };
  std::shared_ptr<const Images> images;
  with_script_errors([&] { images = basin::sample(run, o); });
  return give(c.L, images);
}

const std::vector<Field>& quantize_fields() {
  static const std::vector<Field> fields{{"model", "model", "Is left as it is."},
                                         {"quantizer", "quantizer", "What makes the copy small."}};
  return fields;
}

namespace {

// What quantization cost, kept in the run that the weights come from as a metric's result is: in its table, its report
// and its comparison with other runs.
void record_quantization(const Model& model, const Object& quantizer, const QuantizeReport& report) {
  if (model.run_folder.empty()) return;
  const nlohmann::json protocol{{"model", model.describe()}, {"quantizer", quantizer.describe()}};
  auto places = nlohmann::json::array(), curves = nlohmann::json::array();
  for (size_t i = 1; i <= report.errors.size(); ++i) places.push_back(i);
  if (places.size() > 1)
    curves.push_back({{"name", "relative error of each weight"},
                      {"x_label", "weight, in the model's order"},
                      {"x", places},
                      {"y", report.errors}});
  const auto scalar = [](const char* name, auto value) { return nlohmann::json{{"name", name}, {"value", value}}; };
  record_result(model.run_folder, "quantization-" + sha256(protocol.dump()).substr(0, 16),
                {{"metric", "quantization"},
                 {"label", model.label},
                 {"scalars",
                  {scalar("relative_error", report.relative_error), scalar("bits_per_weight", report.bits_per_weight),
                   scalar("layers", report.layers), scalar("weights", report.weights),
                   scalar("bytes_before", report.bytes_before), scalar("bytes_after", report.bytes_after)}},
                 {"curves", curves},
                 {"protocol", protocol}});
}

}  // namespace

int run_quantize(Call& c) {
  Given given(c);
  const auto model = model_at(c.L, c.index("model"));
  given.component("model");
  given.component("quantizer");
  stop_dry_run(c.L, nullptr, "run:quantize", given.options);
  QuantizeReport report;
  auto quantized = basin::quantize(*model, make_object_at(c.L, c.index("quantizer")), &report);
  if (!quantized->process) quantized->process = model->process;
  if (quantized->run_folder.empty()) quantized->run_folder = model->run_folder;
  record_quantization(*quantized, *quantized->attached.back(), report);
  give_model(c.L, std::move(quantized));
  give_strict(c.L,
              {{"layers", report.layers},
               {"weights", report.weights},
               {"bits", report.bits},
               {"bits_per_weight", report.bits_per_weight},
               {"relative_error", report.relative_error},
               {"bytes_before", report.bytes_before},
               {"bytes_after", report.bytes_after}},
              "run:quantize");
  return 2;
}

}  // namespace basin::script
