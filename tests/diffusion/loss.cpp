// Losses: definitions, where gradients go, input perturbation, and the bound against torch.distributions and plain
// scalars.
#include "diffusion/loss.hpp"

#include <numbers>

#include "abi/error.hpp"
#include "catch.hpp"
#include "fixtures.inc"

using namespace basin;
using Catch::Matchers::Contains;

namespace {

at::Tensor from(const std::vector<double>& values) { return at::tensor(at::ArrayRef<double>(values), at::kDouble); }

// A "model" of two parameters that depends on everything it is given: prediction w x + t/1000, variance tanh(u x).
struct Toy {
  at::Tensor w = at::full({1}, 0.7, at::kDouble).requires_grad_(true),
             u = at::full({1}, 0.3, at::kDouble).requires_grad_(true);
  bool learns_variance = true;

  ModelOutput operator()(const at::Tensor& x, const at::Tensor& t) const {
    ModelOutput out{w * x + t.to(x.scalar_type()).view({-1, 1, 1, 1}) / 1000, {}};
    if (learns_variance) out.variance = at::tanh(u * x);
    return out;
  }
};

LossInput make_input(const Process& process, at::ScalarType type = at::kDouble) {
  const at::Tensor x0 = at::rand({4, 3, 5, 5}, type) * 2 - 1;
  return {process, x0, at::randn_like(x0), at::tensor({0, 1, 400, 999}, at::kLong), {}, 0, Target::epsilon};
}

double cdf(double x) { return 0.5 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x))); }

}  // namespace

TEST_CASE("simple loss is the mean squared error of each sample") {
  const Process p("vp", "cosine", 1000);
  const LossInput in = make_input(p);
  const Toy model;
  const LossOutput out = find_loss("simple")(model, in);
  REQUIRE(out.per_sample.sizes().equals({4}));
  const at::Tensor prediction = model(p.q_sample(in.x0, in.t, in.noise), in.t).prediction;
  for (int64_t b = 0; b < 4; ++b)
    CHECK(out.per_sample[b].item<double>() ==
          Approx((prediction[b] - in.noise[b]).square().mean().item<double>()).epsilon(1e-12));
  CHECK(at::equal(out.terms.at("simple"), out.per_sample));
  CHECK_FALSE(out.terms.at("simple").requires_grad());
}

TEST_CASE("a perfect model has no simple loss, whatever it predicts") {
  const Process p("vp", "linear", 1000);
  for (auto target : {Target::epsilon, Target::x0, Target::v, Target::score}) {
    LossInput in = make_input(p);
    in.target = target;
    const Denoise perfect = [&](const at::Tensor&, const at::Tensor&) -> ModelOutput {
      return {make_target(target, in.x0, in.noise, gather(p.alpha(), in.t, in.x0), gather(p.sigma(), in.t, in.x0)), {}};
    };
    CHECK(find_loss("simple")(perfect, in).per_sample.abs().max().item<double>() == 0);
  }
}

TEST_CASE("the model is told the step of the original schedule") {
  const Process p = Process("vp", "linear", 1000).respaced(respace(1000, "20"));
  LossInput in = make_input(p);
  in.t = at::tensor({0, 1, 10, 19}, at::kLong);
  at::Tensor told;
  const Denoise spy = [&](const at::Tensor& x, const at::Tensor& t) -> ModelOutput {
    return told = t, ModelOutput{x, {}};
  };
  find_loss("simple")(spy, in);
  CHECK(at::equal(told, at::tensor({0, 53, 526, 999}, at::kLong)));
}

TEST_CASE("hybrid loss: the bound teaches the variance only, the squared error the prediction only") {
  const Process p("vp", "cosine", 1000);
  const LossInput in = make_input(p);
  const Toy model;
  const LossOutput out = find_loss("hybrid")(model, in);
  CHECK(at::allclose(out.per_sample, out.terms.at("simple") + out.terms.at("vlb")));
  out.per_sample.sum().backward();
  const double w_gradient = model.w.grad().item<double>();
  CHECK(std::abs(model.u.grad().item<double>()) > 1e-6);

  const Toy plain;
  find_loss("simple")(plain, in).per_sample.sum().backward();
  CHECK(w_gradient == Approx(plain.w.grad().item<double>()).epsilon(1e-12));
  CHECK((!plain.u.grad().defined() || plain.u.grad().item<double>() == 0));

  const Toy bound;
  const at::Tensor x_t = noised(in);
  vlb_term(in, x_t, bound(x_t, in.t)).sum().backward();
  CHECK_FALSE(bound.w.grad().defined());  // no path at all
  CHECK(bound.u.grad().item<double>() == Approx(model.u.grad().item<double>()).epsilon(1e-12));
}

TEST_CASE("the bound is weighted by steps / 1000") {
  const Process p("vp", "cosine", 250);
  LossInput in = make_input(p);
  in.t = at::tensor({0, 1, 100, 249}, at::kLong);
  const Toy model;
  const at::Tensor x_t = noised(in);
  const at::Tensor term = vlb_term(in, x_t, model(x_t, in.t));
  CHECK(at::allclose(find_loss("hybrid")(model, in).terms.at("vlb"), term * 0.25, 1e-12, 0));
}

TEST_CASE("without gamma input perturbation is the plain loss, bit for bit") {
  const Process p("vp", "cosine", 1000);
  for (const auto& name : loss_names()) {
    LossInput in = make_input(p, at::kFloat);
    const Toy model;
    const at::Tensor plain = find_loss(name)(model, in).per_sample;
    in.perturbation = at::randn_like(in.x0);
    CHECK(at::equal(find_loss(name)(model, in).per_sample, plain));
    in.gamma = 0.1;
    CHECK_FALSE(at::allclose(find_loss(name)(model, in).per_sample, plain));
  }
}

TEST_CASE("input perturbation moves the input and not the target") {
  const Process p("vp", "cosine", 1000);
  LossInput in = make_input(p);
  in.gamma = 0.15;
  in.perturbation = at::randn_like(in.x0);
  at::Tensor seen;
  const Denoise spy = [&](const at::Tensor& x, const at::Tensor&) -> ModelOutput {
    return seen = x, ModelOutput{in.noise, {}};
  };
  CHECK(find_loss("simple")(spy, in).per_sample.abs().max().item<double>() == 0);
  const at::Tensor expected = p.q_sample(in.x0, in.t, in.noise + 0.15 * in.perturbation);
  CHECK(at::equal(seen, expected));
  in.perturbation.reset();
  CHECK_THROWS_WITH(find_loss("simple")(spy, in), Contains("xi") && Contains("none was given"));
}

TEST_CASE("half precision is computed in float") {
  const Process p("vp", "linear", 1000);
  LossInput in = make_input(p, at::kFloat);
  const Denoise coarse = [&](const at::Tensor& x, const at::Tensor&) -> ModelOutput {
    return {x.to(at::kBFloat16), at::zeros_like(x, at::kBFloat16)};
  };
  const at::Tensor loss = find_loss("hybrid")(coarse, in).per_sample;
  CHECK(loss.scalar_type() == at::kFloat);
  const at::Tensor expected = simple_loss(noised(in).to(at::kBFloat16).to(at::kFloat), in.noise);
  CHECK(at::equal(find_loss("simple")(coarse, in).per_sample, expected));
}

TEST_CASE("float agrees with double, also where the cosine schedule has no image left") {
  const Process p("vp", "cosine", 1000);
  LossInput in = make_input(p);
  in.x0 = in.x0.to(at::kFloat), in.noise = in.noise.to(at::kFloat);
  const Toy model;
  const Denoise single = [&](const at::Tensor& x, const at::Tensor& t) -> ModelOutput {
    const ModelOutput out = model(x.to(at::kDouble), t);
    return {out.prediction.to(x.scalar_type()), out.variance.to(x.scalar_type())};
  };
  const at::Tensor in_float = find_loss("hybrid")(single, in).per_sample;
  CHECK(in_float.scalar_type() == at::kFloat);
  in.x0 = in.x0.to(at::kDouble), in.noise = in.noise.to(at::kDouble);
  const at::Tensor in_double = find_loss("hybrid")(single, in).per_sample;
  const double worst = ((in_float - in_double) / in_double).abs().max().item<double>();
  INFO("largest relative difference " << worst);
  CHECK(worst < 1e-5);
}

TEST_CASE("the bound equals torch.distributions at t = 500") {
  const Process p("vp", "linear", 1000);
  const std::vector<int64_t> shape{1, 1, 1, 4};
  const at::Tensor epsilon = from({fixture_epsilon.begin(), fixture_epsilon.begin() + 4}).view(shape);
  const at::Tensor v = from({fixture_v.begin(), fixture_v.begin() + 4}).view(shape);
  const at::Tensor x0 = from(fixture_vlb_x0).view(shape), x_t = from(fixture_vlb_x_t).view(shape);
  const LossInput in{p, x0, x0, at::tensor({500}, at::kLong), {}, 0, Target::epsilon};
  const double bits = vlb_term(in, x_t, {epsilon, v}).item<double>();
  CHECK(bits == Approx(from(fixture_vlb_bits).mean().item<double>()).epsilon(1e-10));
  // The same model said in another way has the same bound.
  for (auto target : {Target::x0, Target::v, Target::score}) {
    const at::Tensor alpha = gather(p.alpha(), in.t, x0), sigma = gather(p.sigma(), in.t, x0);
    const LossInput other{p, x0, x0, in.t, {}, 0, target};
    CHECK(vlb_term(other, x_t, {convert(Target::epsilon, target, epsilon, x_t, alpha, sigma), v}).item<double>() ==
          Approx(bits).epsilon(1e-10));
  }
}

TEST_CASE("the bound is the image's likelihood at t = 0") {
  const Process p("vp", "linear", 1000);
  const std::vector<double> values{-1, 1, 0.2, -3.0 / 255};
  const at::Tensor x0 = from(values).view({1, 1, 1, 4});
  const LossInput in{p, x0, x0, at::tensor({0}, at::kLong), {}, 0, Target::epsilon};
  const at::Tensor x_t = x0 + 0.01, epsilon = at::full_like(x0, 0.3), v = at::full_like(x0, 0.5);
  double expected = 0;
  for (double x : values) {
    const double mean = p.x0_of_x()[0] * (x + 0.01) - p.x0_of_epsilon()[0] * 0.3;  // at t = 0 the mean is x0 itself
    const double log_variance = 0.75 * p.log_beta()[0] + 0.25 * std::log(p.posterior_variance()[1]);
    const double inverse = std::exp(-0.5 * log_variance);
    const double upper = cdf(inverse * (x - mean + 1.0 / 255)), lower = cdf(inverse * (x - mean - 1.0 / 255));
    expected -= std::log(x < -0.999 ? upper : x > 0.999 ? 1 - lower : upper - lower) / std::numbers::ln2 / 4;
  }
  CHECK(vlb_term(in, x_t, {epsilon, v}).item<double>() == Approx(expected).epsilon(1e-9));
}

TEST_CASE("discretized likelihoods of all 256 levels add up to one") {
  const at::Tensor x = at::arange(256, at::kDouble) / 127.5 - 1;
  for (double mean : {-1.2, -0.3, 0.0, 0.999}) {
    for (double log_variance : {-4.0, -8.0}) {
      const at::Tensor p =
          at::exp(discretized_gaussian_log_likelihood(x, at::full_like(x, mean), at::full_like(x, log_variance)));
      CHECK(p.sum().item<double>() == Approx(1).margin(1e-9));
    }
  }
}

TEST_CASE("the learned variance lies between its two ends") {
  const Process p("vp", "cosine", 1000);
  const at::Tensor t = at::tensor({1, 500}, at::kLong), one = at::ones({2, 1, 1, 1}, at::kDouble);
  for (int64_t i = 0; i < 2; ++i) {
    const int64_t step = t[i].item<int64_t>();
    CHECK(learned_log_variance(p, one, t)[i].item<double>() == Approx(std::log(p.beta()[step])).epsilon(1e-14));
    CHECK(learned_log_variance(p, -one, t)[i].item<double>() ==
          Approx(std::log(p.posterior_variance()[step])).epsilon(1e-14));
    CHECK(learned_log_variance(p, 3 * one, t)[i].item<double>() > std::log(p.beta()[step]));  // not clamped
  }
}

TEST_CASE("losses refuse what they cannot use") {
  const Process p("vp", "cosine", 1000);
  const LossInput in = make_input(p);
  CHECK_THROWS_WITH(find_loss("mse"), Contains("\"mse\"") && Contains("simple, hybrid"));
  Toy model;
  model.learns_variance = false;
  CHECK_THROWS_WITH(find_loss("hybrid")(model, in), Contains("learned variance"));
  const Denoise wrong = [](const at::Tensor& x, const at::Tensor&) -> ModelOutput { return {x.narrow(1, 0, 1), {}}; };
  CHECK_THROWS_WITH(find_loss("simple")(wrong, in), Contains("[4, 1, 5, 5]") && Contains("[4, 3, 5, 5]"));
  const Denoise nothing = [](const at::Tensor&, const at::Tensor&) -> ModelOutput { return {}; };
  CHECK_THROWS_AS(find_loss("simple")(nothing, in), Error);
}
