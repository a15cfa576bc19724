// plugin.hpp: BASIN_PLUGIN, the one macro: once in a plugin, outside every namespace.
//
//   BASIN_PLUGIN("sam", "0.1.0", "Apache-2.0", "One sentence.", basin::OptimizerComponent<Sam>)
//
// Several components are separated by commas. It writes the note that the host reads before it opens the file, and the
// one exported symbol.
#pragma once
#include "core.hpp"

#ifndef BASIN_PLUGIN_ENGINE
#define BASIN_PLUGIN_ENGINE ""  // the LibTorch of a pinned plugin; sdk/cmake sets it
#define BASIN_PLUGIN_KIND BASIN_PORTABLE
#else
#define BASIN_PLUGIN_KIND BASIN_PINNED
#endif

#pragma GCC visibility push(hidden)
namespace basin::detail {

template <class... Components>
basin_status enter(const basin_host* from, const basin_plugin** out, const char* name, const char* version,
                   const char* license, const char* summary) {
  host = from;
  return guard([&] {
    if (from->abi_major != BASIN_ABI_MAJOR)
      throw error("This plugin was built for ABI " + std::to_string(BASIN_ABI_MAJOR) + ", this Basin speaks ABI " +
                      std::to_string(from->abi_major) + ": use a build of the plugin for it.",
                  BASIN_ERROR_ABI);
    fetch_all(AllInterfaces());
    (demand(typename Components::Requires()), ...);
    static const basin_component* const components[] = {Components::describe()...};
    static const basin_plugin plugin{
        sizeof plugin, BASIN_ABI_MAJOR, components, static_cast<uint32_t>(sizeof...(Components)),
        name,          version,         license,    summary};
    *out = &plugin;
  });
}

}  // namespace basin::detail
#pragma GCC visibility pop

#define BASIN_PLUGIN(name, version, license, summary, ...)                                                    \
  BASIN_NOTE(BASIN_PLUGIN_KIND, BASIN_PLUGIN_ENGINE);                                                         \
  extern "C" BASIN_EXPORT basin_status basin_plugin_entry(const basin_host* host, const basin_plugin** out);  \
  extern "C" BASIN_EXPORT basin_status basin_plugin_entry(const basin_host* host, const basin_plugin** out) { \
    return ::basin::detail::enter<__VA_ARGS__>(host, out, name, version, license, summary);                   \
  }
