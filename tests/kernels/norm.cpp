// The 2-norm of an arena: right to the last places at 60 million numbers, on any number of threads.
#include "abi/kernels/norm.hpp"

#include "compare.hpp"

using namespace kernels_test;
namespace kernels = basin::kernels;

TEST_CASE("norm: 60 million numbers") {
  // Blocks of equal numbers, so that the answer is a formula in double.
  constexpr int64_t blocks = 6, block = 10'000'001;
  const Tensor a = at::empty({blocks * block});
  double squares = 0;
  for (int64_t i = 0; i < blocks; i++) {
    const float value = 0.1f + 0.3f * static_cast<float>(i);
    a.slice(0, i * block, (i + 1) * block).fill_(i % 2 ? -value : value);
    squares += static_cast<double>(value) * value * static_cast<double>(block);
  }
  const double exact = std::sqrt(squares), ours = kernels::norm(a).item<double>();
  CHECK(std::abs(ours / exact - 1) < 1e-7);
  WARN("norm of 60 million numbers: ours is off by " << ours / exact - 1 << ", the engine's by "
                                                     << at::linalg_vector_norm(a).item<double>() / exact - 1);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  CHECK(kernels::norm(a).item<double>() == ours);
  at::set_num_threads(threads);
}

TEST_CASE("norm: every type, layout and size, and its gradient") {
  const Tensor a = at::randn({3, 5, 7, 11}, at::kDouble);
  const double exact = a.norm().item<double>();
  for (auto type : {at::kFloat, at::kDouble, at::kBFloat16, at::kHalf}) {
    const Tensor n = kernels::norm(a.to(type));
    CHECK(n.scalar_type() == type);
    CHECK(n.dim() == 0);
    CHECK(n.item<double>() == Approx(exact).epsilon(type == at::kFloat || type == at::kDouble ? 1e-6 : 1e-2));
  }
  const Tensor f = a.to(at::kFloat);
  for (const Tensor& laid : {f.contiguous(at::MemoryFormat::ChannelsLast), f.permute({2, 0, 3, 1})})
    CHECK(kernels::norm(laid).item<double>() == Approx(exact).epsilon(1e-6));
  CHECK(kernels::norm(f.slice(3, 0, 11, 2)).item<double>() ==
        Approx(a.slice(3, 0, 11, 2).norm().item<double>()).epsilon(1e-6));
  CHECK(kernels::norm(at::zeros({0})).item<double>() == 0);
  CHECK(kernels::norm(at::full({}, -3.0f)).item<double>() == 3);
  CHECK(std::isnan(kernels::norm(at::tensor({1.0f, NAN})).item<double>()));
  CHECK(kernels::norm(at::tensor({3e20f, 4e20f})).item<double>() == Approx(5e20));  // the squares overflow float32

  const Tensor x = f.clone().requires_grad_();
  const auto gradient = torch::autograd::grad({kernels::norm(x)}, {x})[0];
  CHECK(difference(gradient, a / exact) < 1e-6);
}
