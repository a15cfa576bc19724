// options.hpp: declared parameters. One table says what a component's options are and which fields they fill; it feeds
// the host's checks, help, completion and the reference page, so nothing is said twice.
//
//   static auto parameters() {
//     return declare(number("rho", &Sam::rho, 0.05, "Radius of the ball.").at_least(0),
//                    choice("order", &Sam::order, "new", {"new", "legacy"}, "Layout of the channels."),
//                    component("base", &Sam::base, "optimizer", "The optimizer that takes the step."));
//   }
//
// What has no default here (file, folder, component) must be given, unless .optional(); what has one need not, unless
// .required().
#pragma once
#include <cmath>
#include <cstdio>
#include <functional>

#include "core.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

// A component that an option named; empty where an optional one was left out.
struct Object {
  basin_object* handle = nullptr;
  explicit operator bool() const { return handle; }
};

template <class T>
class Field {
 public:
  using Read = std::function<void(T&, const basin_options*, const char* name)>;
  Field(int32_t type, std::string name, std::string default_value, std::string summary, Read read,
        bool required = false)
      : type_(type),
        name_(std::move(name)),
        default_(std::move(default_value)),
        summary_(std::move(summary)),
        required_(required),
        read_(std::move(read)) {}

  Field at_least(double low) && { return minimum_ = low, std::move(*this); }
  Field at_most(double high) && { return maximum_ = high, std::move(*this); }
  Field between(double low, double high) && { return std::move(*this).at_least(low).at_most(high); }
  Field unit(std::string unit) && { return unit_ = std::move(unit), std::move(*this); }
  Field required() && { return required_ = true, std::move(*this); }
  Field optional() && { return required_ = false, std::move(*this); }
  Field choices(std::vector<std::string> list) && { return choices_ = std::move(list), std::move(*this); }

  void read(T& component, const basin_options* options) const { read_(component, options, name_.c_str()); }
  // Points into this field and into `choices`, which it fills.
  basin_parameter describe(std::vector<const char*>& choices) const {
    for (const std::string& c : choices_) choices.push_back(c.c_str());
    if (!choices.empty()) choices.push_back(nullptr);
    return {sizeof(basin_parameter),
            type_,
            name_.c_str(),
            required_ ? nullptr : default_.c_str(),
            minimum_,
            maximum_,
            choices_.empty() ? nullptr : choices.data(),
            summary_.c_str(),
            unit_.empty() ? nullptr : unit_.c_str()};
  }

 private:
  int32_t type_;
  std::string name_, default_, summary_, unit_;
  bool required_;
  double minimum_ = -HUGE_VAL, maximum_ = HUGE_VAL;
  std::vector<std::string> choices_;
  Read read_;
};

template <class T, class... Fields>
std::vector<Field<T>> declare(Field<T> first, Fields... rest) {
  return {std::move(first), std::move(rest)...};
}

namespace detail {
inline std::string to_text(double value) {
  char text[40];
  for (int digits : {6, 15, 17})
    if (std::snprintf(text, sizeof text, "%.*g", digits, value); std::strtod(text, nullptr) == value) break;
  return text;
}
template <class List>
std::string list_text(const List& list) {
  std::string text;
  for (const auto& v : list) text += (text.empty() ? "" : ", ") + to_text(static_cast<double>(v));
  return text;
}
// A getter of the options table as a function that fills a field.
template <auto Member, class Raw, class T, class V>
typename Field<T>::Read scalar(V T::*field) {
  return [field](T& component, const basin_options* options, const char* name) {
    Raw value{};
    call<Member>(options, name, &value);
    if constexpr (std::is_base_of_v<Object, V>) (component.*field).handle = value;
    else if constexpr (std::is_pointer_v<Raw>) component.*field = value ? value : "";
    else component.*field = static_cast<V>(value);
  };
}
template <auto Member, class V, class T>
typename Field<T>::Read list(std::vector<V> T::*field) {
  return [field](T& component, const basin_options* options, const char* name) {
    const V* values = nullptr;
    uint32_t n = 0;
    call<Member>(options, name, &values, &n);
    (component.*field).assign(values, values + n);
  };
}
using O = basin_options_interface;
}  // namespace detail

template <class T>
Field<T> boolean(std::string name, bool T::*field, bool value, std::string summary) {
  return {BASIN_TYPE_BOOLEAN, std::move(name), value ? "true" : "false", std::move(summary),
          detail::scalar<&detail::O::boolean, int32_t>(field)};
}
template <class T, class V>
Field<T> integer(std::string name, V T::*field, int64_t value, std::string summary) {
  return {BASIN_TYPE_INTEGER, std::move(name), std::to_string(value), std::move(summary),
          detail::scalar<&detail::O::integer, int64_t>(field)};
}
template <class T, class V>
Field<T> number(std::string name, V T::*field, double value, std::string summary) {
  return {BASIN_TYPE_NUMBER, std::move(name), detail::to_text(value), std::move(summary),
          detail::scalar<&detail::O::number, double>(field)};
}
template <class T>
Field<T> string(std::string name, std::string T::*field, std::string value, std::string summary) {
  return {BASIN_TYPE_STRING, std::move(name), std::move(value), std::move(summary),
          detail::scalar<&detail::O::string, const char*>(field)};
}
template <class T>
Field<T> choice(std::string name, std::string T::*field, std::string value, std::vector<std::string> choices,
                std::string summary) {
  return Field<T>{BASIN_TYPE_CHOICE, std::move(name), std::move(value), std::move(summary),
                  detail::scalar<&detail::O::string, const char*>(field)}
      .choices(std::move(choices));
}
template <class T>
Field<T> integers(std::string name, std::vector<int64_t> T::*field, std::vector<int64_t> value, std::string summary) {
  return {BASIN_TYPE_INTEGERS, std::move(name), detail::list_text(value), std::move(summary),
          detail::list<&detail::O::integers>(field)};
}
template <class T>
Field<T> numbers(std::string name, std::vector<double> T::*field, std::vector<double> value, std::string summary) {
  return {BASIN_TYPE_NUMBERS, std::move(name), detail::list_text(value), std::move(summary),
          detail::list<&detail::O::numbers>(field)};
}
template <class T>
Field<T> file(std::string name, std::string T::*field, std::string summary) {
  return {BASIN_TYPE_FILE,
          std::move(name),
          "",
          std::move(summary),
          detail::scalar<&detail::O::string, const char*>(field),
          true};
}
template <class T>
Field<T> folder(std::string name, std::string T::*field, std::string summary) {
  return {BASIN_TYPE_FOLDER,
          std::move(name),
          "",
          std::move(summary),
          detail::scalar<&detail::O::string, const char*>(field),
          true};
}
// `field`: an Object, or the handle of the kind, such as Optimizer.
template <class T, class Handle>
Field<T> component(std::string name, Handle T::*field, std::string kind, std::string summary) {
  return Field<T>{BASIN_TYPE_COMPONENT,
                  std::move(name),
                  "",
                  std::move(summary),
                  detail::scalar<&detail::O::component, basin_object*>(field),
                  true}
      .choices({std::move(kind)});
}

}  // namespace basin
#pragma GCC visibility pop
