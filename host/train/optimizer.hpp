// An optimizer plugin and the base it wraps, started and stepped by the host.
#pragma once
#include <basin/optimizer.h>

#include "abi/parameters.hpp"
#include "abi/state.hpp"
#include "plugin/object.hpp"

namespace basin {

// Starts an optimizer after the base it wraps; each gets the part of the state under its option's name.
void start_optimizer(const Object& optimizer, Parameters& parameters, State& state);

void add_optimizer_interface();  // for wrappers: step the base

}  // namespace basin
