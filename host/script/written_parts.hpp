// What functions of the script are called with where they stand for a component's code: userdata that are dead once the
// function has returned, because what they point to is gone then.
#pragma once
#include <basin/metric.h>
#include <basin/optimizer.h>
#include <basin/sampler.h>

#include "abi/handles.hpp"
#include "script/bind.hpp"

namespace basin::script {

struct Sampling {
  const basin_sampling* job;  // null: dead
};
struct Training {
  basin_parameters* parameters;
  basin_state* state;
  const basin_context* context;
  const basin_closure* closure;  // null: dead
  Tensor first_loss;             // of the first training:loss() of the step
};
struct Measurement {
  basin_measurement* m;  // null: dead
};
template <>
inline constexpr const char* type_of<std::shared_ptr<Sampling>> = "sampling";
template <>
inline constexpr const char* type_of<std::shared_ptr<Training>> = "training";
template <>
inline constexpr const char* type_of<std::shared_ptr<Measurement>> = "measurement";

template <class Interface>  // of the host, by id
const Interface& interface_of(const char* id) {
  return *static_cast<const Interface*>(host_table()->get_interface(host_table(), id));
}

}  // namespace basin::script
