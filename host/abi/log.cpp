// The log and progress of plugins, handed to whoever shows them.
#include "abi/log.hpp"

#include <dlfcn.h>

#include <cstdio>

#include "abi/handles.hpp"
#include "abi/interfaces.hpp"

namespace basin {
namespace {

struct Sinks {
  std::recursive_mutex mutex;  // a sink may itself log
  LogSink log;
  ProgressSink progress;
};
Sinks& sinks() {
  static auto* all = new Sinks;
  return *all;
}

// The table is one for all plugins: who calls is told by the code that the call returns to.
std::string library_at(const void* address) {
  Dl_info info{};
  return dladdr(address, &info) && info.dli_fname ? info.dli_fname : "";
}

void write(int32_t severity, const char* line) {
  const void* caller = __builtin_return_address(0);
  (void)guard([&] {
    auto& all = sinks();
    const std::lock_guard lock(all.mutex);
    if (all.log) all.log(severity, line ? line : "", library_at(caller));
    else std::fprintf(stderr, "%s%s\n", severity == BASIN_LOG_WARNING ? "warning: " : "", line ? line : "");
  });
}

basin_status progress(const char* what, int64_t done, int64_t total) {
  return guard([&] {
    {
      auto& all = sinks();
      const std::lock_guard lock(all.mutex);
      if (all.progress) all.progress(what ? what : "", done, total);
    }
    if (interrupted()) throw Error("interrupted", BASIN_ERROR_INTERRUPTED);
  });
}

}  // namespace

void set_log_sink(LogSink sink) {
  const std::lock_guard lock(sinks().mutex);
  sinks().log = std::move(sink);
}

void set_progress_sink(ProgressSink sink) {
  const std::lock_guard lock(sinks().mutex);
  sinks().progress = std::move(sink);
}

std::atomic<bool>& interrupted() {
  static std::atomic<bool> flag{false};
  static_assert(std::atomic<bool>::is_always_lock_free);
  return flag;
}

const basin_log_interface log_interface = {.size = sizeof(basin_log_interface), .write = write, .progress = progress};

}  // namespace basin
