// The host's table: interfaces by id.
#include <algorithm>
#include <shared_mutex>

#include "abi/handles.hpp"
#include "abi/interfaces.hpp"

namespace basin {
namespace {

struct Interfaces {
  std::shared_mutex mutex;
  std::map<std::string, const void*, std::less<>> tables;
};
Interfaces& interfaces() {
  static auto* all = new Interfaces;  // plugins may ask until the process ends
  return *all;
}

const void* get_interface(const basin_host*, const char* id) {
  if (!id) return nullptr;
  auto& all = interfaces();
  std::shared_lock lock(all.mutex);
  const auto found = all.tables.find(std::string_view(id));
  return found == all.tables.end() ? nullptr : found->second;
}

}  // namespace

const basin_host* host_table() {
  static const basin_host table = {sizeof table, BASIN_ABI_MAJOR, get_interface, last_error, set_last_error};
  return &table;
}

void add_interface(const char* id, const void* table) {
  auto& all = interfaces();
  std::unique_lock lock(all.mutex);
  all.tables[id] = table;
}

std::vector<std::string> interface_ids() {
  auto& all = interfaces();
  std::shared_lock lock(all.mutex);
  std::vector<std::string> out;
  for (const auto& [id, table] : all.tables) out.push_back(id);
  return out;
}

void add_abi_interfaces() {
  add_interface(BASIN_TENSOR_INTERFACE, &tensor_interface);
  add_interface(BASIN_OPS_INTERFACE, &ops_interface);
  add_interface(BASIN_AUTOGRAD_INTERFACE, &autograd_interface);
  add_interface(BASIN_RANDOM_INTERFACE, &random_interface);
  add_interface(BASIN_STATE_INTERFACE, &state_interface);
  add_interface(BASIN_PARAMETERS_INTERFACE, &parameters_interface);
  add_interface(BASIN_LAYER_INTERFACE, &layer_interface);
  add_interface(BASIN_LOG_INTERFACE, &log_interface);
  add_interface(BASIN_PARALLEL_INTERFACE, &parallel_interface);
}

}  // namespace basin
