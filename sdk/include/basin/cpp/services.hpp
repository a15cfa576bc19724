// services.hpp: the run's log, progress, and the host's threads.
#pragma once
#include "core.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

inline void log_info(const std::string& line) {
  host_function<&basin_log_interface::write>()(BASIN_LOG_INFO, line.c_str());
}
inline void log_warning(const std::string& line) {
  host_function<&basin_log_interface::write>()(BASIN_LOG_WARNING, line.c_str());
}

// `done` of `total` units of `what` ("noise levels"). Throws after Ctrl-C: let it pass. [run thread]
inline void progress(const std::string& what, int64_t done, int64_t total) {
  call<&basin_log_interface::progress>(what.c_str(), done, total);
}

// body(begin, end) over slices of [0, n) of at least `grain`, on the host's threads. Rethrows the first failure.
template <class F>
void parallel_for(int64_t n, int64_t grain, F&& body) {
  using Body = std::remove_reference_t<F>;
  call<&basin_parallel_interface::run>(
      n, grain,
      [](void* user, int64_t begin, int64_t end) -> basin_status {
        return guard([&] { (*static_cast<Body*>(user))(begin, end); });
      },
      const_cast<void*>(static_cast<const void*>(&body)));
}

}  // namespace basin
#pragma GCC visibility pop
