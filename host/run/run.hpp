// The folder of one run: everything it was asked, wrote and found. The files are the truth; nothing else is kept.
//
//   runs/00042-sam-cifar10/
//     run.json            what it is: identity and its hash, command, options with origins, versions, hardware, state
//     script.lua  log.txt  metrics.jsonl  results/<key>.json  samples/*.png  checkpoints/*.safetensors
//     events.out.tfevents.*  report.html
//     run.lock            held (flock) by the process that works on the run
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace basin {

struct RunSettings {
  std::string name;
  uint64_t seed = 0;
  std::string device = "auto", precision = "fp32";
};

void check_run_name(const std::string& name);  // throws where no folder can be called so

class Run {
 public:
  // The run of this identity under `root`: the folder that has it already, or a new one with the next free number.
  //   identity   everything that changes its numbers; name, seed and precision of `settings` are added
  //   details    what else to remember: "command", "script" (a path, copied to script.lua), "options" (each
  //              {"name", "value", "origin"}), "versions", "plugins" (each {"name", "version", "file", "sha256"}),
  //              "hardware"
  //   fresh      always a new folder
  // Error: the name is no folder's name, another process has the run open (its pid), or the folder cannot be written.
  static std::shared_ptr<Run> open(const std::filesystem::path& root, const RunSettings& settings,
                                   const nlohmann::json& identity, const nlohmann::json& details, bool fresh);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  const std::filesystem::path& folder() const;
  const RunSettings& settings() const;
  const std::string& hash() const;  // sha256 of the identity, hex
  static std::string hash_of(const RunSettings& settings, const nlohmann::json& identity);
  bool existed() const;     // opened again: training, sampling and measuring go on where they stopped
  int64_t segment() const;  // how often the run had been opened before

  // Removes the folder of a run that has just been made and came to nothing. The object is of no use after it.
  void discard();

  // A training begins or goes on: a second time in one process its rows are of a new segment, as after a new start.
  void begin_segment();

  void log(const std::string& line);  // a line of log.txt, with the time [any thread]
  void metrics(
      const nlohmann::json& row);  // {"step": 10, "loss": 0.1, ...}: a line of metrics.jsonl, at once [any thread]
  std::vector<nlohmann::json> read_metrics() const;  // by step; of a step that was repeated, the latest segment's

  // run.json's "state": {"status": "running" | "finished" | "failed" | "interrupted", "step", "seconds", ...};
  // set_state merges and writes the file as a whole. A run that is closed while "running" becomes "interrupted".
  nlohmann::json state() const;
  void set_state(const nlohmann::json& changes);

  // results/<key>.json; key: letters, digits, '-', '_', '.'.
  std::optional<nlohmann::json> result(const std::string& key) const;
  void record(const std::string& key, const nlohmann::json& value);

  std::filesystem::path checkpoints() const;  // the folder, which exists
  std::filesystem::path samples() const;      // the folder, which exists

 private:
  Run();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Writes a result into a run's folder that need not be open: a measurement of a finished run's model. Same file as
// record.
void record_result(const std::filesystem::path& folder, const std::string& key, const nlohmann::json& value);
std::optional<nlohmann::json> read_result(const std::filesystem::path& folder, const std::string& key);

// metrics.jsonl of a folder, as Run::read_metrics gives it; a last line that a crash cut short is left out.
std::vector<nlohmann::json> read_metrics(const std::filesystem::path& folder);

// What a folder's run.json says, for lists of runs. A folder without a readable one has `problem`, one sentence.
struct RunEntry {
  std::filesystem::path folder;
  nlohmann::json record;
  std::string problem;
};
RunEntry read_run(const std::filesystem::path& folder);
std::vector<std::filesystem::path> run_folders(const std::filesystem::path& root);  // by number
std::vector<RunEntry> list_runs(const std::filesystem::path& root);                 // by number

}  // namespace basin
