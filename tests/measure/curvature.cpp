// Gradients and Hessian-vector products of the loss: against differences of losses and of gradients, and against the
// Hessian formed whole in double precision, by another implementation, of a network with every fused kernel.
#include <iostream>

#include "abi/log.hpp"
#include "measure/landscape.hpp"

namespace {

using namespace test;

Tensor direction(int64_t n, uint64_t seed) {  // of norm 1
  const int64_t id = 0;
  const Tensor v = basin::draw(basin::stream_of(seed, BASIN_PURPOSE_SCRIPT), BASIN_NORMAL, {&id, 1}, {n})[0];
  return v / v.norm();
}

double scalar_product(const Tensor& a, const Tensor& b) {
  return (a.to(at::kDouble) * b.to(at::kDouble)).sum().item<double>();
}

// f at the parameters moved by step * v, which are put back.
template <class F>
auto moved(basin::Model& model, const Tensor& v, double step, F f) {
  at::NoGradGuard no_grad;
  Tensor& values = model.parameters().groups()[0].values;
  const Tensor before = values.clone();
  values.add_(v, step);
  const auto found = f();
  values.copy_(before);
  return found;
}

}  // namespace

TEST_CASE("gradient and Hessian are those of another implementation in double precision") {
  const auto data = gaussian();
  const auto m = model("small");
  randomize(*m, 3, 0.5);
  const auto [loss, exact, hessian] = expansion_of_small(*m, *data);
  const int64_t n = exact.numel();
  REQUIRE((hessian - hessian.t()).norm().item<double>() < 1e-10 * hessian.norm().item<double>());
  CHECK(basin::losses_of(items(*m, *data)).mean().item<double>() == Approx(loss).epsilon(1e-6));
  CHECK(relative(exact, basin::gradient_of(items(*m, *data))[0]) < 1e-5);
  double largest = 0;
  for (int64_t column : {int64_t{0}, int64_t{31}, n / 2, n - 1}) {  // the Hessian, column by column
    Tensor unit = at::zeros({n});
    unit[column] = 1;
    const auto found = basin::hessian_vector_product_of(items(*m, *data), {unit});
    REQUIRE(found.size() == 1);
    largest = std::max(largest, relative(hessian.select(1, column), found[0]));
  }
  for (uint64_t seed : {1, 2, 3}) {
    const Tensor d = direction(n, seed);
    largest = std::max(largest, relative(at::mv(hessian, d.to(at::kDouble)),
                                         basin::hessian_vector_product_of(items(*m, *data), {d})[0]));
  }
  std::cout << "Hessian-vector product in fp32 against the Hessian in double: " << largest << " of " << n
            << " parameters\n";
  CHECK(largest < 2e-5);
}

TEST_CASE("of a U-Net the gradient is the slope of the loss, and the Hessian-vector product that of the gradient") {
  const auto data = dataset("shapes", {{"count", kItems}, {"size", int64_t{8}}});
  for (auto precision : {basin::Precision::fp32, basin::Precision::bf16}) {  // both are computed in fp32
    const auto m = tiny_unet({{"attention", std::vector<int64_t>{8}}, {"classes", data->classes()}});
    randomize(*m, 5, 0.1);
    m->to(at::kCPU, precision);
    const Tensor before = arena(m->parameters());
    const auto gradient = [&] { return basin::gradient_of(items(*m, *data))[0]; };
    const Tensor g = gradient(), d = direction(g.numel(), 9), along = g / g.norm();
    const Tensor h = basin::hessian_vector_product_of(items(*m, *data), {along})[0];
    CHECK(m->precision() == precision);
    m->to(at::kCPU, basin::Precision::fp32);
    const auto loss = [&] { return basin::losses_of(items(*m, *data)).to(at::kDouble).mean().item<double>(); };
    const double slope = (moved(*m, along, 1e-2, loss) - moved(*m, along, -1e-2, loss)) / 2e-2;
    CHECK(slope == Approx(scalar_product(g, along)).epsilon(2e-3));
    const Tensor change = (moved(*m, along, 1e-2, gradient) - moved(*m, along, -1e-2, gradient)) / 2e-2;
    std::cout << "Hessian-vector product against the difference of gradients: " << relative(change, h) << '\n';
    CHECK(relative(change, h) < 5e-3);
    // symmetric: <d, H g> = <H d, g>
    CHECK(scalar_product(d, h) ==
          Approx(scalar_product(basin::hessian_vector_product_of(items(*m, *data), {d})[0], along)).epsilon(1e-3));
    CHECK(same_bits(arena(m->parameters()), before));
  }
}

TEST_CASE("a model that is linear in its parameters has the Hessian that its inputs say") {
  const auto data = gaussian();
  const auto m = model("line");
  const auto [loss, gradient, hessian] = expansion_of_line(*m, *data);
  CHECK(basin::losses_of(items(*m, *data)).mean().item<double>() == Approx(loss).epsilon(1e-6));
  CHECK(relative(gradient, basin::gradient_of(items(*m, *data))[0]) < 1e-6);
  for (int64_t i = 0; i < 4; i++) {
    Tensor unit = at::zeros({4});
    unit[i] = 1;
    CHECK(relative(hessian.select(1, i), basin::hessian_vector_product_of(items(*m, *data), {unit})[0]) < 1e-6);
  }
}

TEST_CASE("a direction of another shape is refused, and Ctrl-C is heard between batches") {
  const auto data = gaussian();
  const auto m = model("line");
  CHECK(says(refusal([&] { basin::hessian_vector_product_of(items(*m, *data), {at::zeros({5})}); }),
             {"must have the shape [4]", "[5] came"}));
  CHECK(says(refusal([&] { basin::hessian_vector_product_of(items(*m, *data), {}); }), {"[4]", "none came"}));
  basin::interrupted() = true;
  CHECK(error_of([&] { basin::gradient_of(items(*m, *data)); }).status == BASIN_ERROR_INTERRUPTED);
  basin::interrupted() = false;
}
