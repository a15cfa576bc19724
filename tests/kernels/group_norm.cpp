// The fused group norm against its definition in double precision, in every layout and type; second derivatives.
#include "abi/kernels/group_norm.hpp"

#include "abi/error.hpp"
#include "compare.hpp"

using namespace kernels_test;
using basin::kernels::Activation;
using basin::kernels::group_norm_act;
using basin::kernels::group_norm_act_reference;

namespace {
constexpr double kEps = 1e-5;

// From the definition, in double
Tensor defined(const Tensor& x, int64_t groups, const Tensor& w, const Tensor& b, const Tensor& scale,
               const Tensor& shift, Activation act) {
  const Tensor flat = x.reshape({x.size(0), groups, -1});
  const Tensor centred = flat - flat.mean(2, true);
  Tensor y = (centred / (centred.square().mean(2, true) + kEps).sqrt()).reshape({x.size(0), x.size(1), -1});
  if (w.defined()) y = y * w.view({1, -1, 1}) + b.view({1, -1, 1});
  if (scale.defined()) y = y * (1 + scale.unsqueeze(2));
  if (shift.defined()) y = y + shift.unsqueeze(2);
  if (act == Activation::silu) y = y / (1 + (-y).exp());
  return y.reshape(x.sizes());
}

struct Case {
  std::vector<int64_t> shape;
  int64_t groups;
};
const Case kCases[] = {{{3, 12, 7, 5}, 4}, {{2, 64, 16, 16}, 32}, {{1, 96, 32, 32}, 32}, {{5, 96, 3, 3}, 32},
                       {{2, 6, 1, 1}, 2},  {{3, 24, 13}, 8},      {{1, 128, 64}, 32},    {{2, 33, 9, 11}, 3}};
}  // namespace

TEST_CASE("group norm: value and every gradient agree with the definition") {
  at::manual_seed(1);
  Largest fp32("group norm, fp32"), bf16("group norm, bf16");
  for (const Case& c : kCases)
    for (const bool channels_last : {false, true})
      for (const auto type : {at::kFloat, at::kBFloat16})
        for (const auto act : {Activation::none, Activation::silu})
          for (const int modulation : {0, 1, 2, 3}) {  // none, scale and shift, shift alone, no weight and bias
            Tensor x = at::randn(c.shape) * 2 + 3;
            x = leaf((channels_last ? last(x) : x).to(type));
            const int64_t channels = x.size(1);
            const Tensor w = leaf(at::randn({channels})), b = leaf(at::randn({channels}));
            // one projection of the time embedding, cut in two: strided views
            const Tensor e = leaf(at::randn({x.size(0), 2 * channels}) * 0.5);
            const auto parts = e.chunk(2, 1);
            const Tensor scale = modulation == 1 ? parts[0] : Tensor(), shift = modulation % 3 ? parts[1] : Tensor();
            const Tensor weight = modulation == 3 ? Tensor() : w, bias = modulation == 3 ? Tensor() : b;
            const Tensor y = group_norm_act(x, c.groups, weight, bias, scale, shift, act, kEps);
            REQUIRE(y.scalar_type() == type);
            REQUIRE(y.strides() == x.strides());

            Tensors leaves{x}, exact;
            if (modulation != 3) leaves.insert(leaves.end(), {w, b});
            if (modulation % 3) leaves.push_back(e);
            for (const auto& t : leaves) exact.push_back(leaf(t.to(at::kDouble)));
            const auto exact_parts = modulation % 3 ? exact.back().chunk(2, 1) : Tensors(2);
            const Tensor expected = defined(
                exact[0], c.groups, modulation == 3 ? Tensor() : exact[1], modulation == 3 ? Tensor() : exact[2],
                modulation == 1 ? exact_parts[0] : Tensor(), modulation % 3 ? exact_parts[1] : Tensor(), act);
            const Tensor dy = at::randn(c.shape).to(type);  // contiguous, whatever y is
            const auto found = gradients(y, leaves, dy), wanted = gradients(expected, exact, dy.to(at::kDouble));
            auto& largest = type == at::kFloat ? fp32 : bf16;
            INFO(x.sizes() << " last " << channels_last << ' ' << x.scalar_type() << " modulation " << modulation);
            const double limit = type == at::kFloat ? 1e-5 : 6e-3;
            CHECK(largest(y, expected) <= limit);
            for (size_t i = 0; i < leaves.size(); ++i) {
              INFO("gradient " << i);
              REQUIRE(found[i].scalar_type() == leaves[i].scalar_type());
              CHECK(largest(found[i], wanted[i]) <= limit);
            }
            CHECK(found[0].strides() == x.strides());

            const at::NoGradGuard off;
            CHECK(at::equal(group_norm_act(x, c.groups, weight, bias, scale, shift, act, kEps), y));
            CHECK(difference(group_norm_act_reference(x, c.groups, weight, bias, scale, shift, act, kEps), y) <= limit);
          }
}

TEST_CASE("group norm: a large mean costs no precision") {
  for (const bool channels_last : {false, true}) {
    const Tensor plain = at::randn({2, 64, 8, 8}) + 300, x = channels_last ? last(plain) : plain;
    const Tensor y = group_norm_act(x, 32, {}, {}, {}, {}, Activation::none, kEps);
    // 300 / 1 of the values' own fp32 rounding is lost in gain x + offset whatever the sums are
    CHECK(difference(y, defined(x.to(at::kDouble), 32, {}, {}, {}, {}, Activation::none)) <= 5e-5);
  }
}

TEST_CASE("group norm: an infinite or missing number is not hidden") {
  for (const bool channels_last : {false, true}) {
    Tensor x = at::randn({2, 32, 4, 4});
    x[1][3][2][2] = NAN;
    const Tensor y = group_norm_act(channels_last ? last(x) : x, 8, {}, {}, {}, {}, Activation::silu, kEps);
    CHECK(y[0].isfinite().all().item<bool>());
    CHECK(y[1].narrow(0, 0, 4).isnan().all().item<bool>());
    CHECK(y[1].narrow(0, 4, 28).isfinite().all().item<bool>());
  }
}

TEST_CASE("group norm: the same bits on one thread and on several") {
  const int threads = at::get_num_threads();
  for (const int64_t batch : {1, 3, 8})
    for (const bool channels_last : {false, true}) {
      const Tensor plain = at::randn({batch, 64, 32, 32}), w = leaf(at::randn({64})), b = leaf(at::randn({64}));
      const Tensor x = leaf(channels_last ? last(plain) : plain), dy = at::randn_like(x);
      const auto all = [&](int n) {
        at::set_num_threads(n);
        const Tensor y = group_norm_act(x, 32, w, b, {}, {}, Activation::silu, kEps);
        Tensors r = gradients(y, {x, w, b}, dy);
        r.push_back(y);
        return r;
      };
      const Tensors one = all(1), four = all(4);
      for (size_t i = 0; i < one.size(); ++i) CHECK(at::equal(one[i], four[i]));
    }
  at::set_num_threads(threads);
}

TEST_CASE("group norm: gradients of gradients") {
  at::manual_seed(2);
  const Tensor w = at::randn({8}, at::kDouble), b = at::randn({8}, at::kDouble), e = at::randn({2, 16}, at::kDouble);
  const auto parts = e.chunk(2, 1);
  const auto f = [&](const Tensor& x) {
    return group_norm_act(x, 4, w, b, parts[0], parts[1], Activation::silu, kEps);
  };
  check_second_derivative(f, at::randn({2, 8, 3, 3}, at::kDouble), 1e-6);
  // scale made from x: what flows through it must be counted once
  const auto made = [&](const Tensor& x) {
    return group_norm_act(x, 4, w, b, x.mean({2, 3}), parts[1], Activation::silu, kEps);
  };
  check_second_derivative(made, at::randn({2, 8, 3, 3}, at::kDouble), 1e-6);

  Largest largest("group norm, second derivatives of the fused path");
  for (const bool channels_last : {false, true}) {
    const Tensor plain = at::randn({2, 8, 5, 5}), x = leaf(channels_last ? last(plain) : plain);
    const Tensor exact = leaf(x.to(at::kDouble)), v = at::randn_like(x), dy = at::randn_like(x);
    const auto second = [&](const Tensor& at, const Tensor& scale) {
      const auto type = at.scalar_type();
      const Tensor y = group_norm_act(at, 4, w.to(type), b.to(type), scale, {}, Activation::silu, kEps);
      const Tensor g = gradients(y, {at}, dy.to(type), true)[0];
      return gradients((g * v.to(type)).sum(), {at}, at::ones({}, at.options()))[0];
    };
    CHECK(largest(second(x, x.mean({2, 3})), second(exact, exact.mean({2, 3}))) <= 1e-5);
    CHECK(largest(second(x, {}), second(exact, {})) <= 1e-5);
  }
}

TEST_CASE("group norm: what does not fit is refused") {
  const Tensor x = at::randn({2, 12, 4, 4});
  CHECK_THROWS_AS(group_norm_act(x, 5, {}, {}, {}, {}, Activation::none, kEps), basin::Error);
  CHECK_THROWS_AS(group_norm_act(x[0][0], 4, {}, {}, {}, {}, Activation::none, kEps), basin::Error);
  CHECK_THROWS_AS(group_norm_act(x, 4, at::ones({4}), {}, {}, {}, Activation::none, kEps), basin::Error);
  CHECK_THROWS_AS(group_norm_act(x, 4, {}, {}, at::ones({12}), {}, Activation::none, kEps), basin::Error);
}
