// Inside the room: a test in a process of its own, and what became of it.
#pragma once
#include <string>
#include <vector>

namespace basin::checking {

struct Ended {
  std::string report;      // what it wrote to --report; "" where it died first
  std::string said;        // its standard output and error, the last 4096 bytes
  int exit_code = 0;       // where it ended by itself
  int signal = 0;          // where a signal ended it
  bool timed_out = false;  // and was killed
};

// Runs `program` with these arguments and "--report FD" behind them; it and all it started are killed at the timeout.
Ended run_process(const std::string& program, std::vector<std::string> arguments, int timeout_seconds);

std::string signal_name(int number);  // "SIGSEGV"

}  // namespace basin::checking
