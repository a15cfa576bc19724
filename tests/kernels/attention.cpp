// Packed attention against its definition in double precision: both channel orders, layouts and types; second
// derivatives.
#include "abi/kernels/attention.hpp"

#include "abi/error.hpp"
#include "compare.hpp"

using namespace kernels_test;
using basin::kernels::attention_packed;
using basin::kernels::attention_packed_reference;
using basin::kernels::QkvOrder;

namespace {
// Head by head, picking each head's channels by the order's definition
Tensor defined(const Tensor& qkv, int64_t heads, QkvOrder order) {
  const int64_t d = qkv.size(1) / (3 * heads);
  const Tensor flat = qkv.reshape({qkv.size(0), qkv.size(1), -1});
  Tensors outputs;
  for (int64_t h = 0; h < heads; ++h) {
    const auto part = [&](int64_t which) {
      const int64_t first = order == QkvOrder::split_first ? (which * heads + h) * d : (h * 3 + which) * d;
      return flat.narrow(1, first, d);
    };
    const Tensor scores = at::matmul(part(0).transpose(1, 2), part(1)) / std::sqrt(static_cast<double>(d));
    outputs.push_back(at::matmul(part(2), at::softmax(scores, -1).transpose(1, 2)));
  }
  std::vector<int64_t> shape = qkv.sizes().vec();
  shape[1] /= 3;
  return at::cat(outputs, 1).reshape(shape);
}

struct Case {
  std::vector<int64_t> shape;
  int64_t heads;
};
const Case kCases[] = {{{2, 72, 5, 3}, 3},
                       {{3, 192, 8, 8}, 2},
                       {{2, 96, 1, 1}, 1},
                       {{2, 96, 37}, 4},
                       {{40, 96, 16, 16}, 1}};  // the last is worked on in two chunks
}  // namespace

TEST_CASE("attention: value and gradient agree with the definition") {
  at::manual_seed(3);
  Largest fp32("attention, fp32"), bf16("attention, bf16");
  for (const Case& c : kCases)
    for (const auto order : {QkvOrder::split_first, QkvOrder::heads_first})
      for (const bool channels_last : {false, true})
        for (const auto type : {at::kFloat, at::kBFloat16}) {
          const Tensor plain = at::randn(c.shape), x = leaf((channels_last ? last(plain) : plain).to(type));
          const Tensor exact = leaf(x.to(at::kDouble)), expected = defined(exact, c.heads, order);
          const Tensor y = attention_packed(x, c.heads, order), dy = at::randn_like(expected).to(type);
          const Tensor found = gradients(y, {x}, dy)[0], wanted = gradients(expected, {exact}, dy.to(at::kDouble))[0];
          auto& largest = type == at::kFloat ? fp32 : bf16;
          const double limit = type == at::kFloat ? 1e-5 : 1.2e-2;
          INFO(x.sizes() << " last " << channels_last << ' ' << x.scalar_type());
          CHECK(y.scalar_type() == type);
          CHECK(in_order(y, channels_last));
          CHECK(in_order(found, channels_last));
          CHECK(largest(y, expected) <= limit);
          CHECK(largest(found, wanted) <= limit);
          CHECK(difference(attention_packed_reference(x, c.heads, order), y) <= limit);
          CHECK(at::equal(attention_packed(x, c.heads, order, true), attention_packed_reference(x, c.heads, order)));
        }
}

TEST_CASE("attention: scores far apart stay finite") {
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    const Tensor x = leaf((at::randn({2, 96, 4, 4}) * 100).to(type));
    const Tensor y = attention_packed(x, 1, QkvOrder::split_first);
    CHECK(y.isfinite().all().item<bool>());
    CHECK(gradients(y, {x}, at::randn_like(y))[0].isfinite().all().item<bool>());
  }
}

TEST_CASE("attention: gradients of gradients") {
  at::manual_seed(4);
  for (const auto order : {QkvOrder::split_first, QkvOrder::heads_first}) {
    check_second_derivative([&](const Tensor& x) { return attention_packed(x, 2, order); },
                            at::randn({2, 24, 3, 3}, at::kDouble), 1e-6);
    const Tensor x = leaf(last(at::randn({2, 24, 3, 3}))), exact = leaf(x.to(at::kDouble));
    const Tensor v = at::randn_like(x), dy = at::randn({2, 8, 3, 3});
    const auto second = [&](const Tensor& at) {
      const Tensor g = gradients(attention_packed(at, 2, order), {at}, dy.to(at.scalar_type()), true)[0];
      return gradients((g * v.to(at.scalar_type())).sum(), {at}, at::ones({}, at.options()))[0];
    };
    CHECK(difference(second(x), second(exact)) <= 1e-5);
  }
}

TEST_CASE("attention: what does not fit is refused") {
  CHECK_THROWS_AS(attention_packed(at::randn({2, 96, 4, 4}), 5, QkvOrder::split_first), basin::Error);
  CHECK_THROWS_AS(attention_packed(at::randn({2, 96}), 1, QkvOrder::split_first), basin::Error);
}
