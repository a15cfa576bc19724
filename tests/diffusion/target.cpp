// Prediction targets: every conversion there and back, and the definitions themselves.
#include "diffusion/target.hpp"

#include "abi/error.hpp"
#include "catch.hpp"
#include "diffusion/process.hpp"

using namespace basin;

TEST_CASE("target names") {
  const char* names[] = {"epsilon", "x0", "v", "score"};
  for (auto target : {Target::epsilon, Target::x0, Target::v, Target::score})
    CHECK(std::string(target_name(target)) == names[static_cast<int>(target)]);
}

TEST_CASE("targets convert into each other and back") {
  const Process p("vp", "linear", 1000);
  const at::Tensor t = at::tensor({0, 1, 250, 600, 999}, at::kLong);
  const at::Tensor x0 = at::rand({5, 3, 4, 4}, at::kDouble) * 2 - 1, epsilon = at::randn_like(x0);
  const at::Tensor alpha = gather(p.alpha(), t, x0), sigma = gather(p.sigma(), t, x0), x_t = p.q_sample(x0, t, epsilon);
  const auto all = {Target::epsilon, Target::x0, Target::v, Target::score};
  for (auto from : all) {
    const at::Tensor a = make_target(from, x0, epsilon, alpha, sigma);
    CHECK((x0_from(from, a, x_t, alpha, sigma) - x0).abs().max().item<double>() < 1e-10);
    CHECK((epsilon_from(from, a, x_t, alpha, sigma) - epsilon).abs().max().item<double>() < 1e-10);
    for (auto to : all) {
      INFO(target_name(from) << " to " << target_name(to));
      const at::Tensor b = convert(from, to, a, x_t, alpha, sigma);
      CHECK(at::allclose(b, make_target(to, x0, epsilon, alpha, sigma), 1e-10, 1e-10));
      const double error = (convert(to, from, b, x_t, alpha, sigma) - a).abs().max().item<double>();
      CHECK(error < 1e-10);
    }
    CHECK(convert(from, from, a, x_t, alpha, sigma).is_same(a));
  }
}

TEST_CASE("the score is the gradient of the log density") {
  const at::Tensor x0 = at::randn({7}, at::kDouble), epsilon = at::randn_like(x0);
  const at::Tensor alpha = at::tensor(0.6, at::kDouble), sigma = at::tensor(0.8, at::kDouble);
  const at::Tensor x = (alpha * x0 + sigma * epsilon).detach().requires_grad_(true);
  (-(x - alpha * x0).square() / (2 * sigma * sigma)).sum().backward();
  CHECK(at::allclose(x.grad(), make_target(Target::score, x0, epsilon, alpha, sigma), 1e-12, 1e-12));
}
