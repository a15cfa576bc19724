// tensor.hpp: Tensor, a reference to a tensor of the host's, with NumPy's habits: shapes broadcast, views share memory.
//
// Like a pointer, a const Tensor still lets its values change. A name with a trailing underscore works in place.
#pragma once
#include "core.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

enum class Type : int32_t {
  float32 = BASIN_FLOAT32,
  float64 = BASIN_FLOAT64,
  float16 = BASIN_FLOAT16,
  bfloat16 = BASIN_BFLOAT16,
  int8 = BASIN_INT8,
  uint8 = BASIN_UINT8,
  int16 = BASIN_INT16,
  int32 = BASIN_INT32,
  int64 = BASIN_INT64,
  boolean = BASIN_BOOL
};

namespace detail {
template <class T>
struct TypeOf;
template <>
struct TypeOf<float> {
  static constexpr Type value = Type::float32;
};
template <>
struct TypeOf<double> {
  static constexpr Type value = Type::float64;
};
template <>
struct TypeOf<int8_t> {
  static constexpr Type value = Type::int8;
};
template <>
struct TypeOf<uint8_t> {
  static constexpr Type value = Type::uint8;
};
template <>
struct TypeOf<int16_t> {
  static constexpr Type value = Type::int16;
};
template <>
struct TypeOf<int32_t> {
  static constexpr Type value = Type::int32;
};
template <>
struct TypeOf<int64_t> {
  static constexpr Type value = Type::int64;
};
}  // namespace detail

class Tensor {
 public:
  Tensor() noexcept : handle_(nullptr) {}
  Tensor(const Tensor& other) noexcept : handle_(other.handle_) {
    if (handle_) detail::table<basin_tensor_interface>.retain(handle_);
  }
  Tensor(Tensor&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Tensor& operator=(Tensor other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Tensor() {
    if (handle_) detail::table<basin_tensor_interface>.release(handle_);
  }

  // A handle that is a new reference (take) or someone else's (share). Null makes an empty Tensor.
  static Tensor take(basin_tensor* handle) noexcept {
    Tensor t;
    t.handle_ = handle;
    return t;
  }
  static Tensor share(basin_tensor* handle) noexcept {
    if (handle) detail::table<basin_tensor_interface>.retain(handle);
    return take(handle);
  }
  basin_tensor* handle() const noexcept { return handle_; }
  basin_tensor* release() noexcept { return std::exchange(handle_, nullptr); }
  explicit operator bool() const noexcept { return handle_; }

  // --- what it is
  basin_tensor_info info() const;
  Type type() const { return static_cast<Type>(info().dtype); }
  bool on_cpu() const { return info().device == BASIN_CPU; }
  int64_t dims() const { return info().n_dims; }
  int64_t numel() const { return info().numel; }
  int64_t size(int64_t dim) const;  // negative: from the end
  std::vector<int64_t> sizes() const;
  double item() const;  // of one element; waits for the device
  template <class T>
  const T* data() const;  // of a contiguous tensor on the CPU
  template <class T>
  T* mutable_data() const;
  template <class T>
  std::vector<T> values() const;  // in row-major order, converted, from any device

  // --- new ones: on the device of `like`, or on the CPU
  static Tensor full(Sizes sizes, double value, Type type = Type::float32, const Tensor& like = {});
  static Tensor zeros(Sizes sizes, Type type = Type::float32, const Tensor& like = {}) {
    return full(sizes, 0, type, like);
  }
  template <class T>
  static Tensor from(const T* values, Sizes sizes, const Tensor& like = {});
  template <class T>
  static Tensor from(const std::vector<T>& values, const Tensor& like = {});  // [n]

  // --- in place
  const Tensor& add_(const Tensor& b, double alpha = 1) const;  // += alpha b
  const Tensor& add_(double b) const;
  const Tensor& mul_(const Tensor& b) const;
  const Tensor& mul_(double b) const;
  const Tensor& lerp_(const Tensor& b, double weight) const;                         // += weight (b - this)
  const Tensor& addcmul_(const Tensor& x, const Tensor& y, double value = 1) const;  // += value x y
  const Tensor& addcdiv_(const Tensor& x, const Tensor& y, double value = 1) const;  // += value x / y
  const Tensor& copy_(const Tensor& b) const;
  const Tensor& fill_(double value) const;

  // --- elementwise
  Tensor pow(double exponent) const;
  Tensor clamp(double low, double high) const;
  Tensor abs() const;
  Tensor exp() const;
  Tensor log() const;
  Tensor sqrt() const;
  Tensor cos() const;
  Tensor sin() const;
  Tensor round() const;  // half to even
  Tensor silu() const;

  // --- over the dims listed, or all
  Tensor sum(Sizes dims = {}, bool keep = false) const;
  Tensor mean(Sizes dims = {}, bool keep = false) const;
  Tensor amax(Sizes dims = {}, bool keep = false) const;
  Tensor amin(Sizes dims = {}, bool keep = false) const;
  Tensor norm() const;  // 2-norm of all elements
  Tensor softmax(int64_t dim) const;
  Tensor matmul(const Tensor& b) const;

  // --- shape, type and place
  Tensor reshape(Sizes sizes) const;
  Tensor permute(Sizes dims) const;
  Tensor narrow(int64_t dim, int64_t start, int64_t length) const;  // a view
  Tensor index_select(int64_t dim, const Tensor& index) const;
  Tensor to(Type type) const;
  Tensor beside(const Tensor& like) const;  // itself, or a copy on the device where `like` is
  Tensor contiguous() const;
  Tensor clone() const;
  Tensor detach() const;

 private:
  basin_tensor* handle_;
};
static_assert(sizeof(Tensor) == sizeof(basin_tensor*), "an array of Tensor is an array of handles");

// Tensors that came as an array of handles, without a reference of their own; one that is absent is an empty Tensor.
class Inputs {
 public:
  Inputs(basin_tensor* const* handles, size_t n) : data_(reinterpret_cast<const Tensor*>(handles)), size_(n) {}
  size_t size() const { return size_; }
  const Tensor& operator[](size_t i) const {
    static const Tensor absent;
    return i < size_ ? data_[i] : absent;
  }
  const Tensor* begin() const { return data_; }
  const Tensor* end() const { return data_ + size_; }

 private:
  const Tensor* data_;
  size_t size_;
};

namespace detail {
inline basin_tensor* const* handles(const Tensor* tensors) { return reinterpret_cast<basin_tensor* const*>(tensors); }
}  // namespace detail

}  // namespace basin
#pragma GCC visibility pop
#include "tensor_functions.hpp"
