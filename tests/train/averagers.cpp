// EMA and SWA against their closed forms in double, alone and in a training.
#include <basin/averager.h>

#include "support.hpp"

namespace {

using namespace test;

// An averager on parameters whose values a test writes: a random walk of 17 weights.
struct Walk {
  basin::Parameters parameters;
  basin::State state;
  std::shared_ptr<basin::Object> averager;
  basin_averager_functions functions{};
  std::vector<Tensor> seen;  // the weights after each step, in double; first the ones before all steps

  Walk(basin::Spec what, const Tensor& begin) : averager(std::make_shared<basin::Object>(std::move(what))) {
    functions = averager->functions<basin_averager_functions>();
    parameters.add("a", {3, 4}, {});
    parameters.add("b", {5}, {});
    parameters.lay_out(at::kCPU, at::MemoryFormat::Contiguous);
    at::NoGradGuard no_grad;
    values().copy_(begin);
    seen.push_back(values().to(at::kDouble));
    averager->call([&] { return functions.start(averager->self(), &parameters, &state); });
  }
  Tensor& values() { return parameters.groups()[0].values; }
  void step(int64_t number) {
    at::NoGradGuard no_grad;
    values().add_(some_values(100 + static_cast<uint64_t>(number), 0.3));
    seen.push_back(values().to(at::kDouble));
    const basin::Context context(0, static_cast<uint64_t>(number - 1), {});
    averager->call([&] { return functions.update(averager->self(), context.get()); });
  }
  Tensor average() {
    basin_tensor* out = nullptr;
    averager->call([&] { return functions.average(averager->self(), 0, &out); });
    return basin::steal(out);
  }
};

double worst(const Tensor& a, const Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

Tensor mean_of(const std::vector<Tensor>& seen, const std::vector<int64_t>& steps) {
  Tensor sum = at::zeros_like(seen[0]);
  for (int64_t s : steps) sum += seen.at(static_cast<size_t>(s));
  return sum / static_cast<double>(steps.size());
}

}  // namespace

TEST_CASE("EMA is d^n w0 + sum (1-d) d^(n-k) w_k over 50 steps") {
  for (double d : {0.0, 0.5, 0.9, 0.9999, 1.0}) {
    Walk walk(spec("averager", "ema", {{"decay", d}}), some_values(31));
    CHECK(same_bits(walk.average(), some_values(31)));  // it begins as a copy
    for (int64_t n = 1; n <= 50; n++) {
      walk.step(n);
      Tensor expected = std::pow(d, static_cast<double>(n)) * walk.seen[0];
      for (int64_t k = 1; k <= n; k++)
        expected += (1 - d) * std::pow(d, static_cast<double>(n - k)) * walk.seen[static_cast<size_t>(k)];
      INFO("decay " << d << ", step " << n);
      CHECK(worst(expected, walk.average()) < 2e-6);
    }
    if (d == 0) CHECK(same_bits(walk.average(), walk.values()));
    if (d == 1) CHECK(same_bits(walk.average(), some_values(31)));
  }
}

TEST_CASE("EMA's warm-ups are the forms they name") {
  for (std::string warmup : {"count", "ramp"}) {
    const double d = 0.95;
    Walk walk(spec("averager", "ema", {{"decay", d}, {"warmup", warmup}}), some_values(32));
    Tensor expected = walk.seen[0];
    for (int64_t n = 0; n < 400; n++) {
      walk.step(n + 1);
      double at = 0;
      if (warmup == "count") at = std::min(d, static_cast<double>(1 + n) / static_cast<double>(10 + n));
      else if (n > 0) at = std::pow(0.5, 1 / std::min(std::log(0.5) / std::log(d), static_cast<double>(n) / 20));
      expected = at * expected + (1 - at) * walk.seen.back();
    }
    CHECK(worst(expected, walk.average()) < 1e-5);
  }
}

TEST_CASE("EMA, SWA, Switch EMA and post-hoc EMA go on after a restart, bit for bit") {
  const std::map<std::string, Options> all = {{"ema", {{"decay", 0.9}, {"warmup", std::string("count")}}},
                                              {"swa", {{"start", int64_t{3}}, {"every", int64_t{2}}}},
                                              {"switch_ema", {{"decay", 0.9}, {"every", int64_t{6}}}},
                                              {"post_hoc_ema", {{"every", int64_t{2}}, {"sigma_rel", 0.075}}}};
  for (const auto& [name, options] : all) {
    Walk whole(spec("averager", name, options), some_values(33));
    for (int64_t n = 1; n <= 20; n++) whole.step(n);
    for (int64_t stop : {1, 4, 5, 13}) {
      Walk first(spec("averager", name, options), some_values(33));
      for (int64_t n = 1; n <= stop; n++) first.step(n);
      // The new process starts the averager on fresh weights, then the checkpoint's come in.
      Walk second(spec("averager", name, options), some_values(99));
      at::NoGradGuard no_grad;
      second.values().copy_(first.values());
      second.state.restore(first.state.save());
      for (int64_t n = stop + 1; n <= 20; n++) second.step(n);
      INFO(name << " stopped after " << stop);
      CHECK(same_bits(second.average(), whole.average()));
    }
  }
}

TEST_CASE("SWA is the plain mean of its snapshots") {
  Walk walk(spec("averager", "swa", {{"every", int64_t{7}}}), some_values(34));
  std::vector<int64_t> taken;
  for (int64_t n = 1; n <= 50; n++) {
    walk.step(n);
    if (n % 7 == 0) taken.push_back(n);
    if (taken.empty()) CHECK(same_bits(walk.average(), walk.values()));  // nothing taken: the weights as they stand
    else CHECK(worst(mean_of(walk.seen, taken), walk.average()) < 2e-6);
  }
  CHECK(taken.size() == 7);
}

TEST_CASE("SWA that starts late counts its snapshots from there") {
  // n = i / c taken literally would leave the weights of the beginning with 36/46 of the mean.
  Walk walk(spec("averager", "swa", {{"start", int64_t{180}}, {"every", int64_t{5}}}), some_values(35));
  std::vector<int64_t> taken;
  for (int64_t n = 1; n <= 230; n++) {
    walk.step(n);
    if (n > 180 && (n - 180) % 5 == 0) taken.push_back(n);
    if (taken.size() == 1 && n == 185) CHECK(same_bits(walk.average(), walk.values()));  // the first one has all of it
  }
  REQUIRE(taken == std::vector<int64_t>{185, 190, 195, 200, 205, 210, 215, 220, 225, 230});
  CHECK(worst(mean_of(walk.seen, taken), walk.average()) < 1e-5);
  CHECK(worst(mean_of(walk.seen, {0}), walk.average()) > 0.1);
}

TEST_CASE("a training's averages are the closed forms over the weights that it went through") {
  Folder folder;
  auto model = tiny_unet();
  auto o = tiny_training(model, object("optimizer", "adam", {{"lr", 3e-3}}));
  o.averages = {{"slow", object("averager", "ema", {{"decay", 0.8}})},
                {"mean", object("averager", "swa", {{"start", int64_t{4}}, {"every", int64_t{3}}})}};
  std::vector<Tensor> seen;
  model->initialize(7);
  seen.push_back(arena(model->parameters()).to(at::kDouble));
  o.on_step = [&](const basin::TrainStep&) { seen.push_back(arena(model->parameters()).to(at::kDouble)); };
  const auto run = open_run(folder);
  const auto result = basin::train(*run, o);
  REQUIRE(seen.size() == 13);
  Tensor ema = seen[0];
  for (size_t n = 1; n < seen.size(); n++) ema = 0.8 * ema + 0.2 * seen[n];
  CHECK(relative(ema, arena(result.averages.at("slow")->parameters())) < 1e-6);
  CHECK(relative(mean_of(seen, {7, 10}), arena(result.averages.at("mean")->parameters())) < 1e-6);
  CHECK(relative(seen.back(), arena(result.averages.at("mean")->parameters())) > 1e-4);
  CHECK(same_bits(seen.back().to(at::kFloat), arena(model->parameters())));  // the raw weights stay beside them
  CHECK(result.averages.at("slow")->label == "slow");
  CHECK(model->averages.at("slow") == result.averages.at("slow"));
  // and they are in files of their own, under the model's names
  auto fresh = tiny_unet();
  fresh->load(basin::read_safetensors(run->checkpoints() / "mean.safetensors").tensors, "mean");
  CHECK(same_bits(arena(fresh->parameters()), arena(result.averages.at("mean")->parameters())));
}

namespace {

// The exponent of a width by bisection on the paper's cubic, apart from the plugin's way.
double exponent(double s) {
  const auto cubic = [s](double g) { return g * g * g + 7 * g * g + (16 - 1 / (s * s)) * g + 12 - 1 / (s * s); };
  double low = 0, high = 1e5;
  for (int i = 0; i < 100; i++) (cubic((low + high) / 2) < 0 ? low : high) = (low + high) / 2;
  return low;
}

// a_g over the weights of the walk, in double.
Tensor power_average(const std::vector<Tensor>& seen, double g) {
  Tensor a = at::zeros_like(seen[0]);
  for (size_t t = 1; t < seen.size(); t++) a += (seen[t] - a) * (1 - std::pow(1 - 1 / static_cast<double>(t), g + 1));
  return a;
}

std::shared_ptr<basin::Object> pema(const Options& more, int64_t every) {
  Options options{{"every", every}};
  options.insert(options.end(), more.begin(), more.end());
  return object("averager", "post_hoc_ema", options);
}

// What another averager, started afterwards on the same state, gives.
Tensor average_of(Walk& walk, const Options& more, int64_t every) {
  const auto other = pema(more, every);
  const auto functions = other->functions<basin_averager_functions>();
  basin::State state;
  state.restore(walk.state.save());  // as a checkpoint would bring it
  other->call([&] { return functions.start(other->self(), &walk.parameters, &state); });
  basin_tensor* out = nullptr;
  other->call([&] { return functions.average(other->self(), 0, &out); });
  return basin::steal(out);
}

}  // namespace

TEST_CASE("widths and exponents of power profiles belong together") {
  CHECK(exponent(0.05) == Approx(16.97).epsilon(1e-3));
  CHECK(exponent(0.10) == Approx(6.94).epsilon(1e-3));
}

TEST_CASE("post-hoc EMA's tracked averages are the power averages of the weights") {
  Walk walk(spec("averager", "post_hoc_ema", {{"every", int64_t{50}}}), some_values(41));
  CHECK(same_bits(walk.average(), some_values(41)));
  for (int64_t n = 1; n <= 120; n++) {
    walk.step(n);
    CHECK(worst(walk.average(), power_average(walk.seen, exponent(0.05))) < 2e-5);
  }
}

TEST_CASE("post-hoc EMA of any profile afterwards is what tracking it would have given, to 1e-4") {
  for (int64_t steps : {200, 201}) {  // with a snapshot at the end, and without
    Walk walk(spec("averager", "post_hoc_ema", {{"every", int64_t{2}}}), some_values(42));
    for (int64_t n = 1; n <= steps; n++) walk.step(n);
    for (double s : {0.045, 0.05, 0.06, 0.075, 0.1, 0.12, 0.15, 0.2}) {
      const Tensor online = power_average(walk.seen, exponent(s));
      const double off = relative(online, average_of(walk, {{"sigma_rel", s}}, 2));
      INFO("sigma_rel " << s << " after " << steps << " steps: off by " << off);
      CHECK(off < 1e-4);
      CHECK(relative(online, walk.seen.back()) > 1e-2);  // the check can fail
      CHECK(same_bits(average_of(walk, {{"sigma_rel", s}}, 2), average_of(walk, {{"gamma", exponent(s)}}, 2)));
    }
  }
}

TEST_CASE("post-hoc EMA refuses profiles that its snapshots do not span, and other snapshots") {
  Walk walk(spec("averager", "post_hoc_ema", {{"every", int64_t{20}}}), some_values(43));
  for (int64_t n = 1; n <= 100; n++) walk.step(n);
  const Tensor online = power_average(walk.seen, exponent(0.075));
  CHECK(relative(online, average_of(walk, {{"sigma_rel", 0.075}}, 20)) < 1e-2);
  CHECK(says(refusal([&] {
               average_of(walk, {{"sigma_rel", 0.25}}, 20);
             }),
             {"sigma_rel 0.25", "outside what the 10 snapshots span", "0.05 to 0.1", "more snapshots"}));
  CHECK(says(refusal([&] { average_of(walk, {{"gamma", 200.0}}, 20); }), {"gamma 200"}));
  CHECK(says(refusal([&] { average_of(walk, {{"sigma_rel", 0.075}}, 10); }), {"other values of every and tracked"}));
  CHECK(says(refusal([&] { pema({{"tracked", std::vector<double>{0.1}}}, 10); }), {"two widths"}));
}

TEST_CASE(
    "post-hoc EMA of weights that stand still is those weights, also where the snapshots miss the profile a little") {
  Walk walk(spec("averager", "post_hoc_ema", {{"every", int64_t{20}}}), some_values(45));
  for (uint64_t step = 0; step < 100; step++) {
    const basin::Context context(0, step, {});
    walk.averager->call([&] { return walk.functions.update(walk.averager->self(), context.get()); });
  }
  for (double s : {0.045, 0.075}) CHECK(worst(average_of(walk, {{"sigma_rel", s}}, 20), some_values(45)) < 1e-5);
}

TEST_CASE("Switch EMA is an EMA that the weights become after every so many steps") {
  const double d = 0.8;
  Walk walk(spec("averager", "switch_ema", {{"decay", d}, {"every", int64_t{4}}}), some_values(44));
  Tensor a = walk.seen[0];
  for (int64_t n = 1; n <= 10; n++) {
    walk.step(n);
    a = d * a + (1 - d) * walk.seen.back();
    CHECK(worst(walk.average(), a) < 1e-5);
    if (n % 4 == 0) CHECK(same_bits(walk.values(), walk.average()));
    else CHECK(worst(walk.values(), walk.seen.back()) == 0);
  }
}
