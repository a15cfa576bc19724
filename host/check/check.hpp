// basin check FILE: every promise of a plugin that can be tried, each test in a process of its own.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace basin::checking {

struct Request {
  std::string file;
  std::vector<std::string> only;  // names of tests, "name:component" or "name:kind.component"; empty: all
  std::vector<std::string> skip;  // the same
  std::vector<std::string> set;   // "name=value": an option for every component that declares it
  uint64_t seed = 0;
  int timeout = 300;  // seconds for each test
  bool list = false, json = false, in_process = false;
  int report = -1;  // a file descriptor: this is the process of one test
};

// Prints the results. The host's interfaces have been added already. 0 only if no test failed.
int run(const Request& request);

}  // namespace basin::checking
