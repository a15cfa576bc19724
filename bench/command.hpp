// What every bench is told on its command line, and how it begins and ends.
#pragma once
#include <ATen/Parallel.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "abi/cuda.hpp"
#include "plugin_step.hpp"

namespace basin::bench {

// A bench's own settings begin with these; the defaults are its own.
struct Settings {
  std::string config = "cifar10", device = "cpu";
  int64_t batch = 8;
  int threads = 2;
  double width = 0.02, seconds = 900;
};

inline void add_options(CLI::App& app, Settings& s) {
  const auto option = [&](const char* name, auto& place, const std::string& what) {
    std::ostringstream text;
    text << what << " (" << place << ")";
    return app.add_option(name, place, text.str());
  };
  option("--batch", s.batch, "images")->check(CLI::PositiveNumber);
  option("--threads", s.threads, "threads of the CPU, on both sides")->check(CLI::PositiveNumber);
  option("--width", s.width, "goes on until the 95 % intervals are this narrow");
  option("--seconds", s.seconds, "but no longer than this for each measurement");
  option("--device", s.device, "cpu or cuda");
}
inline void add_config(CLI::App& app, Settings& s) {
  app.add_option("--config", s.config, "cifar10 or mini (" + s.config + ")")->check(CLI::IsMember({"cifar10", "mini"}));
}

// The device, with the host started on it.
inline at::Device begin(const Settings& s) {
  const at::Device device = resolve_device(s.device);
  at::set_num_threads(s.threads);
  start_host();
  return device;
}

// main() of `basin bench NAME`.
inline int guarded(const char* name, int (*run)(int, char**), int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "basin bench %s: %s\n", name, e.what());
    return 1;
  }
}

}  // namespace basin::bench
