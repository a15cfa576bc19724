// A Lua state with Basin in it: runs scripts and single lines, and keeps what all of a script's functions share.
#pragma once
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "plugin/value.hpp"
#include "script/bind.hpp"

namespace basin::script {

// What the command line and basin.toml say.
struct Settings {
  std::vector<std::pair<std::string, std::string>> set;     // --set key=value, in order
  Option device{"device", std::string("auto"), "default"};  // auto, cpu, cuda; one from the command line goes before
  Option precision{"precision", std::string("fp32"), "default"};  // a script's own
  std::filesystem::path runs = "runs";
  std::string runs_origin = "default", threads_origin = "default";  // for --dry-run
  std::map<std::string, Option> data;                               // data set -> its folder, a string
  bool fresh = false;                                               // new run folders
  bool dry_run = false;        // stop before the first thing that takes long, and show every value
  bool interactive = false;    // globals may be made
  bool trust = false;          // programs, native libraries and compiled Lua are open to scripts
  std::vector<Option> config;  // of --config: arguments of the script, each with "file.toml:3"
  std::filesystem::path config_folder;
  int64_t task = 0, tasks = 0;  // --task 2/6: this share of a sweep's points; 0: all of them
  std::string command;          // for run.json
};

class Engine {
 public:
  explicit Engine(Settings settings);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Both throw ScriptError: "script.lua:12: sentence".
  void run_file(const std::filesystem::path& file);
  void run_text(const std::string& code, const std::string& name);  // name: "-e", as errors call it

  // Compiles; pushes the function, or returns false with Lua's sentence in `problem`.
  bool load(const std::string& code, const std::string& name, std::string& problem);
  // Runs the function under n arguments, all its results stay. Throws ScriptError. [run thread]
  void execute(int arguments);
  // Ends the script from inside one of its calls, as if it had come to its end: --dry-run.
  [[noreturn]] void finish();

  // For --dry-run: every value and where it came from, the arguments' first. (open_run.cpp)
  void show_values(const std::vector<std::pair<std::string, std::vector<Option>>>& parts) const;

  lua_State* lua() const { return lua_; }
  const Settings& settings() const { return settings_; }
  const std::filesystem::path& script() const { return script_; }  // "" where there is none
  // The text of the chunk that a debug "source" names, and of its lines [first, last], from 1.
  std::string source_lines(const std::string& source, int first, int last) const;

  std::vector<Option> arguments;  // declared by basin.arguments, with values
  bool declared_arguments = false;
  bool swept = false;                 // basin.sweep was called
  void check_arguments_used() const;  // Error: --set, --config or --task was given to a script that does not use it

  static Engine& of(lua_State* L);

 private:
  Settings settings_;
  lua_State* lua_ = nullptr;
  std::filesystem::path script_;
  std::map<std::string, std::string> sources_;  // chunk name -> text
  bool finished_ = false;
};

// While it lives, Ctrl-C does not cut a script's functions short: a training that calls them ends its step and stops by
// itself. (A second Ctrl-C ends the program.)
class Undisturbed {
 public:
  explicit Undisturbed(lua_State* L);
  ~Undisturbed();
  Undisturbed(const Undisturbed&) = delete;
  Undisturbed& operator=(const Undisturbed&) = delete;

 private:
  lua_State* L_;
};

// The parts that make the library; each adds to the table at stack index `library`.
void add_library(lua_State* L);                  // all of it: require "basin"
void add_arguments(lua_State* L, int library);   // arguments
void add_components(lua_State* L, int library);  // model, dataset, optimizer, ..., process
void add_images(lua_State* L, int library);
void add_losses(lua_State* L, int library);        // denoiser
void add_measurements(lua_State* L, int library);  // result, estimate
void add_runs(lua_State* L, int library);          // run
void add_reports(lua_State* L, int library);       // report
void add_estimates(lua_State* L, int library);     // estimate
void add_tables(lua_State* L, int library);        // table
void add_plugins(lua_State* L, int library);       // plugins, plugins.reload
void add_help(lua_State* L, int library);          // help
void add_who(lua_State* L, int library);           // who
void add_sweeps(lua_State* L, int library);        // sweep
void distrust(lua_State* L);                       // takes away what reaches out of the script (trust.cpp)
void add_strict_globals(lua_State* L, bool assignable);
void remember_globals(lua_State* L);  // those on the top of the stack are no one's own: who() leaves them out

void give_json(lua_State* L, const nlohmann::json& value);
// The same for an object whose names are known: one that it lacks is an error with the nearest, not nil.
void give_strict(lua_State* L, const nlohmann::json& value, const std::string& owner);
// Prints lines without breaking a live progress bar.
void say(const std::string& text);

}  // namespace basin::script
