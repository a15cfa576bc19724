// The index of a folder of runs: summaries in SQLite, so that lists of a thousand runs need not read a thousand folders.
//
// The folders are the truth. A run never writes here: whoever lists runs brings the index up to date first (a few `stat`
// a run), so it can be deleted at any time, and a training cannot fail because of it. It is runs/.index.sqlite:
//
//   runs   folder (its name), number, stamp (see summary.hpp), state, last_line, problem
//   facts  folder, kind ("run", "option", "metric"), name, value, low, high
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "run/summary.hpp"

namespace basin {

struct RunQuery {
  std::vector<std::string> where;  // "optimizer.rho>=0.03", "fid<8", "state=died", "name~sam"; all of them hold
  std::string sort;                // a fact's name; "": by number. Runs without it come last
  bool reverse = false;
  size_t limit = 0;  // 0: all
};

class RunIndex {
 public:
  // Opens the index of `root` and brings it up to date; where it cannot be written, one in memory. A damaged index is
  // made anew. rebuild: made anew in any case. Error: root is no folder, or is itself a run's.
  explicit RunIndex(const std::filesystem::path& root, bool rebuild = false);
  ~RunIndex();
  RunIndex(const RunIndex&) = delete;
  RunIndex& operator=(const RunIndex&) = delete;

  // Error: a condition that is none, or a name that no run has (the nearest one).
  std::vector<Summary> find(const RunQuery& query = {}) const;

  // The full name of a fact: itself, "fid" for "fid (small_features)", "rho" for "optimizer.rho". Error: the nearest.
  std::string name_of(const std::string& word) const;

  bool in_memory() const;    // nothing could be written beside the runs
  size_t refreshed() const;  // folders that were read to bring it up to date

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The folder of a run by what a person calls it: a path, a number ("2"), a folder's name, or a run's name (the newest of
// that name). Error: there is none (the nearest name), or the folder is no run's.
std::filesystem::path find_run(const std::filesystem::path& root, const std::string& word);

}  // namespace basin
