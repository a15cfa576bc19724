// Throws out of its entry function, which nothing may do.
#include <basin/basin.h>

#include <stdexcept>

BASIN_NOTE(BASIN_PORTABLE, "");

extern "C" BASIN_EXPORT basin_status basin_plugin_entry(const basin_host*, const basin_plugin**) {
  throw std::runtime_error("nobody caught me");
}
