// metric:measure: a measurement of images, a model or data, kept in the run that they come from.
#include "measure/metric.hpp"

#include <ATen/Parallel.h>

#include <set>

#include "abi/cuda.hpp"
#include "abi/log.hpp"
#include "plugin/hash.hpp"
#include "run/collect.hpp"
#include "script/component.hpp"
#include "script/engine.hpp"
#include "script/numbers.hpp"
#include "script/result.hpp"
#include "script/runs.hpp"
#include "script/text.hpp"
#include "script/types.hpp"
#include "script/written.hpp"

namespace basin::script {
namespace {

// NaN is null in JSON.
double number(const nlohmann::json& value) { return value.is_number() ? value.get<double>() : NAN; }

Estimate estimate_of(const nlohmann::json& scalar) {
  return {number(scalar.value("value", nlohmann::json())), number(scalar.value("low", nlohmann::json())),
          number(scalar.value("high", nlohmann::json()))};
}

const nlohmann::json* scalar_named(const Result& result, const std::string& name) {
  for (const auto& scalar : result.record.at("scalars")) {
    if (scalar.at("name") == name) return &scalar;
  }
  return nullptr;
}

// "fid (small_features, 512 images)": what a number must be called.
std::string title(const nlohmann::json& record) {
  std::string text;
  const auto& protocol = record.at("protocol");
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (const std::string extractor = extractor_of(record); !extractor.empty()) add(extractor);
  if (const auto images = protocol.find("images");
      images != protocol.end() && images->is_object() && images->contains("count"))
    add(images->at("count").dump() + " images");
  if (const std::string label = record.value("label", ""); !label.empty()) add(label);
  return record.at("metric").get<std::string>() + (text.empty() ? "" : " (" + text + ")");
}

// ---- the userdata --------------------------------------------------------------------------------------------------

int result_text(Call& c) {
  const Result& result = get<Result>(c.L, 1);
  std::string text = title(result.record);
  bool first = true;
  for (const auto& scalar : result.record.at("scalars")) {
    const Estimate e = estimate_of(scalar);
    text += (first ? " " : ", " + scalar.at("name").get<std::string>() + " ") + interval_text(e.value, e.low, e.high);
    first = false;
  }
  if (first) text += " " + std::to_string(result.record.at("curves").size()) + " curves";
  return give(c.L, text);
}

int result_index(Call& c) {  // a scalar by name
  const Result& result = get<Result>(c.L, 1);
  const std::string name = text_at(c.L, 2);
  if (const auto* scalar = scalar_named(result, name)) return give(c.L, estimate_of(*scalar).value);
  std::vector<std::string> names{"value", "low",       "high",    "protocol", "curves",
                                 "grids", "intervals", "seconds", "metric",   "label"};
  for (const auto& scalar : result.record.at("scalars")) names.push_back(scalar.at("name"));
  throw Error("the result of " + result.record.at("metric").get<std::string>() + " has no " + key_text(c.L, 2) +
              hint(name, names));
}

int intervals(Call& c) {
  const Result& result = get<Result>(c.L, 1);
  lua_newtable(c.L);
  for (const auto& scalar : result.record.at("scalars")) {
    give(c.L, scalar.at("name").get<std::string>());
    give(c.L, estimate_of(scalar));
    lua_rawset(c.L, -3);
  }
  return 1;
}

int optional(lua_State* L, double value) {
  if (std::isnan(value)) return lua_pushnil(L), 1;
  return give(L, value);
}
int json_field(Call& c, const char* name) {
  const auto& record = get<Result>(c.L, 1).record;
  give_json(c.L, record.contains(name) ? record.at(name) : nlohmann::json());
  return 1;
}

const Type& result_type() {
  static const Type t{
      .name = "result",
      .summary = "What a metric found. Its numbers by name: result.loss; result.protocol says how it was measured.",
      .methods = result_pictures(),
      .properties = {{"value", "The metric's own number.",
                      [](Call& c) { return give(c.L, get<Result>(c.L, 1).value().value); }, "number"},
                     {"low", "Lower end of its 95 % interval; nil where it is exact.",
                      [](Call& c) { return optional(c.L, get<Result>(c.L, 1).value().low); }, "number|nil"},
                     {"high", "Upper end.", [](Call& c) { return optional(c.L, get<Result>(c.L, 1).value().high); },
                      "number|nil"},
                     {"intervals", "All numbers by name, with value, low and high.", intervals,
                      "table<string, estimate>"},
                     {"curves", "A list of { name, x_label, x, y, low, high }.",
                      [](Call& c) { return json_field(c, "curves"); }, "table[]"},
                     {"grids", "A list of { name, x_label, x, y_label, y, z, low, high }; z has a row for each y.",
                      [](Call& c) { return json_field(c, "grids"); }, "table[]"},
                     {"protocol", "What someone must know to compare.",
                      [](Call& c) { return json_field(c, "protocol"); }, "table"},
                     {"seconds", "How long it took.", [](Call& c) { return json_field(c, "seconds"); }, "number"},
                     {"metric", "Its name.", [](Call& c) { return json_field(c, "metric"); }, "string"},
                     {"label", "Which weights were measured.", [](Call& c) { return json_field(c, "label"); },
                      "string"}},
      .operators = {{"__tostring", result_text}, {"__index", result_index}},
  };
  return t;
}

const Type& estimate_type() {
  static const Type t{
      .name = "estimate",
      .summary = "A number with its 95 % interval.",
      .properties = {{"value", "The number.", [](Call& c) { return give(c.L, get<Estimate>(c.L, 1).value); }, "number"},
                     {"low", "Lower end; nil where it is exact.",
                      [](Call& c) { return optional(c.L, get<Estimate>(c.L, 1).low); }, "number|nil"},
                     {"high", "Upper end.", [](Call& c) { return optional(c.L, get<Estimate>(c.L, 1).high); },
                      "number|nil"}},
      .operators = {{"__tostring",
                     [](Call& c) {
                       const Estimate& e = get<Estimate>(c.L, 1);
                       return give(c.L, interval_text(e.value, e.low, e.high));
                     }}},
  };
  return t;
}

// ---- measuring -----------------------------------------------------------------------------------------------------

struct MeasureCall {
  MeasureOptions options;
  nlohmann::json identity;
  std::string folder;  // of the run that keeps the result; ""
};

void read_subject(Call& c, MeasureCall& m) {
  const int at = c.index("subject");
  Subject& subject = m.options.subject;
  if (const auto* images = test<std::shared_ptr<const Images>>(c.L, at)) {
    subject.images = *images;
    m.folder = subject.images->run_folder;
    m.identity["subject"] = subject.images->protocol;
    return;
  }
  const ComponentBox* box = component_at(c.L, at);
  if (box && box->component->kind == "model") {
    subject.model = model_at(c.L, at);
    m.folder = subject.model->run_folder;
    auto quantizers = nlohmann::json::array();
    for (const auto& quantizer : subject.model->attached) quantizers.push_back(quantizer->describe());
    m.identity["subject"] = {{"model", subject.model->describe()},
                             {"label", subject.model->label},
                             {"quantizers", quantizers},
                             {"precision", subject.model->precision() == Precision::bf16 ? "bf16" : "fp32"}};
    return;
  }
  subject.data = dataset_at(c.L, at);
  m.identity["subject"] = subject.data->describe();
}

void read_reference(Call& c, MeasureCall& m) {
  if (!c.has("data")) return;
  const int at = c.index("data");
  if (const auto* images = test<std::shared_ptr<const Images>>(c.L, at)) {
    m.options.reference_images = *images;
    m.identity["reference"] = (*images)->protocol;
    return;
  }
  m.options.reference = dataset_at(c.L, at);
  m.identity["reference"] = m.options.reference->describe();
}

void read_options(Call& c, MeasureCall& m) {
  lua_State* L = c.L;
  if (m.options.subject.model) m.options.process = m.options.subject.model->process;
  if (!c.has("options")) return;
  const int table = c.index("options");
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    const std::string key = text_at(L, -2);
    if (key == "seed" && lua_isinteger(L, -1) && lua_tointeger(L, -1) >= 0)
      m.options.seed = static_cast<uint64_t>(lua_tointeger(L, -1));
    else if (key == "process" && component_at(L, -1)) m.options.process = process_at(L, -1);
    else if (key == "seed" || key == "process")
      throw Error("metric:measure: '" + key + "' must be " +
                  (key == "seed" ? "an integer of at least 0" : "a process") + ", got " + describe(L, -1));
    else throw Error("metric:measure has no option '" + key + "'" + hint(key, {"seed", "process"}, "it knows"));
  }
}

// A model given as an option (features) works where the subject is.
void move_extractors(const Object& metric, at::Device device) {
  for (const auto& [name, child] : metric.children()) {
    if (auto model = std::dynamic_pointer_cast<Model>(child); model && model->device() != device)
      model->to(device, model->precision());
  }
}

// What this process has measured itself, by folder and key.
std::set<std::string>& measured_here() {
  static std::set<std::string> keys;
  return keys;
}

int measure_method(Call& c) {
  MeasureCall m;
  read_subject(c, m);
  read_reference(c, m);
  read_options(c, m);
  ComponentBox& box = *component_at(c.L, 1);
  m.identity["metric"] = spec_of(c.L, box)->describe();
  m.identity["seed"] = m.options.seed;
  m.identity["threads"] = at::get_num_threads();
  if (m.options.process) m.identity["process"] = m.options.process->describe();

  const std::string key = box.component->name + "-" + sha256(m.identity.dump()).substr(0, 16);
  if (!m.folder.empty()) {
    if (auto found = read_result(m.folder, key); found && found->contains("scalars")) {
      note(m.folder, "loaded " + title(*found));
      if (!measured_here().contains(m.folder + "/" + key))
        tell_once("already measured, from " + m.folder + ": " + box.component->name);
      return give(c.L, Result{*found});
    }
  }
  stop_dry_run(c.L, nullptr, "measure " + box.component->name, box.spec->options);
  if (m.options.subject.model && m.options.process)
    say_other_process(*m.options.subject.model, *m.options.process, "measured on");
  m.options.metric = make_object_at(c.L, 1);
  if (m.options.subject.model) move_extractors(*m.options.metric, m.options.subject.model->device());
  else
    move_extractors(*m.options.metric, resolve_device(std::get<std::string>(Engine::of(c.L).settings().device.value)));
  PluginProgress progress;
  Result result;
  with_script_errors([&] { result.record = basin::measure(m.options); });
  if (!m.folder.empty()) {
    record_result(m.folder, key, result.record);
    measured_here().insert(m.folder + "/" + key);
  }
  return give(c.L, std::move(result));
}

}  // namespace

Estimate Result::value() const {
  const auto& scalars = record.at("scalars");
  return scalars.empty() ? Estimate{} : estimate_of(scalars[0]);
}

std::vector<Function> metric_methods() {
  return {{{"metric:measure",
            "Measures images, a model or a data set, against data where the metric wants some; a result that the run "
            "has is loaded.",
            {{"subject", "images|model|dataset", "What is measured."},
             {"data", "dataset|images", "What it is measured against; images, where pairs are compared.", ""},
             {"options", "table",
              "seed: of the measurement's own draws (0); process: of a model that was not trained here.", "{}"}},
            false,
            "result",
            "fid:measure(images, data)"},
           measure_method}};
}

void add_measurements(lua_State* L, int) {
  add_type<Result>(L, result_type());
  add_type<Estimate>(L, estimate_type());
}

}  // namespace basin::script
