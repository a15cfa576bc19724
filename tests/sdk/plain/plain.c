/* A plugin in C: a note, one symbol, no components. */
#include <basin/basin.h>

BASIN_NOTE(BASIN_PORTABLE, "");

BASIN_EXPORT basin_status basin_plugin_entry(const basin_host* host, const basin_plugin** out) {
  static const basin_plugin plugin = {
      sizeof(basin_plugin), BASIN_ABI_MAJOR, (const basin_component* const*)0, 0, "plain", "1.0.0",
      "Apache-2.0",         "Nothing yet."};
  (void)host;
  *out = &plugin;
  return BASIN_OK;
}
