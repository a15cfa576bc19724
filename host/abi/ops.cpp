// Typed functions for the operators of inner loops: what `call` reaches by name, without the boxing.
#include "abi/border.hpp"
#include "abi/interfaces.hpp"
#include "abi/kernels/norm.hpp"
#include "abi/named.hpp"

namespace basin {
namespace {

using Handle = basin_tensor*;
using Out = basin_tensor**;
using Dims = const int64_t*;

at::OptionalIntArrayRef dims_of(Dims dims, uint32_t n) {
  return n ? at::OptionalIntArrayRef(ints(dims, n)) : at::OptionalIntArrayRef();
}

// A guard that says which operator the engine refused.
template <class F>
basin_status guard_op(const char* name, F&& body) noexcept {
  return guard([&] { with_name(name, body); });
}

template <size_t n>
struct Text {  // a string as a template's argument
  char characters[n];
  constexpr Text(const char (&text)[n]) { std::copy_n(text, n, characters); }
};

template <Tensor (*function)(const Tensor&), Text name>
basin_status unary(Handle a, Out out) {
  return guard_op(name.characters, [&] { *out = own(function(in(a))); });
}

// A whole number stays one for a tensor of integers: ATen adds no 1.0 to an int64 tensor in place.
at::Scalar scalar(const Tensor& like, double value) {
  const bool whole = !like.is_floating_point() && value == std::floor(value) && std::abs(value) < 0x1p53;
  return whole ? at::Scalar(static_cast<int64_t>(value)) : at::Scalar(value);
}

// a over all dimensions where none are named
Tensor extreme(const Tensor& a, Dims dims, uint32_t n, bool keep,
               Tensor (*function)(const Tensor&, at::IntArrayRef, bool)) {
  return function(a, ints(dims, n), keep);
}

}  // namespace

const basin_ops_interface ops_interface = {
    .size = sizeof(basin_ops_interface),
    .add =
        [](Handle a, Handle b, double alpha, Out out) {
          return guard_op("aten::add", [&] { *out = own(at::add(in(a), in(b), scalar(in(a), alpha))); });
        },
    .sub = [](Handle a, Handle b,
              Out out) { return guard_op("aten::sub", [&] { *out = own(at::sub(in(a), in(b))); }); },
    .mul = [](Handle a, Handle b,
              Out out) { return guard_op("aten::mul", [&] { *out = own(at::mul(in(a), in(b))); }); },
    .div = [](Handle a, Handle b,
              Out out) { return guard_op("aten::div", [&] { *out = own(at::div(in(a), in(b))); }); },
    .add_scalar = [](Handle a, double b,
                     Out out) { return guard_op("aten::add", [&] { *out = own(at::add(in(a), scalar(in(a), b))); }); },
    .mul_scalar = [](Handle a, double b,
                     Out out) { return guard_op("aten::mul", [&] { *out = own(at::mul(in(a), scalar(in(a), b))); }); },
    .pow_scalar = [](Handle a, double exponent,
                     Out out) { return guard_op("aten::pow", [&] { *out = own(at::pow(in(a), exponent)); }); },
    .add_ = [](Handle a, Handle b,
               double alpha) { return guard_op("aten::add_", [&] { in(a)->add_(in(b), scalar(in(a), alpha)); }); },
    .mul_ = [](Handle a, Handle b) { return guard_op("aten::mul_", [&] { in(a)->mul_(in(b)); }); },
    .mul_scalar_ = [](Handle a, double b) { return guard_op("aten::mul_", [&] { in(a)->mul_(scalar(in(a), b)); }); },
    .add_scalar_ = [](Handle a, double b) { return guard_op("aten::add_", [&] { in(a)->add_(scalar(in(a), b)); }); },
    .lerp_ = [](Handle a, Handle b,
                double weight) { return guard_op("aten::lerp_", [&] { in(a)->lerp_(in(b), weight); }); },
    .addcmul_ = [](Handle a, Handle x, Handle y,
                   double value) { return guard_op("aten::addcmul_", [&] { in(a)->addcmul_(in(x), in(y), value); }); },
    .addcdiv_ = [](Handle a, Handle x, Handle y,
                   double value) { return guard_op("aten::addcdiv_", [&] { in(a)->addcdiv_(in(x), in(y), value); }); },
    .copy_ = [](Handle a, Handle b) { return guard_op("aten::copy_", [&] { in(a)->copy_(in(b)); }); },
    .fill_ = [](Handle a, double value) { return guard_op("aten::fill_", [&] { in(a)->fill_(value); }); },
    .clamp = [](Handle a, double low, double high,
                Out out) { return guard_op("aten::clamp", [&] { *out = own(at::clamp(in(a), low, high)); }); },
    .neg = unary<at::neg, "aten::neg">,
    .abs = unary<at::abs, "aten::abs">,
    .exp = unary<at::exp, "aten::exp">,
    .log = unary<at::log, "aten::log">,
    .sqrt = unary<at::sqrt, "aten::sqrt">,
    .cos = unary<at::cos, "aten::cos">,
    .sin = unary<at::sin, "aten::sin">,
    .round = unary<at::round, "aten::round">,
    .silu = unary<at::silu, "aten::silu">,
    .softmax = [](Handle a, int64_t dim,
                  Out out) { return guard_op("aten::softmax", [&] { *out = own(at::softmax(in(a), dim)); }); },
    .matmul = [](Handle a, Handle b,
                 Out out) { return guard_op("aten::matmul", [&] { *out = own(at::matmul(in(a), in(b))); }); },
    .sum =
        [](Handle a, Dims dims, uint32_t n, int32_t keep, Out out) {
          return guard_op("aten::sum", [&] { *out = own(at::sum(in(a), dims_of(dims, n), keep != 0)); });
        },
    .mean =
        [](Handle a, Dims dims, uint32_t n, int32_t keep, Out out) {
          return guard_op("aten::mean", [&] { *out = own(at::mean(in(a), dims_of(dims, n), keep != 0)); });
        },
    .amax =
        [](Handle a, Dims dims, uint32_t n, int32_t keep, Out out) {
          return guard_op("aten::amax", [&] { *out = own(extreme(in(a), dims, n, keep != 0, at::amax)); });
        },
    .amin =
        [](Handle a, Dims dims, uint32_t n, int32_t keep, Out out) {
          return guard_op("aten::amin", [&] { *out = own(extreme(in(a), dims, n, keep != 0, at::amin)); });
        },
    .norm = unary<kernels::norm, "aten::norm">,
    .reshape =
        [](Handle a, Dims sizes, uint32_t n, Out out) {
          return guard_op("aten::reshape", [&] { *out = own(at::reshape(in(a), ints(sizes, n))); });
        },
    .permute =
        [](Handle a, Dims dims, uint32_t n, Out out) {
          return guard_op("aten::permute", [&] { *out = own(at::permute(in(a), ints(dims, n))); });
        },
    .narrow =
        [](Handle a, int64_t dim, int64_t start, int64_t length, Out out) {
          return guard_op("aten::narrow", [&] { *out = own(at::narrow(in(a), dim, start, length)); });
        },
    .index_select =
        [](Handle a, int64_t dim, Handle index, Out out) {
          return guard_op("aten::index_select", [&] { *out = own(at::index_select(in(a), dim, in(index))); });
        },
    .cat = [](basin_tensor* const* tensors, uint32_t n, int64_t dim,
              Out out) { return guard_op("aten::cat", [&] { *out = own(at::cat(share_all(tensors, n), dim)); }); },
    .to = [](Handle a, int32_t dtype,
             Out out) { return guard_op("aten::to", [&] { *out = own(in(a)->to(scalar_type(dtype))); }); },
    .contiguous = [](Handle a,
                     Out out) { return guard_op("aten::contiguous", [&] { *out = own(in(a)->contiguous()); }); },
    .clone = [](Handle a, Out out) { return guard_op("aten::clone", [&] { *out = own(at::clone(in(a))); }); },
    .full =
        [](Dims sizes, uint32_t n, double value, int32_t dtype, Handle like, Out out) {
          return guard_op("aten::full", [&] {
            const at::Device device = like ? in(like)->device() : at::Device(at::kCPU);
            *out = own(at::full(ints(sizes, n), value, at::TensorOptions(scalar_type(dtype)).device(device)));
          });
        },
};

}  // namespace basin
