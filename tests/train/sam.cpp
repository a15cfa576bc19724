// SAM: the ball, the exact restore, what its base sees, orders of nesting; on a model with dropout, both passes see the
// same randomness; in bf16, the second pass sees the moved weights. ESAM: which weights move, which samples count.
#include "support.hpp"
#include "train/closure.hpp"

namespace {

using namespace test;
using basin::StepClosure;

Tensor bumpy(const Tensor& w, int64_t) { return w.sin() * 2 + w * 0.5; }

basin::Spec sam(double rho, std::shared_ptr<const basin::Spec> base, bool adaptive = false) {
  return spec("optimizer", "sam", {{"rho", rho}, {"adaptive", adaptive}, {"base", std::move(base)}});
}
basin::Spec esam(double rho, double beta, double gamma, std::shared_ptr<const basin::Spec> base) {
  return spec("optimizer", "esam", {{"rho", rho}, {"beta", beta}, {"gamma", gamma}, {"base", std::move(base)}});
}
std::shared_ptr<const basin::Spec> sgd(double lr) { return part("optimizer", "sgd", {{"lr", lr}}); }

}  // namespace

TEST_CASE("SAM climbs by rho along the gradient, over all parameters together") {
  for (double rho : {0.01, 0.5, 3.0}) {
    Workbench bench(sam(rho, sgd(0.1)), some_values(11), bumpy);
    const Tensor begin = bench.values().clone();
    const double loss = bench.step();
    REQUIRE(bench.visits.size() == 2);
    CHECK(loss == 0);  // the loss at w, not the one at w + e
    CHECK(same_bits(bench.visits[0].values, begin));
    const Tensor e = (bench.visits[1].values.to(at::kDouble) - begin.to(at::kDouble));
    CHECK(e.norm().item<double>() == Approx(rho).epsilon(2e-5));
    // Together: neither parameter's part has norm rho by itself.
    CHECK(e.slice(0, 0, 12).norm().item<double>() < 0.99 * rho);
    CHECK(e.slice(0, 12).norm().item<double>() < 0.99 * rho);
    const Tensor g = bumpy(begin.to(at::kDouble), 0);
    CHECK(e.dot(g).item<double>() == Approx(rho * g.norm().item<double>()).epsilon(1e-5));
  }
}

TEST_CASE("adaptive SAM climbs by rho w^2 g / |w g|") {
  const double rho = 0.2;
  Workbench bench(sam(rho, sgd(0.1), true), some_values(12), bumpy);
  const Tensor w = bench.values().to(at::kDouble), g = bumpy(w, 0);
  bench.step();
  const Tensor e = bench.visits[1].values.to(at::kDouble) - w;
  CHECK(relative(rho * w * w * g / (w.abs() * g).norm(), e) < 2e-5);
}

TEST_CASE("SAM's base steps from the weights it found, bit for bit, with the gradients from above") {
  for (const char* name : {"sgd", "adam"}) {
    const Options options = {{"lr", 0.03}};
    Workbench bench(sam(0.3, part("optimizer", name, options)), some_values(13), bumpy);
    // The base alone, given the gradients that SAM's second pass found.
    std::vector<Tensor> above;
    Workbench alone(spec("optimizer", name, options), bench.values(),
                    [&](const Tensor&, int64_t call) { return above.at(static_cast<size_t>(call)).to(at::kDouble); });
    for (int64_t step = 0; step < 10; step++) {
      bench.step();
      above.push_back(bench.gradients().clone());  // what the second pass left
      REQUIRE(same_bits(above.back(), bumpy(bench.visits[1].values.to(at::kDouble), 0).to(at::kFloat)));
      alone.step();
      INFO(name << ", step " << step);
      CHECK(same_bits(bench.values(), alone.values()));
    }
    // The check can fail: the gradients at w lead elsewhere.
    Workbench plain(spec("optimizer", name, options), some_values(13), bumpy);
    for (int64_t step = 0; step < 10; step++) plain.step();
    CHECK(!same_bits(bench.values(), plain.values()));
  }
}

TEST_CASE("SAM leaves the weights bit for bit where the rate is 0") {
  const Tensor begin = some_values(14, 100);  // w + e - e would not come back
  Workbench bench(sam(0.7, sgd(0)), begin, bumpy);
  for (int i = 0; i < 5; i++) bench.step();
  CHECK(!same_bits(bench.visits[1].values, begin));
  CHECK(same_bits(bench.values(), begin));
}

TEST_CASE("SAM without a gradient stays where it is, and has no NaN") {
  Workbench bench(sam(0.1, sgd(0.1)), some_values(15), [](const Tensor& w, int64_t) { return at::zeros_like(w); });
  bench.step();
  CHECK(same_bits(bench.visits[1].values, some_values(15)));
  CHECK(same_bits(bench.values(), some_values(15)));
}

TEST_CASE("SAM puts the weights back when the second pass fails, and passes the failure on as it is") {
  for (basin_status status : {BASIN_ERROR_RUNTIME, BASIN_ERROR_INTERRUPTED}) {
    Workbench bench(sam(0.1, part("optimizer", "adam")), some_values(16), bumpy);
    bench.before_call = [&](int64_t call) {
      if (call == 1) throw basin::Error("the second pass failed", status);
    };
    const basin::Error error = error_of([&] { bench.step(); });
    CHECK(error.status == status);
    CHECK(std::string(error.what()).find("the second pass failed") != std::string::npos);
    CHECK(same_bits(bench.values(), some_values(16)));
  }
}

TEST_CASE("clip around sam clips both gradients; sam around clip clips the one it ends with") {
  const double limit = 0.25;
  const auto clip = [&](std::shared_ptr<const basin::Spec> base) {
    return spec("optimizer", "clip", {{"norm", limit}, {"base", std::move(base)}});
  };
  const auto adam = part("optimizer", "adam");
  const Tensor begin = some_values(17);
  const double raw = bumpy(begin.to(at::kDouble), 0).norm().item<double>();
  REQUIRE(raw > 2 * limit);

  Workbench outside(clip(std::make_shared<const basin::Spec>(sam(0.1, adam))), begin, bumpy);
  outside.step();
  REQUIRE(outside.visits.size() == 2);
  CHECK(outside.visits[1].gradients.norm().item<double>() == Approx(limit).epsilon(1e-5));  // the first, clipped
  CHECK(outside.gradients().norm().item<double>() == Approx(limit).epsilon(1e-5));          // the second

  Workbench inside(sam(0.1, std::make_shared<const basin::Spec>(clip(adam))), begin, bumpy);
  inside.step();
  REQUIRE(inside.visits.size() == 2);
  CHECK(inside.visits[1].gradients.norm().item<double>() == Approx(raw).epsilon(1e-5));  // the first, as it was
  CHECK(inside.gradients().norm().item<double>() == Approx(limit).epsilon(1e-5));

  // Either way e has norm rho: SAM normalises.
  for (Workbench* bench : {&outside, &inside})
    CHECK((bench->visits[1].values - begin).norm().item<double>() == Approx(0.1).epsilon(1e-4));
}

namespace {

// One step of an optimizer on a model's own closure, with every pass recorded.
struct Passes {
  basin::TrainOptions options;
  basin::State state, schedule_state;
  basin::Batch batch;
  std::unique_ptr<StepClosure> closure;
  std::unique_ptr<Recorder> recorder;
  Passes(std::shared_ptr<basin::Model> model, basin::Spec optimizer, int64_t at_step = 3)
      : options(tiny_training(std::move(model), std::make_shared<basin::Object>(std::move(optimizer)))) {
    options.input_perturbation = 0.1;
    basin::start_optimizer(*options.optimizer, options.model->parameters(), state);
    start_noise_schedule(options, schedule_state);
    batch = basin::Batches(options.data, 5, options.batch, true, at_step).next();
    closure = std::make_unique<StepClosure>(options, batch, 5, at_step);
    recorder = std::make_unique<Recorder>(closure->get(), options.model->parameters());
    recorder->per_sample = true;
    test::step(*options.optimizer, closure->context().get(), &recorder->closure);
  }
  const std::vector<Recorder::Call>& calls() const { return recorder->calls; }
};

std::shared_ptr<basin::Model> random_unet(double dropout, basin::Precision precision) {
  auto m = tiny_unet({{"dropout", dropout}});
  randomize(*m, 21, 0.08);
  m->to(at::kCPU, precision);
  return m;
}

}  // namespace

TEST_CASE("on a model with dropout, both passes of SAM see the same images, levels, noise and masks") {
  for (auto precision : {basin::Precision::fp32, basin::Precision::bf16}) {
    const Passes passes(random_unet(0.5, precision), sam(0, sgd(0.1)));
    REQUIRE(passes.calls().size() == 2);
    const auto &first = passes.calls()[0], &second = passes.calls()[1];
    REQUIRE(same_bits(first.values, second.values));  // rho = 0
    CHECK(same_bits(first.loss, second.loss));
    CHECK(same_bits(first.losses, second.losses));
    CHECK(same_bits(first.gradients, second.gradients));
    // The check can fail: dropout is on, and another step draws other numbers.
    const Passes none(random_unet(0, precision), sam(0, sgd(0.1)));
    CHECK(!same_bits(first.losses, none.calls()[0].losses));
    const Passes other(random_unet(0.5, precision), sam(0, sgd(0.1)), 4);
    CHECK(!same_bits(first.losses, other.calls()[0].losses));
  }
}

TEST_CASE("the second pass of SAM runs on the moved weights, in bf16 too") {
  for (auto precision : {basin::Precision::fp32, basin::Precision::bf16}) {
    const auto model = random_unet(0.3, precision);
    const Tensor begin = arena(model->parameters());
    const Passes passes(model, sam(0.5, sgd(0)));
    REQUIRE(passes.calls().size() == 2);
    const auto &first = passes.calls()[0], &second = passes.calls()[1];
    CHECK((second.values - begin).norm().item<double>() == Approx(0.5).epsilon(1e-3));
    CHECK(!same_bits(first.loss, second.loss));
    CHECK(second.loss.item<double>() > first.loss.item<double>());
    CHECK(same_bits(arena(model->parameters()), begin));

    // A model that never had other weights than w + e says the same, to the last bit: no cast of w was kept.
    const auto fresh = random_unet(0.3, precision);
    fresh->parameters().groups()[0].values.copy_(second.values);
    const Passes there(fresh, *sgd(0));
    CHECK(same_bits(there.calls()[0].loss, second.loss));
    CHECK(same_bits(there.calls()[0].gradients, second.gradients));
  }
}

TEST_CASE("the noise schedule learns from SAM's first pass alone, once, and from unweighted losses") {
  auto model = random_unet(0.3, basin::Precision::fp32);
  basin::TrainOptions o = tiny_training(model, std::make_shared<basin::Object>(sam(2.0, sgd(0.1))));
  o.noise_schedule = object("noise_schedule", "loss_second_moment", {{"history", int64_t{1}}});
  basin::State state, schedule;
  basin::start_optimizer(*o.optimizer, model->parameters(), state);
  start_noise_schedule(o, schedule);
  // A history that makes some levels common, with a weight far from 1.
  Tensor losses = at::ones({25, 1}, at::kDouble), counts = at::ones({25}, at::kLong);
  losses.slice(0, 0, 5).fill_(50);
  schedule.restore({{"losses", losses}, {"counts", counts}});

  const basin::Batch batch = basin::Batches(o.data, 5, o.batch, true, 0).next();
  StepClosure closure(o, batch, 5, 0);
  Recorder recorder(closure.get(), model->parameters());
  recorder.per_sample = true;
  test::step(*o.optimizer, closure.context().get(), &recorder.closure);
  closure.update_noise_schedule();
  REQUIRE(recorder.calls.size() == 2);

  const auto after = schedule.save();
  CHECK(after.at("counts").sum().item<int64_t>() == 25 + o.batch);
  // What is in the history now, beyond what was: only losses of the first pass, as they are.
  const Tensor first = recorder.calls[0].losses.to(at::kDouble);
  const Tensor changed = after.at("losses").masked_select(after.at("counts").unsqueeze(1) > 1);
  REQUIRE(changed.numel() > 0);
  for (int64_t i = 0; i < changed.numel(); i++) CHECK((first == changed[i]).any().item<bool>());
  // The loss that is reported is the weighted mean of the first pass.
  CHECK(closure.loss() == Approx(recorder.calls[0].loss.item<double>()));
  CHECK(closure.loss() != Approx(first.mean().item<double>()));
}

TEST_CASE("ESAM moves a share beta of the weights by rho g / (beta |g|), another one in each step") {
  const double rho = 0.3, beta = 0.6;
  const Tensor begin = some_values(18);
  Workbench bench(esam(rho, beta, 1, sgd(0)), begin, bumpy);
  const Tensor g = bumpy(begin.to(at::kDouble), 0), full = rho / beta * g / g.norm();
  int64_t moved = 0, steps = 200;
  Tensor ever = at::zeros({Workbench::n}, at::kBool);
  for (int64_t step = 0; step < steps; step++) {
    bench.step();
    REQUIRE(bench.visits.size() == 2);
    CHECK(same_bits(bench.values(), begin));
    const Tensor e = bench.visits[1].values.to(at::kDouble) - begin.to(at::kDouble), at = e.abs() > 1e-4 * full.abs();
    CHECK((e - at * full).abs().max().item<double>() < 1e-6);
    moved += at.sum().item<int64_t>();
    ever = ever.logical_or(at);
  }
  const double share = static_cast<double>(moved) / static_cast<double>(steps * Workbench::n);
  CHECK(std::abs(share - beta) < 4 * std::sqrt(beta * (1 - beta) / static_cast<double>(steps * Workbench::n)));
  CHECK(ever.all().item<bool>());
}

TEST_CASE("ESAM with all weights and all samples is SAM, bit for bit") {
  for (const char* name : {"sgd", "adam"}) {
    const auto base = part("optimizer", name, {{"lr", 0.03}});
    Workbench one(esam(0.3, 1, 1, base), some_values(19), bumpy), two(sam(0.3, base), some_values(19), bumpy);
    for (int step = 0; step < 10; step++) one.step(), two.step();
    CHECK(same_bits(one.values(), two.values()));
    Workbench part(esam(0.3, 0.5, 1, base), some_values(19), bumpy);
    for (int step = 0; step < 10; step++) part.step();
    CHECK(!same_bits(one.values(), part.values()));
  }
}

TEST_CASE("ESAM's second gradients are of the samples whose losses grew most, without a backward pass to choose them") {
  const auto model = random_unet(0.4, basin::Precision::fp32);
  const Tensor begin = arena(model->parameters());
  const Passes passes(model, esam(0.5, 0.7, 0.5, sgd(0)));
  REQUIRE(passes.calls().size() == 3);
  const auto &at_w = passes.calls()[0], &above = passes.calls()[1], &last = passes.calls()[2];
  CHECK((at_w.subset.empty() && above.subset.empty()));
  CHECK((!at_w.losses_alone && above.losses_alone && !last.losses_alone));
  CHECK(same_bits(at_w.values, begin));
  CHECK(same_bits(above.values, last.values));
  CHECK(same_bits(above.gradients, at_w.gradients));  // nobody wrote there
  CHECK(same_bits(arena(model->parameters()), begin));

  const Tensor growth = above.losses - at_w.losses, order = growth.argsort(0, true);
  REQUIRE(growth.numel() == 8);
  std::vector<int64_t> expected;
  for (int64_t i = 0; i < 4; i++) expected.push_back(order[i].item<int64_t>());
  std::sort(expected.begin(), expected.end());
  CHECK(last.subset == expected);
  // The samples kept have the losses that they had among all, dropout and all.
  CHECK(relative(above.losses.index_select(0, at::tensor(expected)), last.losses) < 1e-5);

  // Their gradients are the mean of the gradients of each alone.
  model->parameters().groups()[0].values.copy_(last.values);
  Tensor sum = at::zeros_like(begin);
  for (int64_t row : expected) {
    basin_closure_request request{};
    request.size = sizeof request, request.subset = &row, request.n_subset = 1;
    basin_closure_result result{};
    result.size = sizeof result;
    REQUIRE(passes.closure->get()->run(passes.closure->get()->user, &request, &result) == BASIN_OK);
    basin::steal(result.loss);
    sum += model->parameters().groups()[0].gradients;
  }
  CHECK(relative(sum / 4, last.gradients) < 1e-5);
  CHECK(relative(at_w.gradients, last.gradients) > 0.05);
}

TEST_CASE("a closure gives the losses of the rows asked for, in their order, and refuses rows that there are not") {
  const Passes passes(random_unet(0.4, basin::Precision::fp32), *sgd(0));
  const auto losses = [&](std::vector<int64_t> rows) {
    basin_closure_request request{};
    request.size = sizeof request, request.per_sample = 1, request.no_gradients = 1;
    request.subset = rows.data(), request.n_subset = static_cast<uint32_t>(rows.size());
    basin_closure_result result{};
    result.size = sizeof result;
    if (passes.closure->get()->run(passes.closure->get()->user, &request, &result) != BASIN_OK)
      throw basin::Error(basin::last_error());
    basin::steal(result.loss);
    return basin::steal(result.sample_losses);
  };
  const Tensor all = passes.calls()[0].losses;
  CHECK(relative(all.flip(0), losses({7, 6, 5, 4, 3, 2, 1, 0})) < 1e-5);
  CHECK(relative(all.slice(0, 2, 4), losses({2, 3})) < 1e-5);
  CHECK(says(refusal([&] { losses({0, 8}); }), {"rows of the batch", "0 to 7"}));
}
