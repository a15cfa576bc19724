// Runs of scripts: basin.run, its folder, its log; --dry-run; the progress of plugins.
#include "script/runs.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include <ATen/Parallel.h>

#include "abi/cuda.hpp"
#include "abi/log.hpp"
#include "plugin/files.hpp"
#include "plugin/registry.hpp"
#include "run/collect.hpp"
#include "run/environment.hpp"
#include "script/component.hpp"
#include "script/numbers.hpp"
#include "script/tensor.hpp"
#include "script/types.hpp"

namespace basin::script {
namespace {

// Runs that this process has open, by folder, for lines that belong to them.
std::map<std::string, std::weak_ptr<Run>>& open_runs() {
  static std::map<std::string, std::weak_ptr<Run>> runs;
  return runs;
}
// The same by identity: a script that asks for a run twice gets it twice, though its folder is locked.
std::map<std::string, std::weak_ptr<Run>>& known_runs() {
  static std::map<std::string, std::weak_ptr<Run>> runs;
  return runs;
}
// Where lines of plugins go, which come on any thread.
class LatestRun {
 public:
  void set(const std::shared_ptr<Run>& run) {
    const std::lock_guard guard(mutex_);
    run_ = run;
  }
  std::shared_ptr<Run> get() const {
    const std::lock_guard guard(mutex_);
    return run_.lock();
  }

 private:
  mutable std::mutex mutex_;
  std::weak_ptr<Run> run_;
};
LatestRun& latest_run() {
  static LatestRun run;
  return run;
}

RunBox& self(Call& c) { return get<RunBox>(c.L, 1); }

// "optimizer" -> optimizer, optimizer.base, optimizer.base.lr: one line each.
void flatten(const std::string& prefix, const Option& option, nlohmann::json& out) {
  const std::string name = prefix.empty() ? option.name : prefix + "." + option.name;
  if (const auto* spec = std::get_if<std::shared_ptr<const Spec>>(&option.value); spec && *spec) {
    out.push_back({{"name", name}, {"value", (*spec)->component->name}, {"origin", option.origin}});
    for (const Option& inner : (*spec)->options) flatten(name, inner, out);
    return;
  }
  if (const auto* object = std::get_if<std::shared_ptr<basin_object>>(&option.value); object && *object) {
    if (const auto* model = dynamic_cast<const Model*>(object->get())) {
      flatten(prefix, {option.name, std::make_shared<const Spec>(model->spec()), option.origin}, out);
      return;
    }
  }
  std::string text = basin::to_text(option.value);
  out.push_back({{"name", name}, {"value", text}, {"origin", option.origin}});
}

nlohmann::json flattened(const std::vector<Option>& options) {
  auto out = nlohmann::json::array();
  for (const Option& option : options) flatten("", option, out);
  return out;
}

nlohmann::json details_of(Engine& engine, const RunBox& box, const std::vector<Option>& verb) {
  std::vector<Option> options = engine.arguments;
  for (Option& option : options) option.name = "args." + option.name;
  options.insert(options.end(), box.options.begin(), box.options.end());
  options.insert(options.end(), verb.begin(), verb.end());
  auto plugins = nlohmann::json::array();
  for (const Plugin* plugin : Registry::instance().plugins()) {
    plugins.push_back({{"name", plugin->name},
                       {"version", plugin->version},
                       {"file", plugin->file.string()},
                       {"sha256", plugin->sha256}});
  }
  nlohmann::json details{{"command", engine.settings().command},
                         {"options", flattened(options)},
                         {"versions", basin::versions()},
                         {"plugins", plugins},
                         {"hardware", basin::hardware()}};
  details["versions"]["lua"] = LUA_RELEASE;
  details["hardware"]["device"] = resolve_device(box.settings.device).str();
  if (!engine.script().empty()) details["script"] = engine.script().string();
  return details;
}

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

Run& opened(Call& c) {
  const RunBox& box = self(c);
  if (!box.run) throw Error("this run has no folder yet: its first train or sample opens it");
  return *box.run;
}

int log_line(Call& c) {
  opened(c).log(c.string("line"));
  return 0;
}

int curve(Call& c) {
  const Run& run = opened(c);
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

namespace {

// Another number of threads adds in another order, so it is another run; and where nobody gave one, it is the machine's.
// Whoever has such a run must learn why it does not go on.
void say_other_threads(Run& run, const std::filesystem::path& root) {
  const auto asked = [](const nlohmann::json& record) {
    nlohmann::json identity = record.value("identity", nlohmann::json::object());
    nlohmann::json threads;
    if (identity.contains("asked") && identity["asked"].contains("threads")) {
      threads = identity["asked"]["threads"];
      identity["asked"].erase("threads");
    }
    return std::make_pair(identity, threads);
  };
  const auto runs = list_runs(root);
  const auto ours = std::ranges::find_if(runs, [&](const RunEntry& e) { return e.folder == run.folder(); });
  if (ours == runs.end()) return;
  const auto [identity, threads] = asked(ours->record);
  for (auto other = runs.rbegin(); other != runs.rend(); ++other) {
    if (!other->problem.empty()) continue;
    const auto [theirs, count] = asked(other->record);
    if (theirs != identity || !count.is_number_integer() || count == threads) continue;
    const std::string line = "beginning a new run, because " + other->folder.string() + " was computed with " +
                             count.dump() + (count == 1 ? " thread" : " threads") + " and this is " + threads.dump() +
                             "; --threads " + count.dump() + " goes on there";
    tell(line);
    run.log(line);
    return;
  }
}

// The names of the components that an identity is made of.
void components_in(const nlohmann::json& value, std::set<std::string>& names) {
  if (value.is_object() && value.contains("component") && value["component"].is_string())
    names.insert(value["component"].get<std::string>());
  if (value.is_structured())
    for (const auto& part : value) components_in(part, names);
}

// A plugin's version is part of what a run is; its file is not, or every rebuild would begin all runs anew. But whoever
// goes on with numbers of another build of the same version must hear of it.
void say_other_builds(Run& run, const nlohmann::json& identity) {
  const auto record = read_run(run.folder()).record;
  std::set<std::string> used, others;
  components_in(identity, used);
  for (const Component* component : Registry::instance().components()) {
    const Plugin* plugin = component->plugin;
    if (!plugin || !used.contains(component->name)) continue;
    for (const auto& before : list_in(record, "plugins"))
      if (text_in(before, "name") == plugin->name && text_in(before, "version") == plugin->version &&
          text_in(before, "sha256") != plugin->sha256)
        others.insert(plugin->name + " " + plugin->version);
  }
  std::string names;
  for (const std::string& name : others) names += (names.empty() ? "" : ", ") + name;
  if (names.empty()) return;
  const std::string line = "note: " + run.folder().string() + " was begun with another build of " + names +
                           ", and keeps what that found; --fresh begins anew";
  tell(line);
  run.log(line);
}

}  // namespace

Precision find_precision(const std::string& name) {
  if (name == "fp32") return Precision::fp32;
  if (name == "bf16") return Precision::bf16;
  throw Error("a precision is fp32 or bf16, got '" + name + "'");
}

namespace {

void add_device(const RunBox& box, nlohmann::json& identity) {
  identity["device"] = resolve_device(box.settings.device).is_cuda() ? "cuda" : "cpu";
}

// "model, steps": what a run was asked for and is not now.
std::string differences(const nlohmann::json& before, const nlohmann::json& now) {
  std::string names;
  for (const auto& [key, value] : now.items())
    if (before.value(key, nlohmann::json()) != value) names += (names.empty() ? "" : ", ") + key;
  return names;
}

}  // namespace

bool is_run(const RunBox& box, nlohmann::json identity, const std::string& folder) {
  add_device(box, identity);
  try {
    const auto record = nlohmann::json::parse(read_file(std::filesystem::path(folder) / "run.json"), nullptr, false);
    return record.is_object() && record.value("hash", "") == Run::hash_of(box.settings, identity);
  } catch (const std::exception&) {  // the folder is gone, or was edited
    return false;
  }
}

bool is_untouched(const Run& run) { return !run.existed() && run.state().empty(); }

void close_untouched(RunBox& box) {
  open_runs().erase(box.run->folder().string());
  box.run->discard();
  box.run.reset();
  box.identity = nullptr;
}

void tell(const std::string& line) {
  Progress::clear();
  std::fflush(stdout);
  std::fprintf(stderr, "%s\n", line.c_str());
}

Run& open_run(lua_State* L, RunBox& box, nlohmann::json identity, std::vector<Option> details) {
  Engine& engine = Engine::of(L);
  add_device(box, identity);
  const std::string text = identity.dump();
  if (box.run) {
    if (identity["verb"] == "train" && identity != box.identity) {
      const bool trained = box.identity["verb"] == "train";
      throw Error("this run, " + box.run->folder().string() + ", is " +
                  (trained ? "of another training (other: " + differences(box.identity, identity) + ")"
                           : "open already, for samples") +
                  "; make another one with basin.run");
    }
    return *box.run;
  }
  const Settings& settings = engine.settings();
  std::weak_ptr<Run>& known =
      known_runs()[settings.runs.string() + "\n" + box.settings.name + "\n" + std::to_string(box.settings.seed) + "\n" +
                   box.settings.precision + "\n" + text];
  if (!settings.fresh) box.run = known.lock();
  if (!box.run) {
    box.run = Run::open(settings.runs, box.settings, identity, details_of(engine, box, details), settings.fresh);
    if (box.run->existed()) say_other_builds(*box.run, identity);
    else if (!settings.fresh) say_other_threads(*box.run, settings.runs);
    known = box.run;
  }
  box.identity = std::move(identity);
  open_runs()[box.run->folder().string()] = box.run;
  latest_run().set(box.run);
  return *box.run;
}

void note(const std::string& folder, const std::string& line) {
  if (const auto found = open_runs().find(folder); found != open_runs().end()) {
    if (const auto run = found->second.lock()) run->log(line);
  }
}

void Engine::show_values(const std::vector<std::pair<std::string, std::vector<Option>>>& parts) const {
  std::vector<std::vector<Cell>> rows;
  const auto add = [&](const std::string& prefix, const std::vector<Option>& list) {
    for (const auto& option : flattened(list)) {
      rows.push_back({{.text = prefix + option["name"].get<std::string>()},
                      {.text = option["value"].get<std::string>()},
                      {.text = option["origin"].get<std::string>()}});
    }
  };
  const Option runs{"runs", settings_.runs.string(), settings_.runs_origin};
  const Option threads{"threads", static_cast<int64_t>(at::get_num_threads()), settings_.threads_origin};
  add("", {runs, threads});
  add("basin.args.", arguments);
  for (const auto& [prefix, options] : parts) add(prefix + ": ", options);
  std::string text = table_text({"what", "value", "from"}, rows);
  text.pop_back();
  say(text);
}

void stop_dry_run(lua_State* L, const RunBox* run, const std::string& verb, const std::vector<Option>& options) {
  Engine& engine = Engine::of(L);
  if (!engine.settings().dry_run) return;
  std::vector<std::pair<std::string, std::vector<Option>>> parts;
  if (run) parts.emplace_back("basin.run", run->options);
  parts.emplace_back(verb, options);
  engine.show_values(parts);
  engine.finish();
}

// ---- what plugins say ----------------------------------------------------------------------------------------------

struct PluginProgress::Shown {
  std::string what;
  int64_t total = 0;
  std::unique_ptr<Progress> bar;
};

PluginProgress::PluginProgress() : shown_(std::make_shared<Shown>()) {
  const std::thread::id run_thread = std::this_thread::get_id();
  set_progress_sink([shown = shown_, run_thread](const std::string& what, int64_t done, int64_t total) {
    if (std::this_thread::get_id() != run_thread) return;
    if (!shown->bar || shown->what != what || shown->total != total) {
      shown->bar.reset();
      shown->bar = std::make_unique<Progress>(what, total);
      shown->what = what, shown->total = total;
    }
    shown->bar->update(done);
  });
}

PluginProgress::~PluginProgress() { set_progress_sink({}); }

// Any thread may log; only the run thread may touch a live bar.
void log_plugin_line(std::thread::id run_thread, int32_t severity, const std::string& line,
                     const std::string& library) {
  std::string text = library.empty() ? line : std::filesystem::path(library).stem().stem().string() + ": " + line;
  if (severity == BASIN_LOG_WARNING) text = "warning: " + text;
  if (std::this_thread::get_id() == run_thread) Progress::clear();
  std::fprintf(stderr, "%s\n", text.c_str());
  if (const auto run = latest_run().get()) run->log(text);
}

void add_runs(lua_State* L, int library) {
  set_log_sink(
      [run_thread = std::this_thread::get_id()](int32_t severity, const std::string& line, const std::string& library) {
        log_plugin_line(run_thread, severity, line, library);
      });
  add_type<RunBox>(L, type());
  push(L, factory());
  lua_setfield(L, library, "run");
}

}  // namespace basin::script
