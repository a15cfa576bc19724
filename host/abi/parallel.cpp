// Loops on the engine's own threads, for plugins.
#include <ATen/ThreadLocalState.h>

#include "abi/border.hpp"
#include "abi/interfaces.hpp"

namespace basin {
namespace {

using Body = basin_status (*)(void* user, int64_t begin, int64_t end);

// Inside another parallel loop at::parallel_for runs the whole range on the calling thread.
basin_status run(int64_t n, int64_t grain, Body body, void* user) {
  return guard([&] {
    needed(body, "The body of a parallel loop");
    if (n <= 0) return;
    std::mutex mutex;
    std::optional<Error> first;
    const at::ThreadLocalState state;  // so that recording is on or off as it is here
    at::parallel_for(0, n, std::max<int64_t>(grain, 1), [&](int64_t begin, int64_t end) {
      const at::ThreadLocalStateGuard same(state);
      const basin_status status = body(user, begin, end);
      if (status == BASIN_OK) return;
      const std::lock_guard lock(mutex);
      if (!first) first.emplace(last_error(), status);
    });
    if (first) throw *first;
  });
}

}  // namespace

const basin_parallel_interface parallel_interface = {.size = sizeof(basin_parallel_interface), .run = run};

}  // namespace basin
