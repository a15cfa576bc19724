// The optimal loss: exact cases, laws, and convergence.
#include "diffusion/optimal.hpp"

#include <ATen/CPUGeneratorImpl.h>

#include "abi/error.hpp"
#include "catch.hpp"

using namespace basin;
using Catch::Matchers::Contains;

namespace {

struct Random {
  at::Generator generator;
  explicit Random(uint64_t seed) : generator(at::make_generator<at::CPUGeneratorImpl>(seed)) {}
  at::Tensor normal(int64_t n, int64_t d) { return at::empty({n, d}, at::kDouble).normal_(0, 1, generator); }
  at::Tensor indices(int64_t high, int64_t n) { return at::empty({n}, at::kLong).random_(0, high, generator); }
};

// Posterior means and tr Var by direct differences, query by query.
std::pair<at::Tensor, at::Tensor> direct(const at::Tensor& data, const at::Tensor& x, double sigma) {
  std::vector<at::Tensor> means, variances;
  for (int64_t m = 0; m < x.size(0); ++m) {
    const at::Tensor w = at::softmax((x[m] - data).square().sum(1) / (-2 * sigma * sigma), 0).unsqueeze(1);
    means.push_back((w * data).sum(0));
    variances.push_back((w * (data - means.back()).square()).sum());
  }
  return {at::stack(means), at::stack(variances)};
}

}  // namespace

TEST_CASE("two points: J* is a one-dimensional integral") {
  // Data -1 and 1: E[x0|x] = tanh(x / sigma^2), J* = 1 - E tanh^2 over x = 1 + sigma z.
  const at::Tensor data = at::tensor({-1.0, 1.0}, at::kDouble).view({2, 1});
  Random random(1);
  const at::Tensor clean = data.index_select(0, random.indices(2, 20000)), noise = random.normal(20000, 1);
  const auto results = optimal_loss(data, clean, noise, {0.3, 0.7, 1.0, 3.0});
  for (const auto& r : results) {
    double integral = 0, total = 0;
    for (double z = -10; z <= 10; z += 1e-3) {
      const double density = std::exp(-z * z / 2), c = std::cosh((1 + r.sigma * z) / (r.sigma * r.sigma));
      integral += density / (c * c), total += density;
    }
    INFO("sigma " << r.sigma << ": " << r.loss << " +- " << r.standard_error << ", exactly " << integral / total);
    CHECK(std::abs(r.loss - integral / total) < 4 * r.standard_error + 1e-9);
    CHECK(std::abs(r.residual - integral / total) < 4 * r.residual_error + 1e-9);
    CHECK(r.standard_error <= r.residual_error * 1.01);
  }
}

TEST_CASE("products and blocks give what direct differences give") {
  Random random(2);
  const at::Tensor data = random.normal(300, 40) * 0.7 + 50;  // far from the origin: centring has to help
  const at::Tensor clean = data.index_select(0, random.indices(300, 20)), noise = random.normal(20, 40);
  for (double sigma : {0.002, 0.2, 1.0, 2.0, 5.0, 80.0}) {
    const auto [means, variances] = direct(data, clean + sigma * noise, sigma);
    for (int64_t block : {7, 300, 4096}) {
      INFO("sigma " << sigma << ", block " << block);
      const double error =
          (optimal_denoiser(data, clean + sigma * noise, sigma, block) - means).abs().max().item<double>();
      CHECK(error < 1e-8);
      const auto r = optimal_loss(data, clean, noise, {sigma}, block)[0];
      CHECK(r.loss == Approx(variances.mean().item<double>()).epsilon(1e-8).margin(1e-8));
      CHECK(r.residual == Approx((clean - means).square().sum(1).mean().item<double>()).epsilon(1e-8).margin(1e-8));
      CHECK(r.standard_error == Approx(variances.std().item<double>() / std::sqrt(20.0)).epsilon(1e-6).margin(1e-8));
    }
  }
}

TEST_CASE("Gaussian data: the estimate converges to the exact value, which the two estimates bracket") {
  constexpr int64_t d = 3, queries = 800;
  constexpr double s = 0.8;
  const std::vector<double> sigmas{0.3, 1.0, 4.0};
  Random random(3);
  const at::Tensor all = random.normal(20000, d) * s + 2, held_out = random.normal(queries, d) * s + 2;
  const at::Tensor noise = random.normal(queries, d);
  std::vector<std::vector<double>> gap;  // of the bracket, by N
  for (int64_t n : {50, 1000, 20000}) {
    // Each set gets exactly the Gaussian's mean and variance, or chance in these (1 % at N = 20000) would hide the
    // rest.
    const at::Tensor raw = all.narrow(0, 0, n);
    const at::Tensor data = (raw - raw.mean(0)) / raw.std(0, false) * s + 2,
                     clean = data.index_select(0, random.indices(n, queries));
    const auto inside = optimal_loss(data, clean, noise, sigmas), outside = optimal_loss(data, held_out, noise, sigmas);
    gap.emplace_back();
    for (size_t i = 0; i < sigmas.size(); ++i) {
      const double exact = gaussian_optimal_loss(d, s, sigmas[i]);
      const auto &low = inside[i], &high = outside[i];
      INFO("N " << n << ", sigma " << sigmas[i] << ": exactly " << exact << ", inside " << low.loss << " +- "
                << low.standard_error << ", held out " << high.residual << " +- " << high.residual_error);
      CHECK(std::abs(low.loss - low.residual) < 4 * (low.residual_error + low.standard_error));
      CHECK(high.residual > exact - 4 * high.residual_error);
      gap.back().push_back(std::abs(low.loss - exact) / exact);
      if (n == 20000) {
        // 0.5 % for what a finite set of this size still knows about its own points.
        CHECK(std::abs(low.loss - exact) < 4 * low.standard_error + 0.005 * exact);
        CHECK(std::abs(high.residual - exact) < 4 * high.residual_error + 0.005 * exact);
      }
    }
  }
  CHECK(gap[0][0] > gap[1][0]);
  CHECK(gap[1][0] > gap[2][0]);
  CHECK(gap[0][0] > 0.1);  // 50 points know themselves at sigma 0.3
}

TEST_CASE("a small set is its own posterior at small sigma and loses everything at large sigma") {
  Random random(4);
  const at::Tensor data = random.normal(100, 256).to(at::kFloat);
  const at::Tensor clean = data.index_select(0, random.indices(100, 64)), noise = random.normal(64, 256);
  const auto r = optimal_loss(data, clean, noise, {0.002, 0.02, 0.5, 1e4});
  for (int i = 0; i < 3; ++i) {
    INFO("sigma " << r[i].sigma);
    CHECK(r[i].loss < 1e-9);
    CHECK(r[i].residual < 1e-9);
    CHECK(r[i].loss >= 0);
  }
  const at::Tensor wide = data.to(at::kDouble);
  const double variance = (wide - wide.mean(0)).square().sum(1).mean().item<double>();
  CHECK(r[3].loss == Approx(variance).epsilon(1e-5));
}

TEST_CASE("J* grows with sigma") {
  Random random(5);
  const at::Tensor data = random.normal(500, 8), clean = data.index_select(0, random.indices(500, 400));
  std::vector<double> sigmas;
  for (double sigma = 0.01; sigma < 100; sigma *= 1.5) sigmas.push_back(sigma);
  const auto r = optimal_loss(data, clean, random.normal(400, 8), sigmas);
  for (size_t i = 1; i < r.size(); ++i) CHECK(r[i].loss >= r[i - 1].loss - 3 * r[i].standard_error);
}

TEST_CASE("J* as the error of other predictions") {
  // Gaussian data in one dimension, where the best epsilon-prediction is linear: Var(epsilon | x) = s^2 alpha^2 / (s^2
  // alpha^2 + sigma^2)
  const double alpha = 0.6, sigma = 0.8, s = 1.7, optimal = gaussian_optimal_loss(10, s, sigma / alpha);
  const double epsilon = per_dimension(optimal, 10, Target::epsilon, alpha, sigma);
  CHECK(epsilon == Approx(s * s * alpha * alpha / (s * s * alpha * alpha + sigma * sigma)));
  CHECK(per_dimension(optimal, 10, Target::score, alpha, sigma) == Approx(epsilon / (sigma * sigma)));
  CHECK(per_dimension(optimal, 10, Target::x0, alpha, sigma) == Approx(optimal / 10));
  // v = alpha epsilon - sigma x0 with x = alpha x0 + sigma epsilon: error of v = -(error of x0) / sigma
  CHECK(per_dimension(optimal, 10, Target::v, alpha, sigma) == Approx(optimal / 10 / (sigma * sigma)));
}

TEST_CASE("the optimal loss refuses what it cannot use") {
  const at::Tensor data = at::zeros({10, 4}), two = at::zeros({2, 4});
  CHECK_THROWS_WITH(optimal_loss(data, at::zeros({2, 5}), two, {1}), Contains("clean points") && Contains("[2, 5]"));
  CHECK_THROWS_WITH(optimal_loss(data.to(at::kInt), two, two, {1}), Contains("float or double"));
  CHECK_THROWS_WITH(optimal_loss(data, two, two, {0.5, 0}), Contains("above 0"));
  CHECK_THROWS_AS(optimal_loss(data, two.narrow(0, 0, 1), two, {1}), Error);
  CHECK_THROWS_AS(optimal_loss(at::Tensor(), two, two, {1}), Error);
  CHECK_THROWS_AS(optimal_denoiser(data, two, NAN), Error);
}
