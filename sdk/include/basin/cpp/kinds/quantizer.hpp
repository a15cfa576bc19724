// quantizer.hpp: QuantizerComponent<T>.
//
//   void attach(Model, State);       once: adds hooks; codes and scales belong into the state
//   QuantizerReport report();
#pragma once
#include "../hook.hpp"
#include "component.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

struct QuantizerReport {
  int64_t layers = 0;          // layers quantized
  int64_t weights = 0;         // weights quantized
  int64_t bits_quantized = 0;  // their storage: codes, scales and zero points
  double squared_error = 0;    // sum of (w - Q(w))^2 over them
};

template <class T>
struct QuantizerComponent {
  using Requires = detail::List<basin_options_interface, basin_tensor_interface, basin_ops_interface,
                                basin_autograd_interface, basin_layer_interface, basin_state_interface>;
  static constexpr basin_quantizer_functions functions{
      sizeof(basin_quantizer_functions), detail::create<T>, detail::destroy<T>,
      [](void* self, basin_model* m, basin_state* s) -> basin_status {
        return guard([&] {
          NoRecording off;
          detail::self_of<T>(self).part.attach(Model(m), State(s));
        });
      },
      [](void* self, basin_quantizer_report* out) -> basin_status {
        return guard([&] {
          const QuantizerReport r = detail::self_of<T>(self).part.report();
          detail::fill(out,
                       basin_quantizer_report{sizeof *out, r.layers, r.weights, r.bits_quantized, r.squared_error});
        });
      }};
  static const basin_component* describe() { return detail::describe<T>(BASIN_QUANTIZER_INTERFACE, &functions); }
};

}  // namespace basin
#pragma GCC visibility pop
