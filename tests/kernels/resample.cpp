// Resampling by two against ATen's operators in double: values, gradients, gradients of gradients.
#include "abi/kernels/resample.hpp"

#include "abi/error.hpp"
#include "compare.hpp"

using namespace kernels_test;
using basin::kernels::average_pool;
using basin::kernels::upsample_nearest;

TEST_CASE("resampling: values and gradients are ATen's") {
  at::manual_seed(7);
  Largest fp32("resampling, fp32"), bf16("resampling, bf16");
  for (const bool up : {false, true})
    for (const auto& shape : {std::vector<int64_t>{2, 3, 4, 6}, {3, 37, 8, 8}, {1, 64, 5, 7}, {2, 16, 2, 2}})
      for (const bool channels_last : {false, true})
        for (const auto type : {at::kFloat, at::kBFloat16}) {
          const Tensor plain = at::randn(shape), x = leaf((channels_last ? last(plain) : plain).to(type));
          const Tensor exact = leaf(x.to(at::kDouble));
          const Tensor y = up ? upsample_nearest(x) : average_pool(x);
          const Tensor expected =
              up ? at::upsample_nearest2d(exact, {2 * shape[2], 2 * shape[3]}) : at::avg_pool2d(exact, {2, 2});
          const Tensor dy = at::randn_like(expected).to(type);
          auto& largest = type == at::kFloat ? fp32 : bf16;
          const double limit = type == at::kFloat ? 1e-6 : 3e-3;
          INFO(x.sizes() << " up " << up << " last " << channels_last << ' ' << x.scalar_type());
          CHECK(y.scalar_type() == type);
          CHECK(in_order(y, channels_last));
          REQUIRE(y.sizes() == expected.sizes());
          CHECK(largest(y, expected) <= limit);
          CHECK(largest(gradients(y, {x}, dy)[0], gradients(expected, {exact}, dy.to(at::kDouble))[0]) <= limit);
        }
}

TEST_CASE("resampling: gradients of gradients") {
  const Tensor x = leaf(last(at::randn({2, 8, 4, 4}))), dy = leaf(last(at::randn({2, 8, 8, 8})));
  const Tensor g = gradients(upsample_nearest(x), {x}, dy, true)[0], v = at::randn_like(g);
  CHECK(difference(gradients(g, {dy}, v)[0], at::upsample_nearest2d(v, {8, 8})) <= 1e-6);
  CHECK_THROWS_AS(average_pool(at::randn({4, 4})), basin::Error);
}
