// averager.hpp: AveragerComponent<T>.
//
//   void start(Parameters, State);
//   void update(const Context&);        after the optimizer's step, with its context; steps count from 0
//   Tensor average(uint32_t group);     float32 [n]
#pragma once
#include "../random.hpp"
#include "component.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

template <class T>
struct AveragerComponent {
  using Requires = detail::List<basin_options_interface, basin_tensor_interface, basin_ops_interface,
                                basin_autograd_interface, basin_parameters_interface, basin_state_interface>;
  static constexpr basin_averager_functions functions{
      sizeof(basin_averager_functions),
      detail::create<T>,
      detail::destroy<T>,
      [](void* self, basin_parameters* p, basin_state* s) -> basin_status {
        return guard([&] {
          NoRecording off;
          detail::self_of<T>(self).part.start(Parameters(p), State(s));
        });
      },
      [](void* self, const basin_context* context) -> basin_status {
        return guard([&] {
          NoRecording off;
          detail::self_of<T>(self).part.update(*context);
        });
      },
      [](void* self, uint32_t group, basin_tensor** out) -> basin_status {
        return guard([&] {
          NoRecording off;
          *out = detail::self_of<T>(self).part.average(group).release();
        });
      }};
  static const basin_component* describe() { return detail::describe<T>(BASIN_AVERAGER_INTERFACE, &functions); }
};

}  // namespace basin
#pragma GCC visibility pop
