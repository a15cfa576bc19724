// Steps as passes over arenas: Adam with an average in one pass, pieces of a large arena, and what a step reads back.
#include <basin/averager.h>

#include "support.hpp"

namespace {

using namespace test;

Tensor bumpy(const Tensor& w, int64_t call) {
  return w.sin() * 2 + w * 0.5 + 0.1 * std::cos(static_cast<double>(call));
}

// More than one piece (16,384), the last one of an odd length; a matrix for muon among them.
const Workbench::Shapes large = {{"a", {40, 1001}}, {"b", {977}}};
Tensor large_values() { return at::linspace(-3, 3, 40 * 1001 + 977, at::kFloat); }

std::shared_ptr<basin::Object> started_averager(const basin::Spec& what, Workbench& bench, basin::State& state) {
  auto averager = std::make_shared<basin::Object>(what);
  averager->call([&] {
    return averager->functions<basin_averager_functions>().start(averager->self(), &bench.parameters, &state);
  });
  return averager;
}
void update(const basin::Object& averager, int64_t step) {
  const basin::Context context(0, static_cast<uint64_t>(step - 1), {});
  averager.call([&] { return averager.functions<basin_averager_functions>().update(averager.self(), context.get()); });
}
Tensor average(const basin::Object& averager) {
  basin_tensor* out = nullptr;
  averager.call([&] { return averager.functions<basin_averager_functions>().average(averager.self(), 0, &out); });
  return basin::steal(out);
}

}  // namespace

TEST_CASE("adam_ema is adam and ema, on an arena of many pieces, also after a restart") {
  const Options adam = {{"lr", 0.03}, {"weight_decay", 0.1}};
  Options both = adam;
  both.push_back({"decay", 0.8});
  Workbench apart(spec("optimizer", "adam", adam), large_values(), bumpy, large);
  basin::State state, none;
  const auto ema = started_averager(spec("averager", "ema", {{"decay", 0.8}}), apart, state);

  auto fused = std::make_unique<Workbench>(spec("optimizer", "adam_ema", both), large_values(), bumpy, large);
  auto handed_out = started_averager(spec("averager", "adam_ema"), *fused, none);
  CHECK(same_bits(average(*handed_out), large_values()));  // it begins as a copy
  for (int64_t step = 0; step < 12; step++) {
    if (step == 5) {
      auto again = std::make_unique<Workbench>(
          spec("optimizer", "adam_ema", both), fused->values(),
          [](const Tensor& w, int64_t call) { return bumpy(w, call + 5); }, large);
      again->state.restore(fused->state.save());
      fused = std::move(again);
      handed_out = started_averager(spec("averager", "adam_ema"), *fused, none);
    }
    apart.step(), update(*ema, step + 1);
    fused->step(), update(*handed_out, step + 1);
    CHECK(relative(apart.values(), fused->values()) < 1e-7);
    CHECK(relative(average(*ema), average(*handed_out)) < 1e-7);
  }
  CHECK(relative(average(*ema), apart.values()) > 1e-3);

  Workbench plain(spec("optimizer", "adam"), large_values(), bumpy, large);
  CHECK(says(refusal([&] { started_averager(spec("averager", "adam_ema"), plain, none); }),
             {"train with that optimizer", "averager 'ema'"}));
}

TEST_CASE("optimizers do to every piece of a large arena what they do to a small one") {
  for (const char* name : {"lion", "rmsprop", "adamax", "adan"}) {
    Workbench whole(spec("optimizer", name, {{"lr", 0.02}, {"weight_decay", 0.1}}), large_values(), bumpy, large);
    for (int step = 0; step < 4; step++) whole.step();
    // 17 of its weights by themselves, around the border between two pieces and at the end.
    for (int64_t first : {0, 16384 - 8, 40 * 1001 + 977 - 17}) {
      Workbench some(spec("optimizer", name, {{"lr", 0.02}, {"weight_decay", 0.1}}),
                     large_values().slice(0, first, first + 17), bumpy);
      for (int step = 0; step < 4; step++) some.step();
      INFO(name << " from " << first);
      CHECK(relative(some.values(), whole.values().slice(0, first, first + 17)) < 1e-6);
    }
  }
}

TEST_CASE("the result does not depend on the number of threads") {
  const int before = at::get_num_threads();
  for (const char* name : {"lion", "rmsprop", "adamax", "adan", "adam_ema"}) {
    Tensor first;
    for (int threads : {1, 3}) {
      at::set_num_threads(threads);
      Workbench bench(spec("optimizer", name, {{"lr", 0.02}}), large_values(), bumpy, large);
      for (int step = 0; step < 3; step++) bench.step();
      if (threads == 1) first = bench.values().clone();
      INFO(name);
      CHECK(same_bits(first, bench.values()));
    }
  }
  at::set_num_threads(before);
}

TEST_CASE("a step reads no value back and writes none from the host, so that it can be captured") {
  const auto adam = part("optimizer", "adam");
  const auto accesses_of = [](const basin::Spec& what) {
    Workbench bench(what, some_values(51), bumpy);
    bench.step();
    const int64_t before = host_accesses();
    for (int step = 0; step < 3; step++) bench.step();
    return host_accesses() - before;
  };
  for (const char* name : {"sgd", "adam", "adam_ema", "lion", "rmsprop", "adamax", "adan", "muon"}) {
    INFO(name);
    CHECK(accesses_of(spec("optimizer", name)) == 0);
  }
  for (const char* shape : {"constant", "linear", "cosine", "cyclic"})
    CHECK(accesses_of(spec("optimizer", "lr_schedule",
                           {{"shape", std::string(shape)}, {"steps", int64_t{9}}, {"base", adam}})) == 0);
  for (const char* name :
       {"clip", "sam", "asam", "gsam", "looksam", "friendly_sam", "momentum_sam", "wsam", "random_sam", "lpf_sgd"}) {
    INFO(name);
    CHECK(accesses_of(spec("optimizer", name, {{"base", adam}})) == 0);
  }
  CHECK(accesses_of(spec("optimizer", "esam", {{"gamma", 1.0}, {"base", adam}})) == 0);

  // The counter sees what waits inside of an operator: a step of this one looks where gradients are not zero.
  CHECK(accesses_of(spec("optimizer", "peeking")) == 3);

  // The averager with a warm-up looks at its count: the counter sees it.
  Workbench bench(spec("optimizer", "adam"), some_values(51), bumpy);
  basin::State state;
  const auto plain = started_averager(spec("averager", "ema"), bench, state.child("a"));
  const auto warm =
      started_averager(spec("averager", "ema", {{"warmup", std::string("count")}}), bench, state.child("b"));
  const int64_t before = host_accesses();
  update(*plain, 1);
  CHECK(host_accesses() == before);
  update(*warm, 1);
  CHECK(host_accesses() == before + 1);
}
