// sgd and adam against their papers' formulas in double; clip by the norm it leaves; lr_schedule by closed forms.
#include "support.hpp"

namespace {

using namespace test;

constexpr double pi = 3.14159265358979323846;

// Gradients with nothing special about them, of a loss that is not convex.
Tensor bumpy(const Tensor& w, int64_t call) {
  return w.sin() * 2 + w * 0.5 + 0.1 * std::cos(static_cast<double>(call));
}

// The worst difference of any weight, in units of `unit`.
double worst(const Tensor& a, const Tensor& b, double unit) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>() / unit;
}

}  // namespace

TEST_CASE("sgd is w - lr g, and with momentum, Nesterov and decay PyTorch's formulas") {
  struct Case {
    double momentum, decay;
    bool nesterov;
  };
  for (const auto& [momentum, decay, nesterov] :
       {Case{0, 0, false}, Case{0.9, 0, false}, Case{0.9, 0, true}, Case{0.8, 0.05, true}, Case{0, 0.05, false}}) {
    const double lr = 0.03;
    Workbench bench(
        spec("optimizer", "sgd", {{"lr", lr}, {"momentum", momentum}, {"weight_decay", decay}, {"nesterov", nesterov}}),
        some_values(1), bumpy);
    Tensor w = bench.values().to(at::kDouble), v = at::zeros_like(w);
    for (int64_t step = 0; step < 30; step++) {
      bench.step();
      REQUIRE(bench.visits.size() == 1);
      const Tensor g = bumpy(w, step) + decay * w;
      v = momentum * v + g;
      w = w - lr * (nesterov ? g + momentum * v : momentum > 0 ? v : g);
    }
    INFO("momentum " << momentum << ", decay " << decay << ", nesterov " << nesterov);
    CHECK(worst(w, bench.values(), 1e-6) < 3);
  }
  CHECK(std::string(error_of([] {
                      object("optimizer", "sgd", {{"nesterov", true}});
                    }).what())
            .find("momentum") != std::string::npos);
}

TEST_CASE("plain sgd takes one step bit for bit as float32 takes it") {
  const Tensor begin = some_values(2);
  Workbench bench(spec("optimizer", "sgd", {{"lr", 0.25}}), begin, bumpy);  // a rate that multiplies exactly
  bench.step();
  CHECK(same_bits(bench.values(), begin - 0.25f * bumpy(begin.to(at::kDouble), 0).to(at::kFloat)));
}

TEST_CASE("adam is AdamW in double, over many steps and after a restart") {
  for (double decay : {0.0, 0.02}) {
    const double lr = 0.01, b1 = 0.8, b2 = 0.95, eps = 1e-6;
    const auto options = [&] {
      return spec("optimizer", "adam",
                  {{"lr", lr}, {"beta1", b1}, {"beta2", b2}, {"eps", eps}, {"weight_decay", decay}});
    };
    auto bench = std::make_unique<Workbench>(options(), some_values(3), bumpy);
    Tensor w = bench->values().to(at::kDouble), m = at::zeros_like(w), v = at::zeros_like(w);
    for (int64_t step = 0; step < 40; step++) {
      if (step == 17) {  // another process: the weights and the state are all there is
        auto again = std::make_unique<Workbench>(options(), bench->values(),
                                                 [](const Tensor& x, int64_t call) { return bumpy(x, call + 17); });
        again->state.restore(bench->state.save());
        bench = std::move(again);
      }
      bench->step();
      const Tensor g = bumpy(w, step);
      const double n = static_cast<double>(step + 1);
      w = w * (1 - lr * decay);
      m = b1 * m + (1 - b1) * g;
      v = b2 * v + (1 - b2) * g * g;
      w = w - lr * (m / (1 - std::pow(b1, n))) / ((v / (1 - std::pow(b2, n))).sqrt() + eps);
    }
    CHECK(worst(w, bench->values(), 1e-6) < 5);
  }
}

TEST_CASE("adam's first step is lr times the sign of the gradient, whatever its size") {
  const Tensor begin = at::zeros({Workbench::n});
  Workbench bench(spec("optimizer", "adam", {{"lr", 0.5}, {"eps", 0.0}}), begin,
                  [](const Tensor& w, int64_t) { return at::linspace(-8, 8, w.numel(), at::kDouble) * 1e3; });
  bench.gradients().fill_(1);
  bench.step();
  const Tensor expected = -0.5 * at::linspace(-8, 8, Workbench::n, at::kDouble).sign();
  Tensor moved = bench.values().to(at::kDouble);
  moved[8] = 0;  // 0/0 there: no gradient, no eps
  CHECK(worst(expected, moved, 1e-6) < 1);
}

TEST_CASE("clip leaves a gradient of at most its norm, in the same direction, and a shorter one as it is") {
  for (double norm : {0.5, 100.0, 0.0}) {
    const Tensor begin = some_values(4);
    Workbench bench(spec("optimizer", "clip", {{"norm", norm}, {"base", part("optimizer", "sgd", {{"lr", 0.0}})}}),
                    begin, bumpy);
    bench.step();
    const Tensor raw = bumpy(begin.to(at::kDouble), 0), clipped = bench.gradients().to(at::kDouble);
    const double length = raw.norm().item<double>(), left = clipped.norm().item<double>();
    CHECK(left == Approx(std::min(norm, length)).epsilon(1e-5).margin(1e-12));
    CHECK(relative(raw * (left / length), clipped) < 1e-6);
    if (norm > length) CHECK(same_bits(bench.gradients(), raw.to(at::kFloat)));
  }
}

TEST_CASE("clip uses one norm for all parameters together") {
  Workbench bench(spec("optimizer", "clip", {{"norm", 1.0}, {"base", part("optimizer", "sgd", {{"lr", 0.0}})}}),
                  some_values(5), [](const Tensor& w, int64_t) { return at::full_like(w, 3.0); });
  bench.step();
  // By parameter each would have norm 1: 1/sqrt(12) and 1/sqrt(5).
  CHECK(worst(bench.gradients(), at::full({Workbench::n}, 1 / std::sqrt(17.0), at::kDouble), 1e-6) < 1);
}

TEST_CASE("lr_schedule: constant, linear and cosine after a warm-up, by closed forms") {
  struct Case {
    std::string shape;
    int64_t warmup, steps;
    double floor;
  };
  for (const auto& c : {Case{"constant", 0, 0, 0}, Case{"constant", 4, 0, 0}, Case{"linear", 0, 10, 0},
                        Case{"linear", 3, 13, 0.2}, Case{"cosine", 0, 10, 0}, Case{"cosine", 5, 25, 0.1}}) {
    Workbench bench(spec("optimizer", "lr_schedule",
                         {{"shape", c.shape},
                          {"warmup", c.warmup},
                          {"steps", c.steps},
                          {"floor", c.floor},
                          {"base", part("optimizer", "sgd", {{"lr", 0.5}})}}),
                    at::zeros({Workbench::n}), [](const Tensor& w, int64_t) { return at::ones_like(w); });
    for (int64_t n = 0; n < 30; n++) {
      double expected = 1;
      const double u =
          c.steps ? std::min(1.0, static_cast<double>(n - c.warmup) / static_cast<double>(c.steps - c.warmup)) : 0;
      if (n < c.warmup) expected = static_cast<double>(n + 1) / static_cast<double>(c.warmup);
      else if (c.shape == "linear") expected = 1 - (1 - c.floor) * u;
      else if (c.shape == "cosine") expected = c.floor + (1 - c.floor) * (1 + std::cos(pi * u)) / 2;
      const Tensor before = bench.values().clone();
      bench.step();
      INFO(c.shape << " at step " << n);
      CHECK(bench.visits[0].rate == Approx(expected).epsilon(1e-6).margin(1e-7));
      // and the rate is what the base moves by
      CHECK(worst(before - bench.values(), at::full({Workbench::n}, 0.5 * expected, at::kDouble), 1e-6) < 1.5);
    }
  }
}

TEST_CASE("lr_schedule: hand-made values, and the run's length must be given where the rate falls") {
  const auto rates = [](const Options& options, int64_t steps) {
    Options all = options;
    all.push_back({"base", part("optimizer", "adam")});
    Workbench bench(spec("optimizer", "lr_schedule", all), some_values(6), bumpy);
    std::vector<double> out;
    for (int64_t n = 0; n < steps; n++) bench.step(), out.push_back(bench.visits[0].rate);
    return out;
  };
  const auto near = [](const std::vector<double>& a, const std::vector<double>& b) {
    REQUIRE(a.size() == b.size());
    for (size_t i = 0; i < a.size(); i++) CHECK(a[i] == Approx(b[i]).margin(1e-7));
  };
  near(rates({{"warmup", int64_t{4}}}, 6), {0.25, 0.5, 0.75, 1, 1, 1});
  near(rates({{"shape", std::string("linear")}, {"steps", int64_t{4}}}, 6), {1, 0.75, 0.5, 0.25, 0, 0});
  near(rates({{"shape", std::string("linear")}, {"steps", int64_t{4}}, {"floor", 0.6}}, 5), {1, 0.9, 0.8, 0.7, 0.6});
  near(rates({{"shape", std::string("cosine")}, {"steps", int64_t{4}}}, 5), {1, 0.8535534, 0.5, 0.1464466, 0});
  near(rates({{"shape", std::string("cosine")}, {"steps", int64_t{6}}, {"warmup", int64_t{2}}}, 7),
       {0.5, 1, 1, 0.8535534, 0.5, 0.1464466, 0});
  CHECK(says(refusal([&] { rates({{"shape", std::string("cosine")}}, 1); }), {"give steps above warmup"}));
}

TEST_CASE("lr_schedule goes on where it was after a restart") {
  const auto options = [] {
    return spec("optimizer", "lr_schedule",
                {{"shape", std::string("linear")}, {"steps", int64_t{10}}, {"base", part("optimizer", "sgd")}});
  };
  Workbench bench(options(), some_values(7), bumpy);
  for (int i = 0; i < 4; i++) bench.step();
  Workbench again(options(), bench.values(), bumpy);
  again.state.restore(bench.state.save());
  again.step();
  CHECK(again.visits[0].rate == Approx(0.6));
}
