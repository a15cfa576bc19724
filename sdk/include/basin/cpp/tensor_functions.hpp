// tensor_functions.hpp: what Tensor's functions do, and its operators. Included by tensor.hpp.
#pragma once
#include "tensor.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

namespace detail {
// Calls a function whose last argument is a new tensor.
template <auto Member, class... Arguments>
Tensor make(Arguments... arguments) {
  basin_tensor* out = nullptr;
  call<Member>(arguments..., &out);
  return Tensor::take(out);
}
inline uint32_t count(Sizes sizes) { return static_cast<uint32_t>(sizes.size()); }
inline std::string to_text(Sizes sizes) {
  std::string text = "[";
  for (size_t i = 0; i < sizes.size(); ++i) text += (i ? "," : "") + std::to_string(sizes[i]);
  return text + "]";
}
using Ops = basin_ops_interface;
}  // namespace detail

inline basin_tensor_info Tensor::info() const {
  if (!handle_) throw error("This tensor is empty: it was never made, or an optional one was not given.");
  basin_tensor_info info;
  info.size = sizeof info;
  call<&basin_tensor_interface::info>(static_cast<const basin_tensor*>(handle_), &info);
  return info;
}
inline int64_t Tensor::size(int64_t dim) const {
  const basin_tensor_info i = info();
  if (dim < 0) dim += i.n_dims;
  if (dim < 0 || dim >= i.n_dims)
    throw error("Dimension " + std::to_string(dim) + " of a tensor " + detail::to_text({i.sizes, size_t(i.n_dims)}) +
                ".");
  return i.sizes[dim];
}
inline std::vector<int64_t> Tensor::sizes() const {
  const basin_tensor_info i = info();
  return {i.sizes, i.sizes + i.n_dims};
}
inline double Tensor::item() const {
  double out = 0;
  call<&basin_tensor_interface::item>(static_cast<const basin_tensor*>(handle_), &out);
  return out;
}

namespace detail {
inline const void* memory(const Tensor& tensor, Type type) {
  const basin_tensor_info i = tensor.info();
  if (i.dtype != static_cast<int32_t>(type))
    throw error("The tensor's type is not the one its memory is asked for in.");
  if (i.device != BASIN_CPU) throw error("The tensor is not on the CPU: read it with values().");
  int64_t expected = 1;
  for (int32_t d = i.n_dims - 1; d >= 0; expected *= i.sizes[d--])
    if (i.sizes[d] != 1 && i.strides[d] != expected)
      throw error("The tensor " + to_text({i.sizes, size_t(i.n_dims)}) +
                  " is not contiguous: ask for contiguous() first.");
  return i.data;
}
}  // namespace detail
template <class T>
const T* Tensor::data() const {
  return static_cast<const T*>(detail::memory(*this, detail::TypeOf<T>::value));
}
template <class T>
T* Tensor::mutable_data() const {
  detail::memory(*this, detail::TypeOf<T>::value);
  void* out = nullptr;
  call<&basin_tensor_interface::mutable_data>(handle_, &out);
  return static_cast<T*>(out);
}
template <class T>
std::vector<T> Tensor::values() const {
  std::vector<T> out(static_cast<size_t>(numel()));
  call<&basin_tensor_interface::copy_to>(static_cast<const basin_tensor*>(handle_),
                                         static_cast<int32_t>(detail::TypeOf<T>::value), static_cast<void*>(out.data()),
                                         uint64_t(out.size() * sizeof(T)));
  return out;
}

inline Tensor Tensor::beside(const Tensor& like) const {
  if (!like || on_cpu() == like.on_cpu()) return *this;
  return zeros(sizes(), type(), like).copy_(*this);
}

inline Tensor Tensor::full(Sizes s, double value, Type type, const Tensor& like) {
  return detail::make<&detail::Ops::full>(s.data(), detail::count(s), value, static_cast<int32_t>(type), like.handle());
}
template <class T>
Tensor Tensor::from(const T* values, Sizes s, const Tensor& like) {
  return detail::make<&basin_tensor_interface::from_data>(static_cast<const void*>(values), s.data(), detail::count(s),
                                                          static_cast<int32_t>(detail::TypeOf<T>::value),
                                                          like.handle());
}
template <class T>
Tensor Tensor::from(const std::vector<T>& values, const Tensor& like) {
  return from(values.data(), {static_cast<int64_t>(values.size())}, like);
}

inline const Tensor& Tensor::add_(const Tensor& b, double alpha) const {
  return call<&detail::Ops::add_>(handle_, b.handle_, alpha), *this;
}
inline const Tensor& Tensor::add_(double b) const { return call<&detail::Ops::add_scalar_>(handle_, b), *this; }
inline const Tensor& Tensor::mul_(const Tensor& b) const { return call<&detail::Ops::mul_>(handle_, b.handle_), *this; }
inline const Tensor& Tensor::mul_(double b) const { return call<&detail::Ops::mul_scalar_>(handle_, b), *this; }
inline const Tensor& Tensor::lerp_(const Tensor& b, double weight) const {
  return call<&detail::Ops::lerp_>(handle_, b.handle_, weight), *this;
}
inline const Tensor& Tensor::addcmul_(const Tensor& x, const Tensor& y, double value) const {
  return call<&detail::Ops::addcmul_>(handle_, x.handle_, y.handle_, value), *this;
}
inline const Tensor& Tensor::addcdiv_(const Tensor& x, const Tensor& y, double value) const {
  return call<&detail::Ops::addcdiv_>(handle_, x.handle_, y.handle_, value), *this;
}
inline const Tensor& Tensor::copy_(const Tensor& b) const {
  return call<&detail::Ops::copy_>(handle_, b.handle_), *this;
}
inline const Tensor& Tensor::fill_(double value) const { return call<&detail::Ops::fill_>(handle_, value), *this; }

inline Tensor Tensor::pow(double exponent) const { return detail::make<&detail::Ops::pow_scalar>(handle_, exponent); }
inline Tensor Tensor::clamp(double low, double high) const {
  return detail::make<&detail::Ops::clamp>(handle_, low, high);
}
inline Tensor Tensor::abs() const { return detail::make<&detail::Ops::abs>(handle_); }
inline Tensor Tensor::exp() const { return detail::make<&detail::Ops::exp>(handle_); }
inline Tensor Tensor::log() const { return detail::make<&detail::Ops::log>(handle_); }
inline Tensor Tensor::sqrt() const { return detail::make<&detail::Ops::sqrt>(handle_); }
inline Tensor Tensor::cos() const { return detail::make<&detail::Ops::cos>(handle_); }
inline Tensor Tensor::sin() const { return detail::make<&detail::Ops::sin>(handle_); }
inline Tensor Tensor::round() const { return detail::make<&detail::Ops::round>(handle_); }
inline Tensor Tensor::silu() const { return detail::make<&detail::Ops::silu>(handle_); }

inline Tensor Tensor::sum(Sizes d, bool keep) const {
  return detail::make<&detail::Ops::sum>(handle_, d.data(), detail::count(d), int32_t(keep));
}
inline Tensor Tensor::mean(Sizes d, bool keep) const {
  return detail::make<&detail::Ops::mean>(handle_, d.data(), detail::count(d), int32_t(keep));
}
inline Tensor Tensor::amax(Sizes d, bool keep) const {
  return detail::make<&detail::Ops::amax>(handle_, d.data(), detail::count(d), int32_t(keep));
}
inline Tensor Tensor::amin(Sizes d, bool keep) const {
  return detail::make<&detail::Ops::amin>(handle_, d.data(), detail::count(d), int32_t(keep));
}
inline Tensor Tensor::norm() const { return detail::make<&detail::Ops::norm>(handle_); }
inline Tensor Tensor::softmax(int64_t dim) const { return detail::make<&detail::Ops::softmax>(handle_, dim); }
inline Tensor Tensor::matmul(const Tensor& b) const { return detail::make<&detail::Ops::matmul>(handle_, b.handle_); }

inline Tensor Tensor::reshape(Sizes s) const {
  return detail::make<&detail::Ops::reshape>(handle_, s.data(), detail::count(s));
}
inline Tensor Tensor::permute(Sizes d) const {
  return detail::make<&detail::Ops::permute>(handle_, d.data(), detail::count(d));
}
inline Tensor Tensor::narrow(int64_t dim, int64_t start, int64_t length) const {
  return detail::make<&detail::Ops::narrow>(handle_, dim, start, length);
}
inline Tensor Tensor::index_select(int64_t dim, const Tensor& index) const {
  return detail::make<&detail::Ops::index_select>(handle_, dim, index.handle_);
}
inline Tensor Tensor::to(Type type) const {
  return detail::make<&detail::Ops::to>(handle_, static_cast<int32_t>(type));
}
inline Tensor Tensor::contiguous() const { return detail::make<&detail::Ops::contiguous>(handle_); }
inline Tensor Tensor::clone() const { return detail::make<&detail::Ops::clone>(handle_); }
inline Tensor Tensor::detach() const { return detail::make<&basin_autograd_interface::detach>(handle_); }

inline Tensor cat(Span<const Tensor> tensors, int64_t dim) {
  return detail::make<&detail::Ops::cat>(detail::handles(tensors.data()), uint32_t(tensors.size()), dim);
}

inline Tensor operator+(const Tensor& a, const Tensor& b) {
  return detail::make<&detail::Ops::add>(a.handle(), b.handle(), 1.0);
}
inline Tensor operator-(const Tensor& a, const Tensor& b) {
  return detail::make<&detail::Ops::sub>(a.handle(), b.handle());
}
inline Tensor operator*(const Tensor& a, const Tensor& b) {
  return detail::make<&detail::Ops::mul>(a.handle(), b.handle());
}
inline Tensor operator/(const Tensor& a, const Tensor& b) {
  return detail::make<&detail::Ops::div>(a.handle(), b.handle());
}
inline Tensor operator+(const Tensor& a, double b) { return detail::make<&detail::Ops::add_scalar>(a.handle(), b); }
inline Tensor operator*(const Tensor& a, double b) { return detail::make<&detail::Ops::mul_scalar>(a.handle(), b); }
inline Tensor operator-(const Tensor& a) { return detail::make<&detail::Ops::neg>(a.handle()); }
inline Tensor operator-(const Tensor& a, double b) { return a + -b; }
inline Tensor operator+(double a, const Tensor& b) { return b + a; }
inline Tensor operator/(const Tensor& a, double b) { return a / Tensor::full({}, b, a.type(), a); }
inline Tensor operator*(double a, const Tensor& b) { return b * a; }
inline Tensor operator-(double a, const Tensor& b) { return -b + a; }
inline Tensor operator/(double a, const Tensor& b) { return Tensor::full({}, a, b.type(), b) / b; }

}  // namespace basin
#pragma GCC visibility pop
