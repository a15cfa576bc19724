// core.hpp: errors, the border guard, and the host's interfaces.
//
// Everything is hidden: two plugins in one process never share a variable, and a new build of a plugin never runs the
// code of the old one (with default visibility g++ would make inline variables process-wide).
#pragma once
#include <cstring>
#include <initializer_list>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../basin.h"

#pragma GCC visibility push(hidden)
namespace basin {

// A failure: one sentence that says what was expected, what came, and what to do.
struct error : std::runtime_error {
  basin_status status;
  explicit error(const std::string& sentence, basin_status s = BASIN_ERROR_ARGUMENT)
      : std::runtime_error(sentence), status(s) {}
};

// A view of `size` elements that someone else owns. As an argument it also takes {1, 2, 3}, a vector or an array.
template <class T>
class Span {
 public:
  using Value = std::remove_const_t<T>;
  constexpr Span() = default;
  constexpr Span(T* data, size_t size) : data_(data), size_(size) {}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winit-list-lifetime"  // a Span is an argument: the list outlives the call
#endif
  constexpr Span(std::initializer_list<Value> list) : data_(list.begin()), size_(list.size()) {}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
  template <class C, class = std::enable_if_t<std::is_convertible_v<decltype(std::declval<C&>().data()), T*>>>
  constexpr Span(C&& c) : data_(c.data()), size_(c.size()) {}
  constexpr T* data() const { return data_; }
  constexpr size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr T* begin() const { return data_; }
  constexpr T* end() const { return data_ + size_; }
  constexpr T& operator[](size_t i) const { return data_[i]; }

 private:
  T* data_ = nullptr;
  size_t size_ = 0;
};
using Sizes = Span<const int64_t>;

namespace detail {
inline const basin_host* host = nullptr;  // set on entry, before anything else runs
template <class Table>
inline __attribute__((visibility("hidden"))) Table table{};  // a copy of the host's; null where an older host has less
template <class Table>
struct Id;
template <auto Member>
struct TableOf;
template <class Table, class F, F Table::*Member>
struct TableOf<Member> {
  using type = Table;
};
template <class... Tables>
struct List {};

// A struct from the other side, of whatever version: what it ends before reads as zero.
template <class T>
T read(const T* from) {
  T out{};
  std::memcpy(static_cast<void*>(&out), from, from->size < sizeof out ? from->size : sizeof out);
  return out;
}
// Fills the other side's struct as far as it reaches; its size becomes what was filled.
template <class T>
void fill(T* to, T value) {
  value.size = to->size < sizeof value ? to->size : static_cast<uint32_t>(sizeof value);
  std::memcpy(static_cast<void*>(to), &value, value.size);
}
}  // namespace detail

#define BASIN_CPP_INTERFACE(table, identifier)       \
  template <>                                        \
  struct detail::Id<table> {                         \
    static constexpr const char* value = identifier; \
  };
BASIN_CPP_INTERFACE(basin_options_interface, BASIN_OPTIONS_INTERFACE)
BASIN_CPP_INTERFACE(basin_log_interface, BASIN_LOG_INTERFACE)
BASIN_CPP_INTERFACE(basin_parallel_interface, BASIN_PARALLEL_INTERFACE)
BASIN_CPP_INTERFACE(basin_tensor_interface, BASIN_TENSOR_INTERFACE)
BASIN_CPP_INTERFACE(basin_ops_interface, BASIN_OPS_INTERFACE)
BASIN_CPP_INTERFACE(basin_autograd_interface, BASIN_AUTOGRAD_INTERFACE)
BASIN_CPP_INTERFACE(basin_random_interface, BASIN_RANDOM_INTERFACE)
BASIN_CPP_INTERFACE(basin_state_interface, BASIN_STATE_INTERFACE)
BASIN_CPP_INTERFACE(basin_parameters_interface, BASIN_PARAMETERS_INTERFACE)
BASIN_CPP_INTERFACE(basin_layer_interface, BASIN_LAYER_INTERFACE)
BASIN_CPP_INTERFACE(basin_process_interface, BASIN_PROCESS_INTERFACE)
BASIN_CPP_INTERFACE(basin_optimizers_interface, BASIN_OPTIMIZERS_INTERFACE)
BASIN_CPP_INTERFACE(basin_samplers_interface, BASIN_SAMPLERS_INTERFACE)
BASIN_CPP_INTERFACE(basin_validation_interface, BASIN_VALIDATION_INTERFACE)
BASIN_CPP_INTERFACE(basin_report_interface, BASIN_REPORT_INTERFACE)
BASIN_CPP_INTERFACE(basin_image_interface, BASIN_IMAGE_INTERFACE)
BASIN_CPP_INTERFACE(basin_measurement_interface, BASIN_MEASUREMENT_INTERFACE)
#undef BASIN_CPP_INTERFACE

namespace detail {
using AllInterfaces =
    List<basin_options_interface, basin_log_interface, basin_parallel_interface, basin_tensor_interface,
         basin_ops_interface, basin_autograd_interface, basin_random_interface, basin_state_interface,
         basin_parameters_interface, basin_layer_interface, basin_process_interface, basin_optimizers_interface,
         basin_samplers_interface, basin_validation_interface, basin_report_interface, basin_image_interface,
         basin_measurement_interface>;

template <class Table>
void fetch() {
  const void* theirs = host->get_interface(host, Id<Table>::value);
  if (!theirs) return;
  uint32_t size = 0;
  std::memcpy(&size, theirs, sizeof size);
  std::memcpy(static_cast<void*>(&table<Table>), theirs, size < sizeof(Table) ? size : sizeof(Table));
}
template <class... Tables>
void fetch_all(List<Tables...>) {
  (fetch<Tables>(), ...);
}

[[noreturn]] inline void missing(const char* id, bool partly) {
  throw error(std::string("This plugin needs ") + (partly ? "a function of the interface '" : "the interface '") + id +
                  "', which this Basin does not have: use a newer Basin, or a build of the plugin for this one.",
              BASIN_ERROR_ABI);
}
template <class... Tables>
void demand(List<Tables...>) {
  ((table<Tables>.size ? void() : missing(Id<Tables>::value, false)), ...);
}
[[noreturn]] inline void fail(basin_status status) {
  const char* sentence = host->last_error();
  throw error(sentence ? sentence : "The host failed without saying why.", status);
}
}  // namespace detail

inline void check(basin_status status) {
  if (__builtin_expect(status != BASIN_OK, 0)) detail::fail(status);
}

// Whether this host has a function, for one that an older host may lack and the plugin can do without:
// if (host_has<&basin_log_interface::write>()) log_info("...");
template <auto Member>
bool host_has() {
  return detail::table<typename detail::TableOf<Member>::type>.*Member;
}

// A function of the host: host_function<&basin_layer_interface::layer_count>()(model).
template <auto Member>
auto host_function() {
  using Table = typename detail::TableOf<Member>::type;
  auto f = detail::table<Table>.*Member;
  if (__builtin_expect(!f, 0)) detail::missing(detail::Id<Table>::value, detail::table<Table>.size != 0);
  return f;
}

// The same for a function that returns a status, which becomes an exception: call<&basin_ops_interface::neg>(a, &out).
template <auto Member, class... Arguments>
void call(Arguments... arguments) {
  check(host_function<Member>()(arguments...));
}

// Runs what stands behind a function of the plugin: no exception crosses the border.
template <class F>
basin_status guard(F&& body) noexcept {
  try {
    body();
    return BASIN_OK;
  } catch (const error& e) {
    detail::host->set_error(e.what());
    return e.status;
  } catch (const std::bad_alloc&) {
    detail::host->set_error("out of memory");
    return BASIN_ERROR_MEMORY;
  } catch (const std::exception& e) {
    detail::host->set_error(e.what());
    return BASIN_ERROR_RUNTIME;
  } catch (...) {
    detail::host->set_error("it threw something that is no std::exception");
    return BASIN_ERROR_RUNTIME;
  }
}

}  // namespace basin
#pragma GCC visibility pop
