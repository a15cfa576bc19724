// noise_schedule.hpp: NoiseScheduleComponent<T>.
//
//   void start(const Process&, State);
//   void draw(const Context&, Span<double> levels, Span<double> weights);         one of each a sample of the context
//   void update(Span<const double> levels, Span<const double> losses);            may be left out; unweighted losses
#pragma once
#include "../process.hpp"
#include "component.hpp"

#pragma GCC visibility push(hidden)
namespace basin {
namespace detail {
template <class T, class = void>
constexpr bool has_update = false;
template <class T>
constexpr bool
    has_update<T, std::void_t<decltype(std::declval<T&>().update(Span<const double>(), Span<const double>()))>> = true;

template <class T>
constexpr auto schedule_update() -> decltype(basin_noise_schedule_functions::update) {
  if constexpr (has_update<T>)
    return [](void* self, const double* levels, const double* losses, uint32_t n) -> basin_status {
      return guard([&] {
        NoRecording off;
        self_of<T>(self).part.update(Span<const double>(levels, n), Span<const double>(losses, n));
      });
    };
  else return nullptr;
}
}  // namespace detail

template <class T>
struct NoiseScheduleComponent {
  using Requires =
      detail::List<basin_options_interface, basin_tensor_interface, basin_ops_interface, basin_autograd_interface,
                   basin_random_interface, basin_state_interface, basin_process_interface>;
  static constexpr basin_noise_schedule_functions functions{
      sizeof(basin_noise_schedule_functions),
      detail::create<T>,
      detail::destroy<T>,
      [](void* self, const basin_process* p, basin_state* s) -> basin_status {
        return guard([&] { detail::self_of<T>(self).part.start(Process(p), State(s)); });
      },
      [](void* self, const basin_context* c, double* levels, double* weights) -> basin_status {
        return guard([&] {
          NoRecording off;
          detail::self_of<T>(self).part.draw(*c, Span<double>(levels, c->n_samples),
                                             Span<double>(weights, c->n_samples));
        });
      },
      detail::schedule_update<T>()};
  static const basin_component* describe() { return detail::describe<T>(BASIN_NOISE_SCHEDULE_INTERFACE, &functions); }
};

}  // namespace basin
#pragma GCC visibility pop
