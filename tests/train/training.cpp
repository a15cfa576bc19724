// The training loop and its closure: accumulation, what stops a training and what is left then, a second training of
// one model.
#include "abi/log.hpp"
#include "support.hpp"
#include "train/closure.hpp"

namespace {

using namespace test;

std::vector<std::string> checkpoints_of(const basin::Run& run) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(run.checkpoints()))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::shared_ptr<basin::Object> adam(double lr = 1e-3) { return object("optimizer", "adam", {{"lr", lr}}); }

// The loss "simple", with a hand in it at one call (counted from 0).
basin::Loss tampered(int64_t at, std::function<Tensor(const Tensor& per_sample)> hand) {
  auto calls = std::make_shared<int64_t>(0);
  return [=, simple = basin::find_loss("simple")](const basin::Denoise& denoise, const basin::LossInput& in) {
    basin::LossOutput out = simple(denoise, in);
    if ((*calls)++ == at) out.per_sample = hand(out.per_sample);
    return out;
  };
}

struct Outcome {
  Tensor gradients, losses;
  double loss;
};
// One run of the closure at random weights.
Outcome run_closure(int64_t accumulate, std::vector<int64_t> subset = {}) {
  auto model = tiny_unet({{"dropout", 0.4}, {"learned_variance", true}});
  randomize(*model, 3, 0.08);
  auto o = tiny_training(model, adam());
  o.accumulate = accumulate;
  o.loss = basin::find_loss("hybrid");
  o.input_perturbation = 0.2;
  o.noise_schedule = object("noise_schedule", "loss_second_moment", {{"history", int64_t{1}}});
  basin::State schedule;
  start_noise_schedule(o, schedule);
  Tensor losses = at::ones({25, 1}, at::kDouble);
  losses.slice(0, 0, 8).fill_(20);  // weights that differ
  schedule.restore({{"losses", losses}, {"counts", at::ones({25}, at::kLong)}});
  const basin::Batch batch = basin::Batches(o.data, 5, o.batch, true, 2).next();
  basin::StepClosure closure(o, batch, 5, 2);
  basin_closure_request request{};
  request.size = sizeof request;
  request.per_sample = 1;
  if (!subset.empty()) request.subset = subset.data(), request.n_subset = static_cast<uint32_t>(subset.size());
  basin_closure_result result{};
  result.size = sizeof result;
  basin::check(closure.get()->run(closure.get()->user, &request, &result));
  const Tensor loss = basin::steal(result.loss);
  return {model->parameters().groups()[0].gradients.clone(), basin::steal(result.sample_losses), loss.item<double>()};
}

}  // namespace

TEST_CASE("gradients accumulated over parts of a batch are those of the whole, with dropout and weights") {
  const Outcome whole = run_closure(1);
  REQUIRE(whole.losses.numel() == 8);
  for (int64_t parts : {2, 3, 4, 8}) {  // 3: 3 + 3 + 2 images
    const Outcome same = run_closure(parts);
    INFO(parts << " parts");
    CHECK(relative(whole.gradients, same.gradients) < 2e-6);
    CHECK(relative(whole.losses, same.losses) < 2e-6);
    CHECK(same.loss == Approx(whole.loss).epsilon(1e-6));
  }
}

TEST_CASE("a subset of the batch sees the draws of its own rows") {
  const Outcome whole = run_closure(1), some = run_closure(1, {5, 0, 6}), pieces = run_closure(3, {5, 0, 6});
  REQUIRE(some.losses.numel() == 3);
  CHECK(relative(whole.losses.index_select(0, at::tensor({5, 0, 6})), some.losses) < 2e-6);
  CHECK(relative(some.gradients, pieces.gradients) < 2e-6);
  CHECK(relative(whole.gradients, some.gradients) > 0.01);
}

TEST_CASE("the closure writes no more than its caller has room for, and computes nothing where there is none") {
  auto o = tiny_training(tiny_unet(), adam());
  basin::State schedule;
  start_noise_schedule(o, schedule);
  const basin::Batch batch = basin::Batches(o.data, 5, o.batch, true, 0).next();
  basin::StepClosure closure(o, batch, 5, 0);
  const auto* c = closure.get();
  basin_closure_request request{};
  request.size = sizeof request, request.per_sample = 1;
  CHECK(c->run(c->user, &request, nullptr) != BASIN_OK);
  CHECK(says(basin::last_error(), {"is null"}));
  CHECK_FALSE(closure.ran());

  basin_closure_result result;
  auto* canary = reinterpret_cast<basin_tensor*>(0xABAB);
  result.sample_losses = canary;
  result.size = offsetof(basin_closure_result, sample_losses);
  basin::check(c->run(c->user, &request, &result));
  CHECK(std::isfinite(basin::steal(result.loss).item<double>()));
  CHECK(result.sample_losses == canary);
}

TEST_CASE("a NaN loss stops the training with its step, keeps the last checkpoint, and a restart goes on there") {
  Folder folder;
  const double bad = GENERATE(std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity());
  {
    auto o = tiny_training(tiny_unet(), object("optimizer", "clip", {{"base", part("optimizer", "adam")}}));
    o.save_every = 2;
    o.loss = tampered(6, [=](const Tensor& l) { return l * at::tensor({1., 1., bad, 1., 1., 1., 1., 1.}); });
    const auto run = open_run(folder);
    const basin::Error error = error_of([&] { basin::train(*run, o); });
    const std::string sentence = error.what();
    INFO(sentence);
    CHECK(sentence.find(std::isnan(bad) ? "NaN at step 7" : "infinite at step 7") != std::string::npos);
    CHECK(sentence.find('\n') == std::string::npos);
    CHECK(run->state()["status"] == "failed");
    CHECK(run->state()["step"] == 6);
    CHECK(checkpoints_of(*run) == std::vector<std::string>{"step-000000004.safetensors", "step-000000006.safetensors"});
  }
  auto o = tiny_training(tiny_unet(), object("optimizer", "clip", {{"base", part("optimizer", "adam")}}));
  std::vector<int64_t> steps;
  o.on_step = [&](const basin::TrainStep& s) { steps.push_back(s.step); };
  const auto run = open_run(folder);
  basin::train(*run, o);
  CHECK(steps == std::vector<int64_t>{7, 8, 9, 10, 11, 12});
  CHECK(run->state()["status"] == "finished");
}

TEST_CASE("weights that are no numbers are never a checkpoint") {
  // A finite loss whose gradient is NaN: 0 * sqrt at 0. Adam writes it into every weight it reaches.
  Folder folder;
  auto o = tiny_training(tiny_unet(), adam());
  o.save_every = 1;
  o.loss = tampered(4, [](const Tensor& l) { return l + (l - l).sqrt() * 0; });
  const auto run = open_run(folder);
  const basin::Error error = error_of([&] { basin::train(*run, o); });
  INFO(error.what());
  CHECK(std::string(error.what()).find("step 5") != std::string::npos);
  CHECK(run->state()["status"] == "failed");
  REQUIRE(checkpoints_of(*run).back() == "step-000000004.safetensors");
  for (const auto& [name, tensor] : basin::read_safetensors(run->checkpoints() / "step-000000004.safetensors").tensors)
    CHECK(at::isfinite(tensor.to(at::kDouble)).all().item<bool>());
}

TEST_CASE("a learning rate of 1e30 ends the training in a sentence, and what is kept is finite") {
  for (const char* name : {"adam", "sgd"}) {
    Folder folder;
    auto o = tiny_training(tiny_unet(), object("optimizer", name, {{"lr", 1e30}}));
    o.save_every = 1;
    const auto run = open_run(folder);
    const std::string sentence = refusal([&] { basin::train(*run, o); });
    CHECK(says(sentence, {"step ", "try a lower learning rate"}));
    const auto files = checkpoints_of(*run);
    REQUIRE(!files.empty());
    CHECK(says(sentence, {"the checkpoint of step " + std::to_string(std::stoi(files.back().substr(5))) + " is kept"}));
    for (const auto& file : files) {
      INFO(name << ", " << file);
      for (const auto& [key, tensor] : basin::read_safetensors(run->checkpoints() / file).tensors)
        CHECK(at::isfinite(tensor.to(at::kDouble)).all().item<bool>());
    }
  }
}

TEST_CASE("any exception ends a training as failed, and Ctrl-C as interrupted") {
  struct Case {
    std::function<void()> thrown;
    std::string status;
  };
  const Case cases[] = {
      {[] { throw basin::Error("the disk is full", BASIN_ERROR_IO); }, "failed"},
      {[] { throw std::runtime_error("a script's own"); }, "failed"},
      {[] { throw basin::Error("stop", BASIN_ERROR_INTERRUPTED); }, "interrupted"},
      {[] { basin::interrupted() = true; }, "interrupted"},
  };
  for (const auto& c : cases) {
    Folder folder;
    auto o = tiny_training(tiny_unet(), adam());
    o.on_step = [&](const basin::TrainStep& s) {
      if (s.step == 3) c.thrown();
    };
    const auto run = open_run(folder);
    CHECK_THROWS(basin::train(*run, o));
    basin::interrupted() = false;
    CHECK(run->state()["status"] == c.status);
    const bool saved = std::filesystem::exists(run->checkpoints() / "step-000000003.safetensors");
    CHECK(saved == (c.status == "interrupted"));
  }
}

TEST_CASE("where a stopped training cannot be saved, it has failed, and says why") {
  const float bad = GENERATE(std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity());
  INFO("a weight of " << bad);
  Folder folder;
  auto o = tiny_training(tiny_unet(), adam());
  o.on_step = [&](const basin::TrainStep& s) {
    if (s.step != 3) return;
    const at::NoGradGuard no_grad;
    o.model->parameters().groups()[0].values.slice(0, 17, 18).fill_(bad);  // one of them is enough
    throw basin::Error("stopped by the test", BASIN_ERROR_INTERRUPTED);
  };
  const auto run = open_run(folder);
  const std::string sentence = refusal([&] { basin::train(*run, o); });
  CHECK(says(sentence, {"the weights are no longer finite after step 3"}));
  CHECK(run->state()["status"] == "failed");
  CHECK(run->state()["message"] == sentence);
}

TEST_CASE("a training that was stopped in its last moment is still finished by the next start") {
  Folder folder;
  {
    auto o = tiny_training(tiny_unet(), adam());
    o.averages = {{"ema", object("averager", "ema")}};
    o.on_step = [&](const basin::TrainStep& s) {
      if (s.step == s.steps) throw basin::Error("stop", BASIN_ERROR_INTERRUPTED);
    };
    CHECK_THROWS(basin::train(*open_run(folder), o));
  }
  auto o = tiny_training(tiny_unet(), adam());
  o.averages = {{"ema", object("averager", "ema")}};
  const auto run = open_run(folder);
  const auto result = basin::train(*run, o);
  CHECK(result.steps == 12);
  CHECK(std::isfinite(result.loss));
  CHECK(run->state()["status"] == "finished");
  CHECK(run->state()["loss"] == result.loss);
  for (const char* name : {"model.safetensors", "ema.safetensors"})
    CHECK(std::filesystem::exists(run->checkpoints() / name));
}

TEST_CASE("a finished training is loaded, not repeated: same weights, averages, loss and seconds") {
  Folder folder;
  const auto options = [] {
    auto o = tiny_training(tiny_unet(), adam());
    o.averages = {{"ema", object("averager", "ema", {{"decay", 0.9}})}};
    return o;
  };
  auto first = options(), second = options();
  const auto one = basin::train(*open_run(folder), first);
  second.on_step = [](const basin::TrainStep&) { FAIL("a step was taken"); };
  const auto run = open_run(folder);
  const auto two = basin::train(*run, second);
  CHECK(same_bits(arena(first.model->parameters()), arena(second.model->parameters())));
  CHECK(same_bits(arena(one.averages.at("ema")->parameters()), arena(two.averages.at("ema")->parameters())));
  CHECK(one.loss == two.loss);
  CHECK(one.seconds == two.seconds);
  CHECK(text_of(run->folder() / "log.txt").find("training was finished") != std::string::npos);
}

TEST_CASE("the reported loss is the mean over the last tenth of the steps") {
  Folder folder;
  auto o = tiny_training(tiny_unet(), adam());
  o.steps = 30;
  std::vector<double> losses;
  o.on_step = [&](const basin::TrainStep& s) { losses.push_back(s.loss); };
  const auto result = basin::train(*open_run(folder), o);
  CHECK(result.loss == Approx((losses[27] + losses[28] + losses[29]) / 3).epsilon(1e-12));
  double begin = 0, end = 0;
  for (size_t i = 0; i < 10; i++) begin += losses[i], end += losses[20 + i];
  CHECK(end < begin);  // and it learns
}

TEST_CASE("a model that is trained again begins with a full learning rate and new averages") {
  Folder first, second;
  auto model = tiny_unet();
  auto o = tiny_training(
      model, object("optimizer", "lr_schedule",
                    {{"shape", std::string("linear")}, {"steps", int64_t{12}}, {"base", part("optimizer", "adam")}}));
  basin::train(*open_run(first), o);
  const Tensor before = arena(model->parameters());
  o.optimizer = adam();
  o.noise_schedule = object("noise_schedule", "uniform");
  o.averages = {{"ema", object("averager", "ema", {{"decay", 1.0}})}};
  double rate = 0;
  o.on_step = [&](const basin::TrainStep&) { rate = model->parameters().groups()[0].rate.item<double>(); };
  const auto result = basin::train(*open_run(second), o);
  CHECK(rate == 1);
  CHECK(relative(before, arena(model->parameters())) > 1e-4);
  CHECK(same_bits(arena(result.averages.at("ema")->parameters()), before));  // it went on from the trained weights
}

TEST_CASE("an optimizer that never runs the closure on the whole batch is named") {
  for (bool part : {false, true}) {
    Folder folder;
    auto o = tiny_training(tiny_unet(), object("optimizer", "idle", {{"part", part}}));
    const basin::Error error = error_of([&] { basin::train(*open_run(folder), o); });
    CHECK(std::string(error.what()).find("'idle' did not run the closure on the whole batch") != std::string::npos);
  }
}

TEST_CASE("options that make no sense are refused in a sentence, before anything is done") {
  const auto refused = [](std::function<void(basin::TrainOptions&)> change) {
    Folder folder;
    auto o = tiny_training(tiny_unet(), adam());
    change(o);
    const auto run = open_run(folder);
    const std::string sentence = error_of([&] { basin::train(*run, o); }).what();
    CHECK(checkpoints_of(*run).empty());
    return sentence;
  };
  using basin::TrainOptions;
  CHECK(says(refused([](TrainOptions& o) { o.steps = 0; }), {"steps 0"}));
  CHECK(says(refused([](TrainOptions& o) { o.batch = 0; }), {"batch 0"}));
  CHECK(says(refused([](TrainOptions& o) { o.accumulate = 9; }), {"accumulate 9"}));
  CHECK(says(refused([](TrainOptions& o) { o.save_every = 0; }), {"save_every 0"}));
  CHECK(says(refused([](TrainOptions& o) { o.log_every = 0; }), {"log_every 0"}));
  CHECK(says(refused([](TrainOptions& o) { o.model->attached.push_back(o.optimizer); }), {"quantized model"}));
  CHECK(says(refused([](TrainOptions& o) {
               o.data = dataset("shapes", {{"count", int64_t{4}}, {"size", int64_t{16}}});
             }),
             {"[3, 8, 8]", "[3, 16, 16]"}));
}

TEST_CASE("a loss that gives a wrong number of values is refused") {
  Folder folder;
  auto o = tiny_training(tiny_unet(), adam());
  o.loss = tampered(0, [](const Tensor& l) { return l.mean(); });
  CHECK(says(refusal([&] { basin::train(*open_run(folder), o); }), {"one number for each of the 8 samples"}));
}

TEST_CASE("a broken item of the data set ends the training with its name, and the checkpoint stays") {
  Folder folder;
  auto o = tiny_training(model("line", {{"size", int64_t{2}}}), adam());
  o.data = dataset("numbered", {{"count", int64_t{96}}, {"broken", int64_t{13}}});
  o.save_every = 1;
  int64_t steps = 0;
  o.on_step = [&](const basin::TrainStep& s) { steps = s.step; };
  const auto run = open_run(folder, 1);
  CHECK(says(refusal([&] { basin::train(*run, o); }), {"item 13 is broken"}));
  CHECK(run->state()["status"] == "failed");
  CHECK(run->state()["step"] == steps);
  CHECK(steps < 12);
  if (steps)
    CHECK(basin::read_safetensors(run->checkpoints() / checkpoints_of(*run).back()).metadata.at("step") ==
          std::to_string(steps));
}

TEST_CASE("metrics.jsonl has a row every so many steps, and the last one") {
  Folder folder;
  auto o = tiny_training(tiny_unet(), adam());
  o.log_every = 5;
  std::vector<double> losses;
  o.on_step = [&](const basin::TrainStep& s) { losses.push_back(s.loss); };
  const auto run = open_run(folder);
  basin::train(*run, o);
  const auto rows = run->read_metrics();
  REQUIRE(rows.size() == 3);
  const std::vector<int64_t> steps = {5, 10, 12};
  for (size_t i = 0; i < 3; i++) {
    CHECK(rows[i]["step"] == steps[i]);
    double mean = 0;
    const size_t first = i ? static_cast<size_t>(steps[i - 1]) : 0, last = static_cast<size_t>(steps[i]);
    for (size_t s = first; s < last; s++) mean += losses[s] / static_cast<double>(last - first);
    CHECK(rows[i]["loss"].get<double>() == Approx(mean).epsilon(1e-9));
  }
}
