// lpf and optimal_loss against the same sums written out, on a model whose prediction is weight * x + bias.
#include "diffusion/optimal.hpp"
#include "support.hpp"

namespace {

using namespace test;

const auto process = std::make_shared<const basin::Process>("vp", "cosine", 1000);

std::shared_ptr<basin::Model> toy_model() {
  auto m = model("toy_model");
  m->process = process;
  return m;
}

double average(const Tensor& x) { return x.mean().item<double>(); }
double half_width(const Tensor& x, double t) {
  return t * x.std().item<double>() / std::sqrt(static_cast<double>(x.numel()));
}

// The losses [n] that lpf averages: items at equal distances, levels at equal distances in another order.
Tensor losses(basin::Model& m, const basin::Dataset& data, int64_t n, int64_t stride, uint64_t seed) {
  at::NoGradGuard no_grad;
  std::vector<int64_t> ids, levels;
  for (int64_t i = 0; i < n; i++) {
    ids.push_back(i * data.count() / n);
    levels.push_back((2 * (i * stride % n) + 1) * 1000 / (2 * n));
  }
  const Tensor x0 = data.images(ids), t = at::tensor(levels);
  const Tensor noise = basin::draw(basin::stream_of(seed, BASIN_PURPOSE_MEASURE), BASIN_NORMAL, ids, {2, 2, 2});
  const Tensor x = process->q_sample(x0, t, noise);
  const auto& p = m.parameters();
  const Tensor prediction = x * p.find("weight")->value + p.find("bias")->value;
  return (prediction - noise).square().flatten(1).mean(1).to(at::kDouble);
}

}  // namespace

TEST_CASE("LPF is the mean loss under the noise of its draws, and the weights come back") {
  auto m = toy_model();
  auto data = dataset("toy_data");
  auto& arena = m->parameters().groups().at(0).values;
  const Tensor before = arena.clone();
  for (std::string mode : {"plain", "filter_wise"}) {
    const Result result =
        measure("lpf", {{"sigma", 0.3}, {"draws", int64_t{5}}, {"images", int64_t{20}}, {"mode", mode}},
                {nullptr, m, nullptr}, data, process);
    CHECK(at::equal(arena, before));

    const Tensor base = losses(*m, *data, 20, 13, 7);  // 0.618 * 20 = 12, the next without a common divisor is 13
    CHECK(result["loss"].value == Approx(average(base)).epsilon(1e-6));
    CHECK(result["loss"].high - result["loss"].value == Approx(half_width(base, 2.093024)).epsilon(1e-4));

    at::NoGradGuard no_grad;
    std::vector<double> perturbed;
    for (int64_t draw = 0; draw < 5; draw++) {
      arena.copy_(before);
      Tensor noise =
          basin::draw(basin::stream_of(7, BASIN_PURPOSE_WEIGHTS), BASIN_NORMAL, {&draw, 1}, {arena.numel()})[0];
      if (mode == "filter_wise")
        for (const auto& p : m->parameters().list()) {
          Tensor part = noise.narrow(0, p.offset, p.numel);
          // weight [2,1,1]: each number is a filter; bias [1]: the norm of the vector
          part.mul_(p.value.detach().abs().flatten());
        }
      arena.add_(noise, 0.3);
      perturbed.push_back(average(losses(*m, *data, 20, 13, 7)));
    }
    arena.copy_(before);
    const Tensor all = at::tensor(perturbed, at::kDouble);
    CHECK(result["lpf"].value == Approx(average(all)).epsilon(1e-6));
    CHECK(result["lpf"].high - result["lpf"].value == Approx(half_width(all, 2.776445)).epsilon(1e-4));
    CHECK(result["lpf_minus_loss"].value == Approx(average(all) - average(base)).epsilon(1e-5));
  }
}

TEST_CASE("LPF without noise is the loss; images are refused in a sentence") {
  auto m = toy_model();
  auto data = dataset("toy_data");
  const Result result = measure("lpf", {{"sigma", 0.0}}, {nullptr, m, nullptr}, data, process);
  CHECK(result["lpf"].value == result["loss"].value);
  CHECK(result["lpf_minus_loss"].value == 0);
  const auto images = [&] { measure("lpf", {}, {images_of(*data, 10), nullptr, nullptr}, data); };
  CHECK(contains(refusal(images), "measures a model, not images"));
}

TEST_CASE("The optimal loss is the host's own, and the gap is the mean square distance from the best prediction") {
  auto m = toy_model();
  auto data = dataset("toy_data", {{"count", int64_t{1500}}});  // more than a block
  const std::vector<double> levels = {0, 3, 40, 200, 500, 800, 999};
  const Result result = measure("optimal_loss", {{"levels", levels}, {"queries", int64_t{50}}, {"batch", int64_t{16}}},
                                {nullptr, m, nullptr}, data, process);

  std::vector<int64_t> ids, all(1500);
  for (int64_t i = 0; i < 50; i++) ids.push_back(i * 30);
  for (int64_t i = 0; i < 1500; i++) all[static_cast<size_t>(i)] = i;
  const Tensor x0 = data->images(ids).flatten(1).to(at::kDouble), items = data->images(all).flatten(1).to(at::kDouble);
  const Tensor noise = basin::draw(basin::stream_of(7, BASIN_PURPOSE_MEASURE), BASIN_NORMAL, ids, {8}).to(at::kDouble);
  const auto weight =
      m->parameters().find("weight")->value.detach().repeat_interleave(4).reshape({1, 8}).to(at::kDouble);
  const auto bias = m->parameters().find("bias")->value.detach().to(at::kDouble);
  const auto loss = result.curve("loss"), optimal = result.curve("optimal"), gap = result.curve("gap");
  for (size_t l = 0; l < levels.size(); l++) {
    const auto t = static_cast<int64_t>(levels[l]);
    const double alpha = process->alpha(t), sigma = process->sigma(t);
    const auto best = basin::optimal_loss(items, x0, noise, {process->sigma_hat(t)}).at(0);
    CHECK(optimal[l] ==
          Approx(basin::per_dimension(best.loss, 8, basin::Target::epsilon, alpha, sigma)).epsilon(1e-6).margin(1e-12));
    const Tensor x = alpha * x0 + sigma * noise, prediction = x * weight + bias;
    const Tensor each = (prediction - noise).square().mean(1);  // of the queries
    CHECK(loss[l] == Approx(average(each)).epsilon(1e-5));
    if (levels[l] == 500) {  // its interval, and that of the mean over t where this is the only level
      const Result one = measure("optimal_loss", {{"levels", std::vector<double>{500}}, {"queries", int64_t{50}}},
                                 {nullptr, m, nullptr}, data, process);
      CHECK(one["loss"].value == Approx(loss[l]).epsilon(1e-6));
      CHECK(one["loss"].high - one["loss"].value == Approx(half_width(each, 2.009575)).epsilon(1e-4));
      for (const auto& c : result.json["curves"])
        if (c["name"] == "loss")
          CHECK(c["high"][l].get<double>() - loss[l] == Approx(half_width(each, 2.009575)).epsilon(1e-4));
    }
    const Tensor denoised = basin::optimal_denoiser(items, x / alpha, sigma / alpha);
    CHECK(gap[l] == Approx(average((prediction - (x - alpha * denoised) / sigma).square())).epsilon(1e-5));
  }
}

TEST_CASE("On Gaussian data the optimal loss is the formula, and gap + optimal agree with the loss") {
  auto m = toy_model();
  auto data =
      dataset("gaussian", {{"count", int64_t{20000}}, {"size", int64_t{2}}, {"channels", int64_t{2}}, {"mean", 0.3}});
  const std::vector<double> levels = {50, 500, 900};
  const Result result =
      measure("optimal_loss", {{"levels", levels}, {"queries", int64_t{20000}}, {"batch", int64_t{5000}}},
              {nullptr, m, nullptr}, data, process);
  const auto loss = result.curve("loss"), optimal = result.curve("optimal"), gap = result.curve("gap");
  for (size_t l = 0; l < levels.size(); l++) {
    const auto t = static_cast<int64_t>(levels[l]);
    const double alpha2 = process->alpha_bar()[t], expected = alpha2 * 0.25 / (alpha2 * 0.25 + 1 - alpha2);
    CHECK(optimal[l] == Approx(expected).epsilon(1e-9));
    CHECK(loss[l] == Approx(optimal[l] + gap[l]).epsilon(0.01));  // 160,000 numbers
  }
  CHECK(std::isnan(result["optimal"].low));
}

TEST_CASE("The default levels integrate an uneven loss over t within a few percent") {
  auto m = toy_model();
  at::NoGradGuard no_grad;
  m->parameters().groups().at(0).values.zero_();  // predicts 0: gap = |best prediction|^2 = 1 - optimal, in expectation
  auto data =
      dataset("gaussian", {{"count", int64_t{5000}}, {"size", int64_t{2}}, {"channels", int64_t{2}}, {"std", 0.1}});
  const Result result = measure("optimal_loss", {{"queries", int64_t{5000}}, {"batch", int64_t{5000}}},
                                {nullptr, m, nullptr}, data, process);
  double exact = 0;
  for (int64_t t = 0; t < 1000; t++) {
    const double alpha2 = process->alpha_bar()[t];
    exact += alpha2 * 0.01 / (alpha2 * 0.01 + 1 - alpha2) / 1000;
  }
  CHECK(result["optimal"].value == Approx(exact).epsilon(0.03));
  CHECK(result["gap"].value == Approx(1 - exact).epsilon(0.01));
  CHECK(result["gap"].low < result["gap"].value);
}

TEST_CASE("Levels that are outside or do not ascend are refused") {
  auto m = toy_model();
  auto data = dataset("toy_data");
  auto run = [&](std::vector<double> levels) {
    measure("optimal_loss", {{"levels", levels}}, {nullptr, m, nullptr}, data, process);
  };
  CHECK(contains(refusal([&] { run({10, 1000}); }), "outside 0..999"));
  CHECK(contains(refusal([&] { run({10, 10}); }), "must ascend"));
}
