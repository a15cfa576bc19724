// Schedules, posterior tables, gathering and respacing against known numbers and laws.
#include "diffusion/process.hpp"

#include "abi/error.hpp"
#include "catch.hpp"
#include "fixtures.inc"

using namespace basin;
using Catch::Matchers::Contains;

namespace {

void check_close(const std::vector<double>& a, const std::vector<double>& b, double relative) {
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    INFO("element " << i << ": " << a[i] << " and " << b[i]);
    REQUIRE(std::abs(a[i] - b[i]) <= relative * std::abs(b[i]));
  }
}

}  // namespace

TEST_CASE("linear schedule has the published numbers") {
  const Process p("vp", "linear", 1000);
  CHECK(p.beta()[0] == 1e-4);
  CHECK(p.beta()[999] == 0.02);
  CHECK(p.alpha_bar()[999] == Approx(4.0358e-5).epsilon(1e-5));
  CHECK(p.describe() == "vp process, linear schedule, 1000 steps");
  // other lengths keep the sum of betas
  CHECK(Process("vp", "linear", 250).beta()[249] == Approx(0.08).epsilon(1e-14));
}

TEST_CASE("cosine schedule has the published numbers") {
  const Process p("vp", "cosine", 1000);
  CHECK(p.beta()[0] == Approx(4.128422e-05).epsilon(1e-6));
  CHECK(p.beta()[998] == Approx(0.749999).epsilon(1e-5));
  CHECK(p.beta()[999] == 0.999);
  CHECK(p.alpha_bar()[999] == Approx(2.43e-9).epsilon(2e-3));
}

TEST_CASE("betas equal those of diffusers up to its float32") {
  const int64_t places[] = {0, 1, 2, 100, 499, 500, 997, 998};
  for (const auto* schedule : {"linear", "cosine"}) {
    const Process p("vp", schedule, 1000);
    const auto& other = schedule == std::string("linear") ? fixture_linear_beta_float : fixture_cosine_beta_float;
    for (size_t i = 0; i < other.size(); ++i) CHECK(p.beta()[places[i]] == Approx(other[i]).epsilon(2e-7));
  }
}

TEST_CASE("tables obey the laws of the process") {
  for (const auto* schedule : {"linear", "cosine"}) {
    const Process whole("vp", schedule, 1000);
    for (const Process& p : {whole, whole.respaced(respace(1000, "20"))}) {
      for (int64_t t = 0; t < p.steps(); ++t) {
        INFO(p.describe() << ", t = " << t);
        const double a = p.alpha(t), s = p.sigma(t), previous = p.alpha_bar_prev()[t], beta = p.beta()[t];
        REQUIRE(std::abs(a * a + s * s - 1) < 1e-15);
        REQUIRE(p.alpha_bar()[t] == Approx(previous * (1 - beta)).epsilon(1e-14));
        // E[x_{t-1}|x0] by way of x_t must be sqrt(previous) x0, and its variance 1 - previous
        const double of_x0 = p.posterior_of_x0()[t], of_x = p.posterior_of_x()[t];
        REQUIRE(of_x0 + of_x * a == Approx(std::sqrt(previous)).epsilon(1e-10));
        REQUIRE(of_x * of_x * s * s + p.posterior_variance()[t] == Approx(1 - previous).margin(1e-13));
        // Bayes in precisions: 1/variance = (1-beta)/beta + 1/(1-previous)
        if (t > 0)
          REQUIRE(1 / p.posterior_variance()[t] == Approx((1 - beta) / beta + 1 / (1 - previous)).epsilon(1e-9));
        REQUIRE(p.posterior_log_variance()[t] == std::log(p.posterior_variance()[std::max<int64_t>(t, 1)]));
        REQUIRE(p.x0_of_x()[t] == Approx(1 / a).epsilon(1e-12));
        REQUIRE(p.x0_of_epsilon()[t] == Approx(s / a).epsilon(1e-9));
      }
      CHECK(p.posterior_variance()[0] == 0);
      CHECK(p.posterior_of_x0()[0] == Approx(1).epsilon(1e-12));
      CHECK(p.posterior_of_x()[0] == 0);
    }
  }
}

TEST_CASE("respacing lists for 20 and 100 steps") {
  CHECK(respace(1000, "20") == std::vector<int64_t>{0,   53,  105, 158, 210, 263, 315, 368, 421, 473,
                                                    526, 578, 631, 684, 736, 789, 841, 894, 946, 999});
  const auto hundred = respace(1000, "100");
  CHECK(hundred.size() == 100);
  CHECK(std::vector<int64_t>(hundred.begin(), hundred.begin() + 8) ==
        std::vector<int64_t>{0, 10, 20, 30, 40, 50, 61, 71});
  CHECK(std::vector<int64_t>(hundred.end() - 4, hundred.end()) == std::vector<int64_t>{969, 979, 989, 999});
}

TEST_CASE("respacing rounds as Python does") {
  for (const auto& fixture : respace_fixtures) {
    INFO("spec " << fixture.spec);
    const auto kept = respace(1000, fixture.spec);
    int64_t sum = 0, weighted = 0;
    for (size_t i = 0; i < kept.size(); ++i) sum += kept[i], weighted += static_cast<int64_t>(i + 1) * kept[i];
    CHECK(static_cast<int64_t>(kept.size()) == fixture.count);
    CHECK(sum == fixture.sum);
    CHECK(weighted == fixture.weighted);
  }
  CHECK(respace(6, "3") == std::vector<int64_t>{0, 2, 5});  // 2.5 becomes 2, not 3
}

TEST_CASE("ddim respacing takes a whole stride") {
  const auto kept = respace(1000, "ddim50");
  REQUIRE(kept.size() == 50);
  for (size_t i = 0; i < kept.size(); ++i) CHECK(kept[i] == static_cast<int64_t>(20 * i));
  CHECK_THROWS_WITH(respace(1000, "ddim51"), Contains("no whole stride") && Contains("51 of 1000"));
}

TEST_CASE("respacing refuses what it cannot read") {
  for (const auto* spec :
       {"", "abc", "10,", ",10", "10;20", "0", "-5", "ddim", "ddimx", "1e3", "99999999999999999999"}) {
    INFO("spec \"" << spec << "\"");
    CHECK_THROWS_AS(respace(1000, spec), Error);
  }
  CHECK_THROWS_WITH(respace(1000, "1001"), Contains("section of 1000"));
  CHECK_THROWS_WITH(respace(1000, "600,10"), Contains("section of 500"));
}

TEST_CASE("a respaced process keeps alpha_bar and remembers its steps") {
  const Process whole("vp", "cosine", 1000);
  const auto kept = respace(1000, "20");
  const Process p = whole.respaced(kept);
  CHECK(p.steps() == 20);
  CHECK(p.original_steps() == 1000);
  CHECK(p.original_index() == kept);
  CHECK(p.describe() == "vp process, cosine schedule, 20 of 1000 steps");
  std::vector<double> expected;
  for (int64_t t : kept) expected.push_back(whole.alpha_bar()[t]);
  check_close(p.alpha_bar().values(), expected, 1e-8);  // 1 - (1 - 1e-9) loses digits at the very end
  CHECK(p.beta()[0] == Approx(1 - whole.alpha_bar()[0]).epsilon(1e-14));
  // every step kept: the same process
  const Process same = whole.respaced(respace(1000, "1000"));
  check_close(same.alpha_bar().values(), whole.alpha_bar().values(), 1e-11);
  // respaced twice: indices are of the original schedule
  const Process twice = p.respaced({0, 10, 19});
  CHECK(twice.original_index() == std::vector<int64_t>{0, 526, 999});
  CHECK(at::equal(twice.original_time(at::tensor({2, 0}, at::kLong)), at::tensor({999, 0}, at::kLong)));
  const at::Tensor t = at::tensor({3, 4}, at::kLong);
  CHECK(whole.original_time(t).is_same(t));

  CHECK_THROWS_AS(whole.respaced({}), Error);
  CHECK_THROWS_WITH(whole.respaced({3, 3}), Contains("ascending") && Contains("number 2"));
  CHECK_THROWS_AS(whole.respaced({1000}), Error);
}

TEST_CASE("gather rounds a double once and follows the images") {
  const Process p("vp", "cosine", 1000);
  const at::Tensor t = at::tensor({0, 999, 500}, at::kLong);
  const at::Tensor image = at::zeros({3, 3, 4, 4});
  const at::Tensor single = gather(p.alpha(), t, image);
  CHECK(single.sizes().equals({3, 1, 1, 1}));
  CHECK(single.scalar_type() == at::kFloat);
  for (int64_t i = 0; i < 3; ++i) CHECK(single[i].item<float>() == static_cast<float>(p.alpha()[t[i].item<int64_t>()]));
  const at::Tensor exact = gather(p.alpha(), t, image.to(at::kDouble));
  CHECK(exact[1].item<double>() == p.alpha(999));
  CHECK(gather(p.alpha(), t, image.to(at::kBFloat16)).scalar_type() == at::kFloat);
  CHECK(gather(p.alpha(), t, at::zeros({3})).sizes().equals({3}));

  CHECK_THROWS_WITH(gather(p.alpha(), at::tensor({1000}, at::kLong), image), Contains("1000") && Contains("0 to 999"));
  CHECK_THROWS_AS(gather(p.alpha(), at::tensor({-1}, at::kLong), image), Error);
  CHECK_THROWS_AS(gather(p.alpha(), at::tensor({1.0}), image), Error);
  CHECK_THROWS_AS(gather(p.alpha(), at::zeros({1, 1}, at::kLong), image), Error);
}

TEST_CASE("a table first used in inference mode serves training afterwards") {
  const Process p("vp", "linear", 100);
  const at::Tensor t = at::tensor({5}, at::kLong);
  {
    c10::InferenceMode inference;
    gather(p.alpha(), t, at::zeros({1, 2}));
  }
  const at::Tensor w = at::ones({100}).requires_grad_(true);
  (p.alpha().tensor(at::kFloat, at::kCPU) * w).sum().backward();  // an inference tensor may not be kept for backward
  CHECK(w.grad()[5].item<float>() == static_cast<float>(p.alpha(5)));
}

TEST_CASE("q_sample mixes image and noise") {
  const Process p("vp", "linear", 1000);
  const at::Tensor x0 = at::randn({2, 3, 4, 4}, at::kDouble), noise = at::randn_like(x0);
  const at::Tensor x = p.q_sample(x0, at::tensor({0, 700}, at::kLong), noise);
  CHECK(at::allclose(x[1], p.alpha(700) * x0[1] + p.sigma(700) * noise[1], 0, 1e-14));
  CHECK_THROWS_AS(p.q_sample(x0, at::tensor({0}, at::kLong), noise), Error);
  CHECK_THROWS_AS(p.q_sample(x0, at::tensor({0, 1}, at::kLong), noise[0]), Error);
}

TEST_CASE("a process refuses what does not exist") {
  CHECK_THROWS_WITH(Process("ve", "linear", 1000), Contains("\"ve\"") && Contains("vp"));
  CHECK_THROWS_WITH(Process("vp", "sine", 1000), Contains("\"sine\"") && Contains("linear, cosine"));
  CHECK_THROWS_AS(Process("vp", "cosine", 0), Error);
  CHECK_THROWS_WITH(Process("vp", "linear", 20), Contains("at least 21"));
  CHECK(Process("vp", "linear", 21).alpha_bar()[20] > 0);
  CHECK(Process("vp", "cosine", 1).posterior_log_variance()[0] == std::log(0.999));
}
