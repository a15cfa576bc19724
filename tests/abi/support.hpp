// The tables as a plugin gets them, and handles that release themselves.
#pragma once
#include <basin/basin.h>

#include "abi/context.hpp"
#include "abi/layers.hpp"
#include "catch.hpp"

template <class T>
const T& table(const char* id) {
  static const bool added = (basin::add_abi_interfaces(), true);
  (void)added;
  const auto* found = static_cast<const T*>(basin::host_table()->get_interface(basin::host_table(), id));
  REQUIRE(found);
  return *found;
}
inline const basin_tensor_interface& tensors() { return table<basin_tensor_interface>(BASIN_TENSOR_INTERFACE); }
inline const basin_ops_interface& ops() { return table<basin_ops_interface>(BASIN_OPS_INTERFACE); }
inline const basin_autograd_interface& autograd() { return table<basin_autograd_interface>(BASIN_AUTOGRAD_INTERFACE); }
inline const basin_random_interface& randoms() { return table<basin_random_interface>(BASIN_RANDOM_INTERFACE); }
inline const basin_layer_interface& layers() { return table<basin_layer_interface>(BASIN_LAYER_INTERFACE); }

inline std::string sentence() { return basin::host_table()->last_error(); }

// Success, or the host's sentence in the test's report.
inline void ok(basin_status status) {
  INFO(sentence());
  REQUIRE(status == BASIN_OK);
}
inline bool says(const std::string& part) {
  UNSCOPED_INFO(sentence());
  return sentence().find(part) != std::string::npos;
}

// One owned handle.
class Handle {
 public:
  Handle() = default;
  Handle(const at::Tensor& t) : handle_(basin::own(t)) {}
  Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Handle() {
    if (handle_) tensors().release(handle_);
  }
  operator basin_tensor*() const { return handle_; }
  basin_tensor** operator&() {
    REQUIRE(!handle_);
    return &handle_;
  }
  at::Tensor tensor() const { return basin::share(handle_); }

 private:
  basin_tensor* handle_ = nullptr;
};

inline basin_value value(uint16_t tag) {
  basin_value v{};
  v.tag = tag;
  return v;
}
inline basin_value tensor_value(basin_tensor* t) {
  basin_value v = value(BASIN_ARG_TENSOR);
  v.u.t = t;
  return v;
}
inline basin_value int_value(int64_t i, uint16_t tag = BASIN_ARG_INT) {
  basin_value v = value(tag);
  v.u.i = i;
  return v;
}
inline basin_value float_value(double f) {
  basin_value v = value(BASIN_ARG_FLOAT);
  v.u.f = f;
  return v;
}
inline basin_value ints_value(const std::vector<int64_t>& list) {
  basin_value v = value(BASIN_ARG_INTS);
  v.count = static_cast<uint32_t>(list.size());
  v.u.ints = list.data();
  return v;
}

inline const basin_op* find(const char* schema) {
  const basin_op* op = nullptr;
  ok(tensors().find_op(schema, &op));
  return op;
}
// A call with one tensor as its result.
inline at::Tensor call(const basin_op* op, const std::vector<basin_value>& arguments) {
  basin_value result{};
  uint32_t n = 1;
  ok(tensors().call(op, arguments.data(), static_cast<uint32_t>(arguments.size()), &result, &n));
  REQUIRE(n == 1);
  REQUIRE(result.tag == BASIN_ARG_TENSOR);
  return basin::steal(result.u.t);
}

inline double difference(const at::Tensor& a, const at::Tensor& b) {
  REQUIRE(a.sizes() == b.sizes());
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

// Numbers without any generator: a fixed, rough sequence.
inline at::Tensor numbers(at::IntArrayRef sizes, double phase = 0) {
  int64_t n = 1;
  for (int64_t s : sizes) n *= s;
  return at::sin(at::arange(n, at::kDouble) * 1.7 + phase).to(at::kFloat).reshape(sizes);
}
