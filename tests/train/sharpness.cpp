// SAM's relatives against independent implementations (sharpness.json, written by make_sharpness.py), after a restart,
// and by closed forms where they draw at random.
#include <fstream>

#include "support.hpp"

namespace {

using namespace test;
using nlohmann::json;

const json& fixtures() {
  static const json all = json::parse(std::ifstream(BASIN_TESTS "/train/sharpness.json"));
  return all;
}
Tensor numbers(const json& list) { return at::tensor(list.get<std::vector<double>>(), at::kDouble); }
const Workbench::Shapes kShapes = {{"a.weight", {3, 4}}, {"a.bias", {5}}};

Options options_of(const json& table) {
  Options out;
  for (const auto& [name, value] : table.items()) {
    if (value.is_boolean()) out.push_back({name, value.get<bool>()});
    else if (value.is_string()) out.push_back({name, value.get<std::string>()});
    else if (value.is_number_integer()) out.push_back({name, value.get<int64_t>()});
    else out.push_back({name, value.get<double>()});
  }
  return out;
}

// The optimizer of a case on the fixture's loss, whose slope changes from step to step and not from pass to pass.
struct Case {
  int64_t done = 0;
  std::unique_ptr<Workbench> bench;
  explicit Case(const json& test, const Tensor& begin = numbers(fixtures()["begin"])) {
    Options options = options_of(test["options"]);
    options.push_back({"base", part("optimizer", test["base"], options_of(test["base_options"]))});
    bench = std::make_unique<Workbench>(
        spec("optimizer", test["optimizer"], options), begin,
        [this](const Tensor& w, int64_t) {
          return w.sin() * 2 + w / 2 + numbers(fixtures()["slopes"][static_cast<size_t>(done)]);
        },
        kShapes);
  }
  Case(const Case&) = delete;
  void step() { bench->step(), done++; }
};

Tensor smooth(const Tensor& w, int64_t) { return w.sin() * 2 + w / 2; }

}  // namespace

TEST_CASE("SAM and its relatives agree with independent implementations") {
  REQUIRE(fixtures()["cases"].size() == 22);
  for (const json& test : fixtures()["cases"]) {
    Case one(test);
    const Tensor begin = one.bench->values().to(at::kDouble);
    const auto stored = fixtures()["steps"].get<std::vector<int64_t>>();
    for (size_t i = 0; i < stored.size(); ++i) {
      while (one.done < stored[i]) one.step();
      const Tensor expected = numbers(test["after"][i]);
      const double off = (one.bench->values() - expected).abs().max().item<double>();
      const double moved = (expected - begin).abs().mean().item<double>();
      INFO(test["optimizer"] << " " << test["options"] << " around " << test["base"] << " by " << test["by"]
                             << ", step " << stored[i] << ": off by " << off << ", moved by " << moved);
      CHECK(off < 2e-6 + 2e-5 * moved);
      CHECK(moved > 1e-3);
    }
  }
}

TEST_CASE("a restart in between changes no bit of what SAM's relatives do") {
  for (const json& test : fixtures()["cases"]) {
    Case whole(test), first(test);
    for (int i = 0; i < 9; ++i) whole.step();
    for (int i = 0; i < 5; ++i) first.step();
    Case second(test, some_values(40));  // at step 5 of another training; then the checkpoint comes in
    for (int i = 0; i < 5; ++i) second.step();
    {
      at::NoGradGuard no_grad;
      second.bench->values().copy_(first.bench->values());
    }
    second.bench->state.restore(first.bench->state.save());
    for (int i = 0; i < 4; ++i) second.step();
    INFO(test["optimizer"] << " " << test["options"]);
    CHECK(same_bits(second.bench->values(), whole.bench->values()));
    CHECK(!same_bits(first.bench->values(), whole.bench->values()));
  }
}

TEST_CASE("SAM's relatives put the weights back bit for bit, and after an error in any pass") {
  const auto still = part("optimizer", "sgd", {{"lr", 0.0}});
  for (const char* name :
       {"sam", "asam", "gsam", "wsam", "looksam", "friendly_sam", "momentum_sam", "random_sam", "lpf_sgd"}) {
    INFO(name);
    const Tensor begin = some_values(41, 100);  // w + e - e would not come back
    Workbench bench(spec("optimizer", name, {{"base", still}}), begin, smooth, kShapes);
    bool away = false;
    size_t passes = 0;
    for (int i = 0; i < 4; ++i) {
      bench.step();
      passes = std::max(passes, bench.visits.size());
      for (const auto& visit : bench.visits) away = away || !same_bits(visit.values, begin);
      CHECK(same_bits(bench.values(), begin));
    }
    CHECK(away);
    for (size_t failing = 0; failing < passes; ++failing) {
      Workbench other(spec("optimizer", name, {{"base", still}}), begin, smooth, kShapes);
      other.before_call = [&](int64_t call) {
        if (call == static_cast<int64_t>(failing)) throw basin::Error("it failed", BASIN_ERROR_INTERRUPTED);
      };
      CHECK(error_of([&] { other.step(); }).status == BASIN_ERROR_INTERRUPTED);
      CHECK(same_bits(other.values(), begin));
    }
  }
}

TEST_CASE("how many gradients a step of each takes") {
  const auto passes = [](const char* name, Options options, int64_t steps) {
    options.push_back({"base", part("optimizer", "adam")});
    Workbench bench(spec("optimizer", name, options), some_values(42), smooth, kShapes);
    std::vector<size_t> all;
    for (int64_t i = 0; i < steps; ++i) bench.step(), all.push_back(bench.visits.size());
    return all;
  };
  for (const char* name : {"sam", "asam", "gsam", "wsam", "friendly_sam"})
    CHECK(passes(name, {}, 3) == std::vector<size_t>{2, 2, 2});
  for (const char* name : {"momentum_sam", "random_sam", "lpf_sgd"})
    CHECK(passes(name, {}, 3) == std::vector<size_t>{1, 1, 1});
  CHECK(passes("looksam", {{"every", int64_t{3}}}, 7) == std::vector<size_t>{2, 1, 1, 2, 1, 1, 2});
}

TEST_CASE("GSAM's radius goes with the learning rate, from rho to rho_min") {
  const auto gsam = part("optimizer", "gsam", {{"rho", 0.4}, {"rho_min", 0.1}, {"base", part("optimizer", "sgd")}});
  const Tensor begin = some_values(43);
  Workbench bench(
      spec("optimizer", "lr_schedule", {{"shape", std::string("linear")}, {"steps", int64_t{4}}, {"base", gsam}}),
      begin, smooth, kShapes);
  for (double rho : {0.4, 0.325, 0.25, 0.175, 0.1}) {
    const Tensor before = bench.values().to(at::kDouble);
    bench.step();
    CHECK((bench.visits[1].values.to(at::kDouble) - before).norm().item<double>() == Approx(rho).epsilon(1e-4));
  }
}

TEST_CASE("WSAM's own step goes with the learning rate too") {
  // The base stands still, so that each step is -rate lr k (s - g), with k = gamma / (1 - gamma).
  const auto wsam =
      part("optimizer", "wsam",
           {{"rho", 0.3}, {"gamma", 0.75}, {"decoupled_lr", 0.02}, {"base", part("optimizer", "sgd", {{"lr", 0.0}})}});
  Workbench bench(
      spec("optimizer", "lr_schedule", {{"shape", std::string("linear")}, {"steps", int64_t{4}}, {"base", wsam}}),
      some_values(46), smooth, kShapes);
  for (double rate : {1.0, 0.75, 0.5, 0.25, 0.0}) {
    const Tensor before = bench.values().to(at::kDouble);
    bench.step();
    const Tensor s = smooth(bench.visits[1].values.to(at::kDouble), 0), g = smooth(before, 0);
    const Tensor wanted = -rate * 0.02 * 3 * (s - g), moved = bench.values().to(at::kDouble) - before;
    CHECK((moved - wanted).abs().max().item<double>() < 1e-6);
    CHECK((rate == 0 || wanted.abs().max().item<double>() > 1e-3));
  }
}

TEST_CASE("random_sam looks at a point of the sphere, another one in each step, the same after a restart") {
  const auto make = [&] {
    return spec("optimizer", "random_sam", {{"rho", 0.7}, {"base", part("optimizer", "sgd", {{"lr", 0.0}})}});
  };
  const Tensor begin = some_values(44);
  Workbench bench(make(), begin, smooth, kShapes);
  std::vector<Tensor> directions;
  Tensor sum = at::zeros_like(begin, at::kDouble);
  for (int i = 0; i < 400; ++i) {
    bench.step();
    directions.push_back(bench.visits.back().values.to(at::kDouble) - begin);  // before it, in two steps, a look at w
    CHECK(directions.back().norm().item<double>() == Approx(0.7).epsilon(1e-5));
    sum += directions.back() / 0.7;
  }
  // Uniform: 400 unit vectors in 17 dimensions sum to length 20 in the mean, and any two are nearly at right angles.
  CHECK(sum.norm().item<double>() < 40);
  CHECK((directions[0] - directions[1]).norm().item<double>() > 0.3);
  Workbench again(make(), begin, smooth, kShapes);
  again.step(), again.step();
  CHECK(same_bits(again.visits[0].values.to(at::kDouble) - begin, directions[1]));
}

TEST_CASE("LPF-SGD's noise has the deviation sigma_t |filter| in each filter") {
  const double sigma = 0.1;
  const Tensor begin = some_values(45);
  Workbench bench(spec("optimizer", "lpf_sgd",
                       {{"sigma", sigma},
                        {"increase", 3.0},
                        {"steps", int64_t{400}},
                        {"base", part("optimizer", "sgd", {{"lr", 0.0}})}}),
                  begin, smooth, kShapes);
  Tensor squares = at::zeros({17}, at::kDouble);
  for (int i = 0; i < 400; ++i) {
    bench.step();
    const double now = sigma * (1 + 3.0 / 2 * (1 - std::cos(3.14159265358979323846 * i / 400)));
    const Tensor e = (bench.visits[0].values.to(at::kDouble) - begin.to(at::kDouble)) / now;
    squares += e.square() / 400;
  }
  const Tensor w = begin.to(at::kDouble), rows = w.slice(0, 0, 12).view({3, 4});
  const Tensor norms =
      at::cat({rows.norm(2, {1}, true).expand({3, 4}).reshape({12}), w.slice(0, 12).norm().expand({5})});
  const Tensor ratio = squares.sqrt() / norms;  // each a deviation of 400 draws: 1, give or take 0.035
  CHECK((ratio - 1).abs().max().item<double>() < 0.16);
  CHECK(ratio.mean().item<double>() == Approx(1).epsilon(0.03));
}
