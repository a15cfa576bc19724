#include "train/optimizer.hpp"

namespace basin {

void start_optimizer(const Object& optimizer, Parameters& parameters, State& state) {
  for (const auto& [option, child] : optimizer.children())
    if (auto* base = dynamic_cast<Object*>(child.get()); base && base->kind() == "optimizer")
      start_optimizer(*base, parameters, state.child(option));
  optimizer.call(
      [&] { return optimizer.functions<basin_optimizer_functions>().start(optimizer.self(), &parameters, &state); },
      "start");
}

namespace {

basin_status step(basin_object* handle, const basin_context* context, const basin_closure* closure,
                  basin_closure_result* result) {
  return guard([&] {
    auto* base = dynamic_cast<Object*>(handle);
    if (!base || base->kind() != "optimizer") throw Error("what was given as a base is not an optimizer");
    base->call(
        [&] { return base->functions<basin_optimizer_functions>().step(base->self(), context, closure, result); },
        "step");
  });
}

const basin_optimizers_interface kInterface = {sizeof kInterface, step};

}  // namespace

void add_optimizer_interface() { add_interface(BASIN_OPTIMIZERS_INTERFACE, &kInterface); }

}  // namespace basin
