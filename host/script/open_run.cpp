// A run's folder: what it is known by, whether there is one already, its record; --dry-run; what plugins say meanwhile.
#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "abi/cuda.hpp"
#include "abi/log.hpp"
#include "plugin/files.hpp"
#include "plugin/registry.hpp"
#include "run/collect.hpp"
#include "run/environment.hpp"
#include "script/component.hpp"
#include "script/numbers.hpp"
#include "script/runs.hpp"
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
// goes on with numbers of another build of the same version must hear of it. "adam 0.1.0, sam 0.1.0", or "".
std::string other_builds(const Run& run, const nlohmann::json& identity) {
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
  return names;
}

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

void say_other_builds(RunBox& box, int64_t step, int64_t steps) {
  const std::string names = std::exchange(box.other_builds, "");
  if (names.empty()) return;
  const std::string line = "note: " + box.run->folder().string() + " was begun with another build of " + names +
                           (step < steps ? "; the steps from " + std::to_string(step + 1) + " on are this build's"
                                         : ", and keeps what that found") +
                           "; --fresh begins anew";
  tell(line);
  box.run->log(line);
}

bool is_untouched(const Run& run) { return !run.existed() && run.state().empty(); }

void close_untouched(RunBox& box) {
  open_runs().erase(box.run->folder().string());
  box.run->discard();
  box.run.reset();
  box.identity = nullptr;
}

Run& opened(const RunBox& box) {
  if (!box.run) throw Error("run '" + box.settings.name + "' has no folder yet: its first train or sample opens it");
  return *box.run;
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
    if (box.run->existed()) box.other_builds = other_builds(*box.run, identity);
    else if (!settings.fresh) say_other_threads(*box.run, settings.runs);
    known = box.run;
  }
  box.identity = std::move(identity);
  if (box.identity["verb"] != "train") say_other_builds(box, 0, 0);
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

namespace {

// Any thread may log; only the run thread may touch a live bar.
void log_plugin_line(std::thread::id run_thread, int32_t severity, const std::string& line,
                     const std::string& library) {
  std::string text = library.empty() ? line : std::filesystem::path(library).stem().stem().string() + ": " + line;
  if (severity == BASIN_LOG_WARNING) text = "warning: " + text;
  if (std::this_thread::get_id() == run_thread) Progress::clear();
  std::fprintf(stderr, "%s\n", text.c_str());
  if (const auto run = latest_run().get()) run->log(text);
}

}  // namespace

void log_plugins() {
  set_log_sink(
      [run_thread = std::this_thread::get_id()](int32_t severity, const std::string& line, const std::string& library) {
        log_plugin_line(run_thread, severity, line, library);
      });
}

}  // namespace basin::script
