// What a training draws: each purpose from a stream of its own, by seed, step and row, as random.h says.
#include "support.hpp"
#include "train/closure.hpp"
#include "train/validation.hpp"

namespace {

using namespace test;

// What the loss was given at every call, in the order of rows.
struct Seen {
  std::vector<Tensor> x0, noise, t, perturbation;
  std::vector<double> gamma;
  basin::Loss loss() {
    return [this, simple = basin::find_loss("simple")](const basin::Denoise& denoise, const basin::LossInput& in) {
      x0.push_back(in.x0.clone()), noise.push_back(in.noise.clone()), t.push_back(in.t.clone());
      perturbation.push_back(in.perturbation.defined() ? in.perturbation.clone() : Tensor());
      gamma.push_back(in.gamma);
      return simple(denoise, in);
    };
  }
};

Tensor normal(uint64_t seed, uint32_t purpose, uint64_t step, const std::vector<int64_t>& rows, uint32_t slot = 0) {
  return basin::draw(basin::stream_of(seed, purpose, step, slot), BASIN_NORMAL, rows, {3, 8, 8});
}

std::vector<int64_t> count_up(int64_t n) {
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < n; i++) rows.push_back(i);
  return rows;
}

}  // namespace

TEST_CASE("noise and perturbation of a step are drawn by its number, from streams of their own") {
  for (int64_t parts : {1, 3}) {
    Folder folder;
    Seen seen;
    auto o = tiny_training(tiny_unet(), object("optimizer", "sgd", {{"lr", 0.0}}));
    o.steps = 3;
    o.accumulate = parts;
    o.input_perturbation = 0.25;
    o.loss = seen.loss();
    basin::train(*open_run(folder, 13), o);
    REQUIRE(static_cast<int64_t>(seen.noise.size()) == o.steps * parts);
    const auto rows = count_up(o.batch);
    for (int64_t step = 0; step < o.steps; step++) {
      std::vector<Tensor> noise, xi;
      for (int64_t part = 0; part < parts; part++) {
        const auto call = static_cast<size_t>(step * parts + part);
        noise.push_back(seen.noise[call]), xi.push_back(seen.perturbation[call]);
        CHECK(seen.gamma[call] == 0.25);
      }
      const auto at = static_cast<uint64_t>(step);
      CHECK(same_bits(at::cat(noise), normal(13, BASIN_PURPOSE_NOISE, at, rows)));
      CHECK(same_bits(at::cat(xi), normal(13, BASIN_PURPOSE_PERTURBATION, at, rows)));
    }
  }
}

TEST_CASE("SAM's second pass draws nothing of its own") {
  Folder folder;
  Seen seen;
  auto o = tiny_training(tiny_unet(), object("optimizer", "sam", {{"base", part("optimizer", "sgd", {{"lr", 0.0}})}}));
  o.steps = 2;
  o.input_perturbation = 0.25;
  o.loss = seen.loss();
  basin::train(*open_run(folder), o);
  REQUIRE(seen.noise.size() == 4);
  for (size_t step = 0; step < 2; step++)
    for (const auto* drawn : {&seen.x0, &seen.noise, &seen.t, &seen.perturbation})
      CHECK(same_bits((*drawn)[2 * step], (*drawn)[2 * step + 1]));
  CHECK(!same_bits(seen.noise[0], seen.noise[2]));
}

TEST_CASE("a training begins with the weights of its run's seed") {
  const auto first_weights = [](uint64_t seed) {
    Folder folder;
    auto o = tiny_training(tiny_unet(), object("optimizer", "sgd", {{"lr", 0.0}}));
    o.steps = 1;
    basin::train(*open_run(folder, seed), o);
    return arena(o.model->parameters());
  };
  const auto fresh = tiny_unet();
  for (uint64_t seed : {7, 8}) {
    fresh->initialize(seed);
    CHECK(same_bits(first_weights(seed), arena(fresh->parameters())));
  }
  CHECK(!same_bits(first_weights(7), first_weights(8)));
}

TEST_CASE("the validation loss has no perturbation, no dropout, and noise that knows nothing of the levels") {
  Seen seen;
  auto o = tiny_training(tiny_unet({{"dropout", 0.5}}), object("optimizer", "sgd"));
  randomize(*o.model, 3, 0.1);
  o.validation = dataset("shapes", {{"count", int64_t{64}}, {"size", int64_t{8}}, {"seed", int64_t{9}}});
  o.input_perturbation = 0.25;
  o.loss = seen.loss();
  const double loss = basin::validation_loss(o, 13);
  REQUIRE(seen.noise.size() == 1);
  CHECK(seen.gamma[0] == 0);
  CHECK_FALSE(seen.perturbation[0].defined());
  const auto ids = count_up(64);
  CHECK(same_bits(seen.noise[0], normal(13, BASIN_PURPOSE_MEASURE, 0, ids, 3)));
  const Tensor u = basin::draw(basin::stream_of(13, BASIN_PURPOSE_MEASURE, 0, 2), BASIN_UNIFORM, ids, {1}).flatten();
  CHECK(same_bits(seen.t[0], (u.to(at::kDouble) * 25).floor().to(at::kLong)));

  // The same weights in a model without dropout have the same loss; their mean over the items is the plain one.
  const auto plain = tiny_unet();
  plain->parameters().groups()[0].values.copy_(o.model->parameters().groups()[0].values);
  o.model = plain;
  CHECK(basin::validation_loss(o, 13) == Approx(loss).epsilon(1e-6));
}
