// basin: runs scripts, lines of Lua and the prompt.
#include <CLI/CLI.hpp>

#include <ATen/Parallel.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <set>
#include <thread>

#include "abi/cuda.hpp"
#include "abi/log.hpp"
#include "abi/memory.hpp"
#include "check/check.hpp"
#include "cli/data.hpp"
#include "cli/plugins.hpp"
#include "cli/runs.hpp"
#include "cli/scaffold.hpp"
#include "cli/settings.hpp"
#include "cli/usage.hpp"
#include "data/dataset.hpp"
#include "data/images.hpp"
#include "measure/denoiser.hpp"
#include "measure/metric.hpp"
#include "model/model.hpp"
#include "plugin/crash.hpp"
#include "plugin/object.hpp"
#include "run/progress.hpp"
#include "script/engine.hpp"
#include "script/prompt.hpp"
#include "script/reference.hpp"
#include "train/optimizer.hpp"
#include "train/report.hpp"
#include "train/validation.hpp"

namespace basin::cli {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string script, code;
  std::vector<std::string> set;
  std::string device, runs, config, task;
  int threads = 0;
  std::string plugin;     // what basin plugins is to explain
  std::string reference;  // the folder that basin docs writes
  bool fresh = false, dry_run = false, why = false, names = false, trust = false;
  Scaffold scaffold;
  checking::Request check;
  DataGet data_get;
  DataCheck data_check;
  RunCommands looking;
};

bool says_interrupts = false;  // to a person at a terminal, who must not think that nothing happens

// The first Ctrl-C asks: training stops after its step, with a checkpoint. The second one ends the program.
void on_interrupt(int) {
  if (interrupted()) {
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);
    return;
  }
  interrupted() = true;
  if (script::at_prompt() || !says_interrupts) return;
  constexpr std::string_view line =
      "\nstopping when the step or operation at work has ended; Ctrl-C again ends the program\n";
  (void)!write(STDERR_FILENO, line.data(), line.size());
}

void watch_interrupt() {
  says_interrupts = isatty(STDERR_FILENO);
  script::at_prompt();  // made before a signal can ask
  struct sigaction action {};
  action.sa_handler = on_interrupt;  // no SA_RESTART: a read at the prompt ends
  sigaction(SIGINT, &action, nullptr);
}

void add_interfaces() {
  add_abi_interfaces();
  add_plugin_interfaces();
  add_process_interface();
  add_samplers_interface();
  add_measurement_interface();
  add_optimizer_interface();
  add_validation_interface();
  add_report_interface();
  add_image_interface();
  add_model_factory();
  add_factory("dataset", [](Spec spec) -> std::shared_ptr<basin_object> { return Dataset::open(std::move(spec)); });
}

void find_plugins(const Toml& toml) {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  std::vector<fs::path> folders = plugin_folders(fs::current_path(), program.parent_path().parent_path() / "plugins");
  // What basin.toml names belongs to the project: right after its own folder.
  const auto project = std::find(folders.begin(), folders.end(), fs::current_path() / "plugins");
  folders.insert(project == folders.end() ? project : project + 1, toml.plugins.begin(), toml.plugins.end());
  Registry::instance().search(folders);
  for (const auto& folder : Registry::instance().folders())
    if (const std::string fault = folder_fault(folder); !fault.empty() && fault != kFolderAbsent)
      std::fprintf(stderr, "warning: the plugin folder '%s' %s\n", folder.c_str(), fault.c_str());
}

// "2/6": the second of six tasks.
void read_task(const std::string& text, script::Settings& settings) {
  long long task = 0, tasks = 0;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%lld/%lld%c", &task, &tasks, &rest) != 2 || task < 1 || tasks < task)
    throw Error("--task takes k/n, the k-th of n tasks with k from 1 to n, got '" + text + "'");
  settings.task = task, settings.tasks = tasks;
}

script::Settings settings_of(const Arguments& arguments, const Toml& toml, const std::string& command) {
  script::Settings settings;
  settings.command = command;
  for (const std::string& text : arguments.set) {
    const size_t equals = text.find('=');
    if (equals == text.npos || equals == 0) throw Error("--set takes name=value, got '" + text + "'");
    settings.set.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  if (toml.device) settings.device = {"device", toml.device->value, toml.device->origin};
  if (toml.precision) settings.precision = {"precision", toml.precision->value, toml.precision->origin};
  if (!arguments.device.empty()) settings.device = {"device", arguments.device, "--device"};
  if (toml.runs) settings.runs = toml.runs->value, settings.runs_origin = toml.runs->origin;
  if (!arguments.runs.empty()) settings.runs = arguments.runs, settings.runs_origin = "--runs";
  if (toml.threads) settings.threads_origin = toml.threads->origin;
  if (arguments.threads > 0) settings.threads_origin = "--threads";
  for (const auto& [name, folder] : toml.data) settings.data[name] = {"", folder.value, folder.origin};
  if (!arguments.config.empty()) {
    settings.config = read_config(arguments.config);
    settings.config_folder = fs::path(arguments.config).parent_path();
  }
  if (!arguments.task.empty()) read_task(arguments.task, settings);
  settings.trust = arguments.trust;
  settings.fresh = arguments.fresh;
  settings.dry_run = arguments.dry_run;
  return settings;
}

// The records are bound when an engine begins.
int write_docs(const Arguments& arguments, script::Settings settings) {
  const script::Engine engine(std::move(settings));
  if (!arguments.reference.empty()) script::write_reference(arguments.reference);
  if (arguments.names)
    for (const script::Name& name : script::names()) std::printf("%s\n", name.name.c_str());
  return 0;
}

int run(const CLI::App& app, const Arguments& arguments, const std::string& command) {
  const Toml toml = read_settings();
  if (const auto code = run_command(app, arguments.looking, toml.runs ? toml.runs->value : "runs")) return *code;
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  at::set_num_threads(arguments.threads > 0 ? arguments.threads
                      : toml.threads        ? static_cast<int>(toml.threads->value)
                                            : cores);
  if (app.got_subcommand("data") && app.get_subcommand("data")->got_subcommand("get"))
    return get_data(arguments.data_get), 0;
  add_interfaces();
  if (app.got_subcommand("check")) return checking::run(arguments.check);
  find_plugins(toml);
  if (app.got_subcommand("plugins"))
    return arguments.plugin.empty() ? list_plugins(arguments.why) : explain_plugin(arguments.plugin);
  if (app.got_subcommand("data")) return check_data(arguments.data_check) ? 0 : 1;
  if (app.got_subcommand("new")) return write_scaffold(arguments.scaffold), 0;

  script::Settings settings = settings_of(arguments, toml, command);
  // Before anything is computed: LibTorch looks for CUDA only once (abi/cuda.hpp).
  if (std::get<std::string>(settings.device.value) != "cpu") offer_cuda();
  if (app.got_subcommand("docs")) return write_docs(arguments, std::move(settings));
  const bool repl = app.got_subcommand("repl"), code = !arguments.code.empty();
  settings.interactive = repl || code;
  watch_interrupt();
  script::Engine engine(std::move(settings));
  if (repl) return script::run_repl(engine);
  if (code) {
    script::run_line(engine, arguments.code);
    return 0;
  }
  engine.run_file(arguments.script);
  return 0;
}

int guarded(const CLI::App& app, const Arguments& arguments, const std::string& command) {
  try {
    return run(app, arguments, command);
  } catch (const std::exception& e) {
    Progress::clear();
    std::fflush(stdout);
    std::fprintf(stderr, "%s\n", script::sentence_of(e).c_str());
    return interrupted() ? 130 : 1;
  }
}

// basin bench NAME arguments... becomes the program basin-bench-NAME beside this one. Returns only where it cannot.
int run_bench(int argc, char** argv) {
  const fs::path folder = fs::read_symlink("/proc/self/exe").parent_path();
  constexpr std::string_view prefix = "basin-bench-";
  std::set<std::string> built;
  for (const auto& entry : fs::directory_iterator(folder))
    if (const std::string file = entry.path().filename(); file.starts_with(prefix))
      built.insert(file.substr(prefix.size()));
  const std::string name = argc > 2 && argv[2][0] != '-' ? argv[2] : "";
  const fs::path program = folder / (std::string(prefix) + name);
  if (built.count(name)) execv(program.c_str(), argv + 2);
  std::string names;
  for (const std::string& one : built) names += (names.empty() ? "" : ", ") + one;
  if (names.empty())
    std::fprintf(stderr, "No bench is built: ./basin bench builds them, or build the target bench/all.\n");
  else if (name.empty())
    std::fprintf(stderr, "basin bench NAME: the benches are %s; each explains itself with --help.\n", names.c_str());
  else std::fprintf(stderr, "There is no bench '%s': the benches are %s.\n", name.c_str(), names.c_str());
  return 1;
}

// ---- the command line -----------------------------------------------------------------------------------------------

void add_common(CLI::App* part, Arguments& to) {
  part->add_option("--device", to.device, "auto, cpu, cuda or cuda:N; goes before what the script says")
      ->check([](const std::string& word) {
        return is_device(word) ? "" : "a device is auto, cpu, cuda or cuda:N, not '" + word + "'";
      });
  part->add_option("--threads", to.threads, "threads of the CPU (all cores)")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  part->add_option("--runs", to.runs, "where run folders are (runs/)")->type_name("DIR");
  part->add_option("--set", to.set, "set an argument that the script declares with basin.arguments")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  part->add_option("--config", to.config, "a TOML file with values for those arguments; --set goes before it")
      ->type_name("FILE.toml");
  part->add_flag("--trust", to.trust,
                 "let the script run programs, native libraries and compiled Lua (os.execute, io.popen, ...)");
  part->add_flag("--fresh", to.fresh, "new run folders; nothing is continued or loaded");
}

void add_scripts(CLI::App& app, Arguments& to) {
  app.add_option("-e", to.code, "Run a line of Lua; an expression prints itself, ?name is help")->type_name("CODE");
  CLI::App* run = app.add_subcommand("run", "Run an experiment, a script in Lua; again: it continues");
  run->add_option("script", to.script, "the script")->required()->type_name("SCRIPT.lua");
  add_common(run, to);
  run->add_option("--task", to.task, "only this share of a basin.sweep: the k-th of n tasks")->type_name("K/N");
  run->add_flag("--dry-run", to.dry_run, "show every value and where it came from, and stop before anything long");
  add_common(app.add_subcommand("repl", "An interactive Lua prompt"), to);
}

void add_plugins(CLI::App& app, Arguments& to) {
  CLI::App* plugins = app.add_subcommand("plugins", "What plugins were found, and their components");
  plugins->add_flag("--why", to.why, "also where was looked, and why a file was refused");
  plugins->add_option("name", to.plugin, "that of one component: each place, and what was found there")
      ->type_name("NAME");
  CLI::App* docs = app.add_subcommand(
      "docs", "Write the reference of all functions and plugins, and the editor's type file basin.lua");
  docs->add_option("--out", to.reference, "the folder")->type_name("DIR");
  docs->add_flag("--names", to.names, "print every name that scripts can use instead");
  docs->require_option(1);
  CLI::App* scaffold = app.add_subcommand("new", "Write a folder with a plugin that works, to start your own from");
  scaffold->add_option("kind", to.scaffold.kind, "optimizer, model, metric, ...")->required()->type_name("KIND");
  scaffold->add_option("name", to.scaffold.name, "the component's name in scripts")->required()->type_name("NAME");
  scaffold->add_option("--out", to.scaffold.folder, "the folder to write (NAME)")->type_name("DIR");
  scaffold->add_option("--lang", to.scaffold.language, "c++ or c (c++)")->type_name("LANGUAGE");
}

void add_check(CLI::App& app, checking::Request& to) {
  CLI::App* check = app.add_subcommand("check", "Try a plugin file in every way that its kind promises something");
  check->add_option("file", to.file, "the plugin")->required()->type_name("FILE.basin.so");
  check->add_flag("--list", to.list, "the names of the tests, each with a sentence, and run none");
  check->add_option("--only", to.only, "this test alone, of one component: NAME:COMPONENT; again: also that")
      ->type_name("NAME")
      ->allow_extra_args(false);
  check->add_option("--skip", to.skip, "all but this test; again: nor that")
      ->type_name("NAME")
      ->allow_extra_args(false);
  check->add_option("--set", to.set, "an option of the components, where they have it: root=/data/cifar")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  check->add_option("--seed", to.seed, "of everything drawn (0)")->type_name("N");
  check->add_option("--timeout", to.timeout, "seconds for each test (300)")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  check->add_flag("--json", to.json, "the results as one JSON document");
  check->add_flag("--in-process", to.in_process, "one test in this very process, for a debugger");
  check->add_option("--report", to.report)->group("");  // where a test's own process writes its result
}

void add_data(CLI::App& app, Arguments& to) {
  CLI::App* data = app.add_subcommand("data", "Fetch data sets, and say what is in a folder or file");
  data->require_subcommand(1);
  CLI::App* get = data->add_subcommand("get", "Fetch a data set from its official place, or go on with it");
  get->add_option("what", to.data_get.what, "cifar10, cifar100, or the URL of a .tar.gz; none: a list")
      ->type_name("NAME|URL");
  get->add_option("--to", to.data_get.to, "the folder to unpack it in (data)")->type_name("DIR");
  get->add_option("--md5", to.data_get.md5, "of what the URL gives")->type_name("DIGITS");
  CLI::App* check = data->add_subcommand("check", "Read all of it: layout, images, sizes, classes, the first problem");
  check->add_option("path", to.data_check.path, "what to look at")->required()->type_name("DIR|FILE");
  check->add_option("--set", to.data_check.set, "an option of the readers, where they have it: size=64")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
}

}  // namespace
}  // namespace basin::cli

int main(int argc, char** argv) {
  using namespace basin::cli;
  if (argc > 1 && std::string_view(argv[1]) == "bench") return run_bench(argc, argv);
  basin::keep_freed_memory();
  basin::watch_crashes();
  std::string command;
  for (int i = 0; i < argc; ++i) command += (i ? " " : "") + std::string(argv[i]);
  Arguments arguments;
  CLI::App app{"Basin: a research platform for the loss landscape of generative models", "basin"};
  app.set_version_flag("--version", std::string("basin ") + BASIN_VERSION);
  app.require_subcommand(0, 1);
  add_scripts(app, arguments);
  add_plugins(app, arguments);
  app.add_subcommand("bench", "Measure Basin beside its peers: abi, data, fid, step");
  add_check(app, arguments.check);
  add_data(app, arguments);
  add_run_commands(app, arguments.looking);
  add_common(&app, arguments);

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {  // --help, --version
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    std::fprintf(stderr, "%s\n", usage_sentence(app, e).c_str());
    return kUsage;
  }
  if (app.get_subcommands().empty() && arguments.code.empty()) {
    std::printf("%s", app.help().c_str());
    return 0;
  }
  return guarded(app, arguments, command);
}
