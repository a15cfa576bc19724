// Versions and hardware, from the compiler's macros, the kernel's files and LibTorch. Nothing here opens CUDA.
#include "run/environment.hpp"

#include <ATen/Parallel.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "plugin/note.hpp"

namespace basin {
namespace {

// The value of the first "key : value" line of a file of the kernel's.
std::string value_in(const std::filesystem::path& file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key)) continue;
    auto colon = line.find(':');
    if (colon == line.npos) continue;
    auto first = line.find_first_not_of(" \t", colon + 1);
    return first == line.npos ? "" : line.substr(first);
  }
  return "";
}

std::string compiler() {
#if defined(__clang__)
  return "clang++ " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

int usable_cores() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set)
                                                     : static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
}

}  // namespace

nlohmann::json versions() {
  utsname system{};
  uname(&system);
  return {{"basin", BASIN_VERSION},
          {"libtorch", engine_version()},
          {"compiler", compiler()},
          {"system", std::string(system.sysname) + " " + system.release}};
}

nlohmann::json hardware() {
  std::string cpu = value_in("/proc/cpuinfo", "model name");
  double memory =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE)) / (1 << 30);
  auto gpus = nlohmann::json::array();
  std::error_code error;
  for (std::filesystem::directory_iterator it("/proc/driver/nvidia/gpus", error), end; !error && it != end;
       it.increment(error))
    gpus.push_back(value_in(it->path() / "information", "Model"));
  return {{"cpu", cpu.empty() ? "unknown" : cpu},
          {"cores", usable_cores()},
          {"threads", at::get_num_threads()},
          {"memory_gib", std::round(memory * 10) / 10},
          {"gpus", gpus}};
}

}  // namespace basin
