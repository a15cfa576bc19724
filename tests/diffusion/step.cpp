// Sampling steps against whole trajectories of diffusers (in double), and images to and from 8 bits.
#include "diffusion/step.hpp"

#include "abi/error.hpp"
#include "catch.hpp"
#include "fixtures.inc"

using namespace basin;

namespace {

at::Tensor from(const std::vector<double>& values) {
  return at::tensor(at::ArrayRef<double>(values), at::kDouble).view({-1, 4});
}

// The largest difference to a trajectory [20,4], relative to the larger of 1 and the value.
double difference(const at::Tensor& ours, const std::vector<double>& theirs) {
  const at::Tensor other = from(theirs);
  return ((ours - other).abs() / other.abs().clamp_min(1)).max().item<double>();
}

}  // namespace

TEST_CASE("DDPM with 20 steps equals diffusers") {
  const at::Tensor epsilon = from(fixture_epsilon), noise = from(fixture_noise), v = from(fixture_v);
  for (const std::string schedule : {"linear", "cosine"}) {
    const Process p = Process("vp", schedule, 1000).respaced(respace(1000, "20"));
    const auto steps = ddpm_steps(p);
    for (bool learned : {false, true}) {
      at::Tensor x = from(fixture_start);
      std::vector<at::Tensor> path;
      for (int64_t i = 0; i < 20; ++i) {
        x = ddpm_step(steps[19 - i], x, epsilon[i], learned ? v[i] : at::Tensor(), noise[i], true);
        path.push_back(x);
      }
      const auto& theirs = schedule == "linear"
                               ? (learned ? fixture_linear_ddpm_learned_range : fixture_linear_ddpm_fixed_small)
                               : (learned ? fixture_cosine_ddpm_learned_range : fixture_cosine_ddpm_fixed_small);
      const double error = difference(at::cat(path).view({-1, 4}), theirs);
      INFO(schedule << (learned ? ", learned variance" : ", fixed variance") << ": largest difference " << error);
      CHECK(error < 1e-10);
    }
  }
}

TEST_CASE("DDIM with 20 steps equals diffusers") {
  const at::Tensor epsilon = from(fixture_epsilon), noise = from(fixture_noise);
  for (const std::string schedule : {"linear", "cosine"}) {
    const Process p = Process("vp", schedule, 1000).respaced(respace(1000, "ddim20"));
    for (int eta : {0, 1}) {
      const auto steps = ddim_steps(p, eta);
      at::Tensor x = from(fixture_start);
      std::vector<at::Tensor> path;
      for (int64_t i = 0; i < 20; ++i) {
        x = ddim_step(steps[19 - i], x, epsilon[i], noise[i], true);
        path.push_back(x);
      }
      const auto& theirs = schedule == "linear" ? (eta ? fixture_linear_ddim_eta1 : fixture_linear_ddim_eta0)
                                                : (eta ? fixture_cosine_ddim_eta1 : fixture_cosine_ddim_eta0);
      const double error = difference(at::cat(path).view({-1, 4}), theirs);
      INFO(schedule << ", eta " << eta << ": largest difference " << error);
      CHECK(error < 1e-10);
    }
  }
}

TEST_CASE("DDIM with eta 1 is DDPM with the posterior's variance") {
  const Process p = Process("vp", "linear", 1000).respaced(respace(1000, "20"));
  const auto ddpm = ddpm_steps(p);
  const auto ddim = ddim_steps(p, 1);
  const at::Tensor x = at::randn({1, 8}, at::kDouble), epsilon = at::randn_like(x), z = at::randn_like(x);
  for (int64_t t = 0; t < 20; ++t) {
    CHECK(at::allclose(ddpm_step(ddpm[t], x, epsilon, {}, z, false), ddim_step(ddim[t], x, epsilon, z, false), 1e-9,
                       1e-9));
    CHECK(ddim[t].noise == Approx(std::sqrt(p.posterior_variance()[t])).epsilon(1e-9));
    CHECK(ddim_steps(p, 0)[t].noise == 0);
    CHECK(ddpm[t].original == p.original_index()[t]);
  }
  CHECK(ddpm[0].noise == 0);
  CHECK_THROWS_AS(ddim_steps(p, 1.5), Error);
  CHECK_THROWS_AS(ddim_steps(p, NAN), Error);
}

TEST_CASE("the last step gives the clipped image without noise") {
  const Process p("vp", "cosine", 100);
  const at::Tensor x = at::tensor({5.0, -5.0, 0.1}, at::kDouble), epsilon = at::zeros_like(x), z = at::ones_like(x);
  const at::Tensor out = ddpm_step(ddpm_steps(p)[0], x, epsilon, at::ones_like(x), z, true);
  CHECK(out[0].item<double>() == Approx(1));
  CHECK(out[1].item<double>() == Approx(-1));
  CHECK(out[2].item<double>() == Approx(0.1 / p.alpha(0)));
}

TEST_CASE("images go to 8 bits by truncation") {
  const at::Tensor levels = at::arange(256, at::kInt).to(at::kByte);
  const at::Tensor x = images_from_uint8(levels);
  CHECK(x[0].item<float>() == -1);
  CHECK(x[255].item<float>() == 1);
  CHECK(x.scalar_type() == at::kFloat);
  // Truncation loses a level where x is rounded below it: not more than one, and never upwards.
  const at::Tensor back = images_to_uint8(x).to(at::kInt) - levels.to(at::kInt);
  CHECK(back.max().item<int>() <= 0);
  CHECK(back.min().item<int>() >= -1);
  const at::Tensor made = images_to_uint8(at::tensor({-7.0f, -1.0f, 0.0f, 0.999f, 1.0f, 3.0f}));
  CHECK(at::equal(made.to(at::kInt), at::tensor({0, 0, 127, 254, 255, 255}, at::kInt)));
  CHECK_THROWS_AS(images_from_uint8(x), Error);
}
