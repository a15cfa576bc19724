// Runs of scripts: what happens around training, sampling and measuring.
#pragma once
#include <memory>
#include <string>

#include "run/progress.hpp"
#include "run/run.hpp"
#include "script/bind.hpp"
#include "script/engine.hpp"

namespace basin {
class Model;
class Process;
}  // namespace basin

namespace basin::script {

// basin.run { ... }: the folder is opened by the first verb, when everything that identifies the run is known.
struct RunBox {
  RunSettings settings;
  std::vector<Option> options;  // with origins, for run.json
  std::shared_ptr<Run> run;
  nlohmann::json identity;   // it was opened with
  bool told = false;         // the line about a new folder
  std::string other_builds;  // of its plugins, which began it, until that is said
};
template <>
inline constexpr const char* type_of<RunBox> = "run";

// Its run. Error where no verb has opened its folder yet.
Run& opened(const RunBox& box);

// Opens the folder of this identity; a run that is open stays so (another training needs another run: Error). `details`
// are the options that the verb was given.
Run& open_run(lua_State* L, RunBox& box, nlohmann::json identity, std::vector<Option> details);

// Whether the run of this identity is the one in `folder`.
bool is_run(const RunBox& box, nlohmann::json identity, const std::string& folder);
// Nothing has been computed in it yet. close_untouched: its folder goes, and the box is as before open_run.
bool is_untouched(const Run& run);
void close_untouched(RunBox& box);

// Says, once, whose build the training's steps are that are still to come; of a finished one, and of samples, whose they
// were.
void say_other_builds(RunBox& box, int64_t step, int64_t steps);

// A line on standard error, a live bar taken away first. tell_once: not if this process has said it already.
void tell(const std::string& line);
void tell_once(const std::string& line);

// Where a model is used with another process than it was trained on, a warning says both.
void say_other_process(const Model& model, const Process& process, const std::string& used);

// The verbs (verbs.cpp).
int run_train(Call& c);
int run_sample(Call& c);
int run_quantize(Call& c);
int run_report(Call& c);  // reports.cpp
const std::vector<Field>& train_fields();
const std::vector<Field>& sample_fields();
const std::vector<Field>& quantize_fields();
const std::vector<Field>& report_fields();

// A line of the log of the run in `folder`, where it is one of this script's that is open.
void note(const std::string& folder, const std::string& line);

// With --dry-run: prints the script's arguments and these options, each with where it came from, and ends the script.
void stop_dry_run(lua_State* L, const RunBox* run, const std::string& verb, const std::vector<Option>& options);

// From now on lines of plugins go to standard error, and into the log of the run that was opened last.
void log_plugins();

// Shows what plugins report while it lives. [run thread]
class PluginProgress {
 public:
  PluginProgress();
  ~PluginProgress();
  PluginProgress(const PluginProgress&) = delete;
  PluginProgress& operator=(const PluginProgress&) = delete;

 private:
  struct Shown;
  std::shared_ptr<Shown> shown_;
};

}  // namespace basin::script
