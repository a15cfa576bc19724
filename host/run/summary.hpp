// A run in short, as lists of runs show it: every value by name, and what became of it. Read from its folder alone, with
// no trust in what a hand may have changed there.
#pragma once
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace basin {

struct Fact {
  std::string kind;              // "run" (name, state, step, loss, ...), "option" (optimizer.rho) or "metric"
  std::string name;              // of a metric: "fid (small_features)", "lpf.loss", "lpf[ema, 8 bits]"
  nlohmann::json value;          // a number or a text
  double low = NAN, high = NAN;  // a metric's interval
};

struct Summary {
  std::filesystem::path folder;
  int64_t number = 0;
  std::string state;      // "finished", "interrupted", "failed"; "running"; "died": its record says running, and no
                          // process has it open; "broken": no readable record; "": nothing was trained
  std::string last_line;  // of log.txt, where it died or failed
  std::string problem;    // one sentence where it is broken
  std::vector<Fact> facts;
};

// Never throws for what is in the folder.
Summary summarize(const std::filesystem::path& folder);

// Changes whenever a file that summarize reads does (names, sizes, times); the state of a run that is not "running" in
// its record depends on nothing else.
int64_t stamp_of(const std::filesystem::path& folder);

// Whether a living process has the run open.
bool is_open(const std::filesystem::path& folder);

// The number that a run folder's name begins with, or -1.
int64_t run_number(const std::filesystem::path& folder);

// The last line that is whole, "" where there is none. Reads the end of the file alone.
std::string last_line_of(const std::filesystem::path& file);

}  // namespace basin
