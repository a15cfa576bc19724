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
#include "cli/plugins.hpp"
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
#include "train/optimizer.hpp"
#include "train/validation.hpp"

namespace basin::cli {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string script, code;
  std::vector<std::string> set;
  std::string device, runs;
  int threads = 0;
  bool fresh = false, dry_run = false, why = false;
  Scaffold scaffold;
  checking::Request check;
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
  add_measurement_interface();
  add_optimizer_interface();
  add_validation_interface();
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
}

script::Settings settings_of(const Arguments& arguments, const Toml& toml, const std::string& command) {
  script::Settings settings;
  settings.command = command;
  for (const std::string& text : arguments.set) {
    const size_t equals = text.find('=');
    if (equals == text.npos || equals == 0) throw Error("--set takes name=value, got '" + text + "'");
    settings.set.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  if (toml.device) settings.device = {"device", *toml.device, toml.origin};
  if (toml.precision) settings.precision = {"precision", *toml.precision, toml.origin};
  if (!arguments.device.empty()) settings.device = {"device", arguments.device, "--device"};
  if (toml.runs) settings.runs = *toml.runs;
  if (!arguments.runs.empty()) settings.runs = arguments.runs;
  settings.data = toml.data;
  settings.data_origin = toml.origin;
  settings.fresh = arguments.fresh;
  settings.dry_run = arguments.dry_run;
  return settings;
}

int run(const CLI::App& app, const Arguments& arguments, const std::string& command) {
  const Toml toml = read_settings();
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  at::set_num_threads(arguments.threads > 0 ? arguments.threads
                      : toml.threads        ? static_cast<int>(*toml.threads)
                                            : cores);
  add_interfaces();
  if (app.got_subcommand("check")) return checking::run(arguments.check);
  find_plugins(toml);
  if (app.got_subcommand("plugins")) return list_plugins(arguments.why);
  if (app.got_subcommand("new")) return write_scaffold(arguments.scaffold), 0;

  script::Settings settings = settings_of(arguments, toml, command);
  // Before anything is computed: LibTorch looks for CUDA only once (abi/cuda.hpp).
  if (std::get<std::string>(settings.device.value) != "cpu") offer_cuda();
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
  app.add_option("-e", arguments.code, "Run a line of Lua; an expression prints itself")->type_name("CODE");

  const auto add_common = [&](CLI::App* part) {
    part->add_option("--device", arguments.device, "auto, cpu, cuda or cuda:N; goes before what the script says")
        ->check([](const std::string& word) {
          return basin::is_device(word) ? "" : "a device is auto, cpu, cuda or cuda:N, not '" + word + "'";
        });
    part->add_option("--threads", arguments.threads, "threads of the CPU (all cores)")
        ->check(CLI::Range(1, 1024))
        ->type_name("N");
    part->add_option("--runs", arguments.runs, "where run folders are (runs/)")->type_name("DIR");
    part->add_option("--set", arguments.set, "set an argument that the script declares with basin.arguments")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
    part->add_flag("--fresh", arguments.fresh, "new run folders; nothing is continued or loaded");
  };
  CLI::App* run_command = app.add_subcommand("run", "Run an experiment, a script in Lua; again: it continues");
  run_command->add_option("script", arguments.script, "the script")->required()->type_name("SCRIPT.lua");
  add_common(run_command);
  run_command->add_flag("--dry-run", arguments.dry_run,
                        "show every value and where it came from, and stop before anything long");
  CLI::App* repl = app.add_subcommand("repl", "An interactive Lua prompt");
  add_common(repl);
  CLI::App* plugins = app.add_subcommand("plugins", "What plugins were found, and their components");
  CLI::App* scaffold = app.add_subcommand("new", "Write a folder with a plugin that works, to start your own from");
  scaffold->add_option("kind", arguments.scaffold.kind, "optimizer, model, metric, ...")->required()->type_name("KIND");
  scaffold->add_option("name", arguments.scaffold.name, "the component's name in scripts")
      ->required()
      ->type_name("NAME");
  scaffold->add_option("--out", arguments.scaffold.folder, "the folder to write (NAME)")->type_name("DIR");
  scaffold->add_option("--lang", arguments.scaffold.language, "c++ or c (c++)")->type_name("LANGUAGE");
  app.add_subcommand("bench", "Measure Basin beside its peers: abi, step");
  plugins->add_flag("--why", arguments.why, "also where was looked, and why a file was refused");
  CLI::App* check = app.add_subcommand("check", "Try a plugin file in every way that its kind promises something");
  check->add_option("file", arguments.check.file, "the plugin")->required()->type_name("FILE.basin.so");
  check->add_flag("--list", arguments.check.list, "the names of the tests, each with a sentence, and run none");
  check
      ->add_option("--only", arguments.check.only,
                   "this test alone, of one component: NAME:COMPONENT; again: also that")
      ->type_name("NAME")
      ->allow_extra_args(false);
  check->add_option("--skip", arguments.check.skip, "all but this test; again: nor that")
      ->type_name("NAME")
      ->allow_extra_args(false);
  check->add_option("--set", arguments.check.set, "an option of the components, where they have it: root=/data/cifar")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  check->add_option("--seed", arguments.check.seed, "of everything drawn (0)")->type_name("N");
  check->add_option("--timeout", arguments.check.timeout, "seconds for each test (300)")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  check->add_flag("--json", arguments.check.json, "the results as one JSON document");
  check->add_flag("--in-process", arguments.check.in_process, "one test in this very process, for a debugger");
  check->add_option("--report", arguments.check.report)->group("");  // where a test's own process writes its result
  add_common(&app);

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
