// Runs of scripts: basin.run and what a run offers.
#include "script/runs.hpp"

#include <algorithm>
#include <set>

#include "abi/cuda.hpp"
#include "script/component.hpp"
#include "script/tensor.hpp"
#include "script/types.hpp"

namespace basin::script {
namespace {

RunBox& self(Call& c) { return get<RunBox>(c.L, 1); }

int make_run(Call& c) {
  Engine& engine = Engine::of(c.L);
  const Settings& settings = engine.settings();
  engine.check_arguments_used();
  const std::string place = where(c.L);
  RunBox box;
  box.settings.name = c.string("name");
  check_run_name(box.settings.name);
  box.settings.seed = static_cast<uint64_t>(c.integer("seed"));
  // The command line goes before the script, the script before basin.toml.
  Option device = settings.device, precision = settings.precision;
  if (c.has("device") && !device.origin.starts_with("--")) device = {"device", c.string("device"), place};
  if (c.has("precision") && !precision.origin.starts_with("--"))
    precision = {"precision", c.string("precision"), place};
  box.settings.device = std::get<std::string>(device.value);
  box.settings.precision = std::get<std::string>(precision.value);
  resolve_device(box.settings.device);
  find_precision(box.settings.precision);
  box.options = {{"name", box.settings.name, place},
                 {"seed", static_cast<int64_t>(box.settings.seed), c.has("seed") ? place : "default"},
                 device,
                 precision};
  return give(c.L, std::move(box));
}

int folder(Call& c) {
  const RunBox& box = self(c);
  if (!box.run) return lua_pushnil(c.L), 1;
  return give(c.L, box.run->folder().string());
}
int name(Call& c) { return give(c.L, self(c).settings.name); }
int seed(Call& c) { return give(c.L, static_cast<int64_t>(self(c).settings.seed)); }

int log_line(Call& c) {
  opened(self(c)).log(c.string("line"));
  return 0;
}

int curve(Call& c) {
  const Run& run = opened(self(c));
  const std::string name = c.string("name");
  std::vector<double> values;
  std::vector<int64_t> steps;
  std::vector<std::string> names;
  for (const auto& row : run.read_metrics()) {
    for (const auto& [key, value] : row.items())
      if (value.is_number() && key != "step" && key != "segment" &&
          std::find(names.begin(), names.end(), key) == names.end())
        names.push_back(key);
    if (!row.contains(name) || name == "step") continue;
    values.push_back(row[name].is_number() ? row[name].get<double>() : NAN);
    steps.push_back(row["step"].get<int64_t>());
  }
  if (values.empty())
    throw Error("the rows of " + run.folder().string() + " have no '" + name + "'" + hint(name, names));
  give(c.L, at::tensor(values, at::kDouble).to(at::kFloat));
  give(c.L, at::tensor(steps, at::kLong));
  return 2;
}

int run_text(Call& c) {
  const RunBox& box = self(c);
  return give(c.L, "run '" + box.settings.name + "', seed " + std::to_string(box.settings.seed) + ", " +
                       box.settings.device + ", " + box.settings.precision +
                       (box.run ? ": " + box.run->folder().string() : ""));
}

const Type& type() {
  static const Type t{
      .name = "run",
      .summary =
          "One experiment with a folder of its own. The same script again continues it, or loads what is finished.",
      .methods =
          {{{"run:train", "Trains a model, or continues, or loads what is finished.", train_fields(), true,
             "{ loss: number, seconds: number, steps: integer, images_per_second: number } (loss: the mean over the "
             "last tenth of the steps)",
             "run:train { model = model, data = data, process = process, steps = 20, optimizer = "
             "basin.optimizer \"adam\" }"},
            run_train},
           {{"run:sample", "Samples images, or continues, or loads what is finished.", sample_fields(), true, "images",
             "run:sample { model = model, sampler = basin.sampler \"ddpm\" { steps = 20 }, count = 4 }"},
            run_sample},
           {{"run:quantize", "A quantized copy of a model, and what it costs.", quantize_fields(), true,
             "model; { layers: integer, weights: integer, bits: integer, bits_per_weight: number, "
             "relative_error: number, "
             "bytes_before: integer, bytes_after: integer }",
             "run:quantize { model = model, quantizer = basin.quantizer \"uniform\" { bits = 8 } }"},
            run_quantize},
           {{"run:report", "Writes what the run was and found as one HTML file.", report_fields(), true,
             "string (the file)", "run:report {}"},
            run_report},
           {{"run:curve",
             "Numbers of its rows: of training, of plugins and of what on_step gave back.",
             {{"name", "string", "\"loss\" (the mean since the row before), \"images_per_second\", ..."}},
             false,
             "tensor ([n]); tensor ([n], int64: the steps)",
             "local losses, steps = run:curve \"loss\""},
            curve},
           {{"run:log",
             "A line in the run's log.txt, with the time.",
             {{"line", "string", "The line."}},
             false,
             "",
             "run:log \"halfway\""},
            log_line}},
      .properties = {{"folder", "Its folder; nil before the first train or sample.", folder, "string|nil"},
                     {"name", "As basin.run was told.", name, "string"},
                     {"seed", "As basin.run was told.", seed, "integer"}},
      .operators = {{"__tostring", run_text}},
  };
  return t;
}

const Function& factory() {
  static const Function f{
      {.name = "basin.run",
       .summary = "An experiment; its folder in runs/ is opened by the first train or sample.",
       .fields = {{"name", "string", "Of the folder: letters, digits, '-', '_' and '.'."},
                  {"seed", "integer", "Of weights, data order, noise and dropout.", "0", 0},
                  {"device", "string", "auto, cpu, cuda or cuda:N.", "\"auto\""},
                  {"precision", "\"fp32\"|\"bf16\"", "bf16: inside layers, over fp32 parameters.", "\"fp32\""}},
       .table = true,
       .returns = "run",
       .example = "local run = basin.run { name = \"first\", seed = 0, precision = \"bf16\" }"},
      make_run};
  return f;
}

}  // namespace

Precision find_precision(const std::string& name) {
  if (name == "fp32") return Precision::fp32;
  if (name == "bf16") return Precision::bf16;
  throw Error("a precision is fp32 or bf16, got '" + name + "'");
}

void tell(const std::string& line) {
  Progress::clear();
  std::fflush(stdout);
  std::fprintf(stderr, "%s\n", line.c_str());
}

void tell_once(const std::string& line) {
  static std::set<std::string> said;
  if (said.insert(line).second) tell(line);
}

void say_other_process(const Model& model, const Process& process, const std::string& used) {
  if (!model.process || model.process->describe() == process.describe()) return;
  tell_once("warning: the model was trained on " + model.process->describe() + " and is " + used + " " +
            process.describe());
}

void add_runs(lua_State* L, int library) {
  log_plugins();
  add_type<RunBox>(L, type());
  push(L, factory());
  lua_setfield(L, library, "run");
}

}  // namespace basin::script
