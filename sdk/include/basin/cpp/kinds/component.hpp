// component.hpp: what all kinds share: a component's description, and its making and unmaking.
#pragma once
#include <memory>

#include "../options.hpp"
#include "../parameters.hpp"

#pragma GCC visibility push(hidden)
namespace basin {
namespace detail {

// The component and what its kind keeps beside it.
struct Nothing {};
template <class T, class Extra = Nothing>
struct Self {
  T part{};
  Extra extra{};
};

template <class T, class = void>
constexpr bool has_parameters = false;
template <class T>
constexpr bool has_parameters<T, std::void_t<decltype(T::parameters())>> = true;
template <class T, class = void>
constexpr bool has_check = false;
template <class T>
constexpr bool has_check<T, std::void_t<decltype(std::declval<T&>().check())>> = true;

// Made once and kept for as long as the process lives: the host reads it at any time.
template <class T>
const std::vector<Field<T>>& fields() {
  static const auto* all = [] {
    if constexpr (has_parameters<T>) return new std::vector<Field<T>>(T::parameters());
    else return new std::vector<Field<T>>;
  }();
  return *all;
}

struct Described {
  std::vector<basin_parameter> parameters;
  std::vector<std::vector<const char*>> choices;
  std::vector<const basin_parameter*> pointers;
  basin_component component;
};
template <class T>
const basin_component* describe(const char* interface, const void* functions) {
  static const Described* described = [&] {
    const auto& all = fields<T>();
    auto* d = new Described{std::vector<basin_parameter>(all.size()), {}, {}, {}};
    d->choices.resize(all.size());
    for (size_t i = 0; i < all.size(); ++i) {
      d->parameters[i] = all[i].describe(d->choices[i]);
      d->pointers.push_back(&d->parameters[i]);
    }
    d->component = {sizeof(basin_component),           interface, T::name, T::summary, d->pointers.data(),
                    static_cast<uint32_t>(all.size()), functions};
    return d;
  }();
  return &described->component;
}

// create: fills the fields, then, where the component has one, check() looks at them together and may throw.
template <class T, class Extra = Nothing>
basin_status create(const basin_options* options, void** out) {
  return guard([&] {
    auto made = std::make_unique<Self<T, Extra>>();
    for (const Field<T>& field : fields<T>()) field.read(made->part, options);
    if constexpr (has_check<T>) made->part.check();
    *out = made.release();
  });
}
template <class T, class Extra = Nothing>
void destroy(void* self) {
  delete static_cast<Self<T, Extra>*>(self);
}
template <class T, class Extra = Nothing>
Self<T, Extra>& self_of(void* self) {
  return *static_cast<Self<T, Extra>*>(self);
}

}  // namespace detail
}  // namespace basin
#pragma GCC visibility pop
