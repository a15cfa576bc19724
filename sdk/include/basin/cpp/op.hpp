// op.hpp: any operator of the engine, by the schema that the plugin was written against.
//
//   static const Op conv("aten::conv2d(Tensor input, Tensor weight, Tensor? bias=None, SymInt[2] stride=1, ...) -> Tensor");
//   Tensor y = conv(x, weight);
//   Tensor z = conv({x, weight, nullptr, {2, 2}});  // braces where a list is among the arguments
#pragma once
#include <atomic>

#include "tensor.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

struct Device {
  int32_t kind = BASIN_CPU, index = 0;
};
enum class MemoryFormat : int32_t { contiguous = BASIN_CONTIGUOUS, channels_last = BASIN_CHANNELS_LAST };

// One argument. Lists are borrowed for the length of the call.
struct Value : basin_value {
  Value() : basin_value{BASIN_ARG_DEFAULT, 0, 0, {0}} {}
  Value(std::nullptr_t) : Value() { tag = BASIN_ARG_NONE; }
  Value(const Tensor& t) : Value() { tag = t ? BASIN_ARG_TENSOR : BASIN_ARG_NONE, u.t = t.handle(); }
  Value(bool v) : Value() { tag = BASIN_ARG_BOOL, u.i = v; }
  Value(int v) : Value() { tag = BASIN_ARG_INT, u.i = v; }
  Value(long v) : Value() { tag = BASIN_ARG_INT, u.i = v; }
  Value(long long v) : Value() { tag = BASIN_ARG_INT, u.i = v; }
  Value(double v) : Value() { tag = BASIN_ARG_FLOAT, u.f = v; }
  Value(const char* s) : Value() { tag = BASIN_ARG_STRING, u.s = s; }
  Value(Type t) : Value() { tag = BASIN_ARG_DTYPE, u.i = static_cast<int32_t>(t); }
  Value(Device d) : Value() { tag = BASIN_ARG_DEVICE, u.i = d.kind, aux = static_cast<uint16_t>(d.index); }
  Value(MemoryFormat f) : Value() { tag = BASIN_ARG_MEMORY_FORMAT, u.i = static_cast<int32_t>(f); }
  Value(Sizes list) : Value() { tag = BASIN_ARG_INTS, u.ints = list.data(), count = detail::count(list); }
  Value(std::initializer_list<int64_t> list) : Value(Sizes(list)) {}
  Value(const std::vector<int64_t>& list) : Value(Sizes(list)) {}
  Value(Span<const double> list) : Value() {
    tag = BASIN_ARG_FLOATS, u.floats = list.data(), count = uint32_t(list.size());
  }
  Value(Span<const Tensor> list) : Value() {
    tag = BASIN_ARG_TENSORS, u.tensors = detail::handles(list.data()), count = uint32_t(list.size());
  }
  Value(const std::vector<Tensor>& list) : Value(Span<const Tensor>(list)) {}
};
static_assert(sizeof(Value) == sizeof(basin_value), "an array of Value is an array of basin_value");

class Op {
 public:
  explicit constexpr Op(const char* schema) : schema_(schema) {}
  Op(const Op&) = delete;
  Op& operator=(const Op&) = delete;

  // The one tensor that the operator returns; trailing arguments may be left out.
  Tensor operator()(std::initializer_list<Value> arguments) const {
    basin_value out{};
    run(arguments, &out, 1);
    return Tensor::take(out.tag == BASIN_ARG_TENSOR ? out.u.t : nullptr);
  }
  template <class... A>
  Tensor operator()(const A&... arguments) const {
    return (*this)(std::initializer_list<Value>{Value(arguments)...});
  }
  // All tensors that it returns, at most 8.
  template <class... A>
  std::vector<Tensor> multi(const A&... arguments) const {
    basin_value out[8] = {};
    const uint32_t n = run({Value(arguments)...}, out, 8);
    std::vector<Tensor> tensors;
    for (uint32_t i = 0; i < n; ++i)
      tensors.push_back(Tensor::take(out[i].tag == BASIN_ARG_TENSOR ? out[i].u.t : nullptr));
    return tensors;
  }
  // For an operator that returns nothing.
  template <class... A>
  void act(const A&... arguments) const {
    run({Value(arguments)...}, nullptr, 0);
  }

 private:
  uint32_t run(std::initializer_list<Value> arguments, basin_value* results, uint32_t room) const {
    const basin_op* op = op_.load(std::memory_order_acquire);
    if (!op) {
      call<&basin_tensor_interface::find_op>(schema_, &op);
      op_.store(op, std::memory_order_release);
    }
    const basin_value* first = arguments.begin();
    call<&basin_tensor_interface::call>(op, first, uint32_t(arguments.size()), results, &room);
    return room;
  }
  const char* schema_;
  mutable std::atomic<const basin_op*> op_{nullptr};
};

}  // namespace basin
#pragma GCC visibility pop
