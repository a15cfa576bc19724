// SWAD against its algorithm written out over all weights and losses of a training, and the validation loss it asks
// for.
#include <basin/averager.h>

#include "support.hpp"
#include "train/validation.hpp"

namespace {

using namespace test;

struct Run {
  basin::Parameters parameters;
  basin::State state;
  std::shared_ptr<basin::Object> averager;
  std::vector<double> losses;  // the k-th is what the validation gives the k-th time after the start
  size_t asked = 0;
  bool started = false;
  std::optional<basin::ServedValidation> served;

  Run(const Options& options, std::vector<double> losses, size_t asked = 0)
      : averager(object("averager", "swad", options)), losses(std::move(losses)), asked(asked) {
    parameters.add("a", {3, 4}, {});
    parameters.add("b", {5}, {});
    parameters.lay_out(at::kCPU, at::MemoryFormat::Contiguous);
    served.emplace(parameters, [this] { return started ? this->losses.at(this->asked++) : 0; });
    averager->call(
        [&] { return averager->functions<basin_averager_functions>().start(averager->self(), &parameters, &state); });
    started = true;
  }
  static Tensor weights(int64_t step) { return some_values(200 + static_cast<uint64_t>(step)); }
  void step(int64_t number) {
    at::NoGradGuard no_grad;
    parameters.groups()[0].values.copy_(weights(number));
    const basin::Context context(0, static_cast<uint64_t>(number - 1), {});
    averager->call(
        [&] { return averager->functions<basin_averager_functions>().update(averager->self(), context.get()); });
  }
  Tensor average() {
    basin_tensor* out = nullptr;
    averager->call([&] { return averager->functions<basin_averager_functions>().average(averager->self(), 0, &out); });
    return basin::steal(out).to(at::kDouble);
  }
};

// Algorithm 1 with the iterations i counted in validation losses: first and last segment, 0 where there is none.
std::pair<int64_t, int64_t> stretch(const std::vector<double>& e, int64_t converge, int64_t overfit, double tolerance) {
  int64_t first = 0;
  double limit = 0;
  for (int64_t i = 1; i <= static_cast<int64_t>(e.size()); i++) {
    const auto at = [&](int64_t k) { return e[static_cast<size_t>(k - 1)]; };
    if (!first) {
      if (i < converge) continue;
      double least = HUGE_VAL, sum = 0;
      for (int64_t k = i - converge + 1; k <= i; k++) least = std::min(least, at(k)), sum += at(k);
      if (at(i - converge + 1) == least)
        first = i - converge + 1, limit = tolerance * sum / static_cast<double>(converge);
    } else if (i >= overfit) {
      double least = HUGE_VAL;
      for (int64_t k = i - overfit + 1; k <= i; k++) least = std::min(least, at(k));
      if (limit < least) return {first, i - overfit};
    }
  }
  return {first, static_cast<int64_t>(e.size())};
}

}  // namespace

TEST_CASE("SWAD is its algorithm over many courses of the validation loss, also after a restart") {
  int begun = 0, ended = 0;
  for (uint64_t course = 0; course < 60; course++) {
    const int64_t converge = 1 + static_cast<int64_t>(course % 4), overfit = 1 + static_cast<int64_t>(course % 3 * 2);
    const int64_t every = 3, segments = 12;
    const Tensor noise = some_values(300 + course, 0.15);
    std::vector<double> losses;  // a valley in the middle
    for (int64_t k = 0; k < segments; k++)
      losses.push_back(1 + 0.03 * static_cast<double>((k - 5) * (k - 5)) + noise[k].item<double>());
    const Options options = {{"every", every}, {"converge", converge}, {"overfit", overfit}, {"tolerance", 1.1}};
    const auto [first, last] = stretch(losses, converge, overfit, 1.1);
    begun += first > 0, ended += first > 0 && last < segments;

    Run whole(options, losses);
    auto run = std::make_unique<Run>(options, losses);
    for (int64_t step = 1; step <= every * segments; step++) {
      if (step == 4 + static_cast<int64_t>(course % 30)) {
        auto again = std::make_unique<Run>(options, losses, run->asked);
        again->state.restore(run->state.save());
        run = std::move(again);
      }
      whole.step(step), run->step(step);
    }
    Tensor expected = at::zeros({Workbench::n}, at::kDouble);
    if (!first) expected = Run::weights(every * segments).to(at::kDouble);
    else
      for (int64_t step = (first - 1) * every + 1; step <= last * every; step++)
        expected += Run::weights(step).to(at::kDouble) / static_cast<double>((last - first + 1) * every);
    INFO("course " << course << ": segments " << first << " to " << last << ", converge " << converge << ", overfit "
                   << overfit);
    CHECK((whole.average() - expected).abs().max().item<double>() < 2e-6);
    CHECK(same_bits(whole.average(), run->average()));
  }
  CHECK(begun > 50);  // the courses are of all sorts
  CHECK(ended > 20);
  CHECK(ended < begun);
}

TEST_CASE(
    "the validation loss is the training's loss on the held-out items, the same every time, and leaves no trace") {
  auto o = tiny_training(tiny_unet({{"dropout", 0.5}}), object("optimizer", "sgd"));
  randomize(*o.model, 3, 0.1);
  o.validation = dataset("shapes", {{"count", int64_t{300}}, {"size", int64_t{8}}, {"seed", int64_t{9}}});
  auto& group = o.model->parameters().groups()[0];
  group.gradients.fill_(3);
  const double loss = basin::validation_loss(o, 7);
  CHECK(std::isfinite(loss));
  CHECK(basin::validation_loss(o, 7) == loss);  // no dropout
  CHECK(basin::validation_loss(o, 8) != loss);  // other noise
  CHECK(same_bits(group.gradients, at::full_like(group.gradients, 3)));

  // A loss that gives the first pixel of each item: the mean over 256 of the 300, at equal distances.
  o.loss = [](const basin::Denoise&, const basin::LossInput& in) {
    return basin::LossOutput{in.x0.select(1, 0).select(1, 0).select(1, 0)};
  };
  double sum = 0;
  for (int64_t i = 0; i < 256; i++) {
    const int64_t id = i * 300 / 256;
    sum += o.validation->images({&id, 1})[0][0][0][0].item<double>();
  }
  CHECK(basin::validation_loss(o, 7) == Approx(sum / 256).epsilon(1e-6));

  // More weight on the levels would show: they are spread over the process.
  std::vector<double> levels;
  o.loss = [&](const basin::Denoise&, const basin::LossInput& in) {
    for (int64_t i = 0; i < in.t.numel(); i++) levels.push_back(in.t[i].item<double>());
    return basin::LossOutput{in.t.to(at::kFloat)};
  };
  CHECK(basin::validation_loss(o, 7) == Approx(12).margin(2));  // T = 25
  CHECK(levels.size() == 256);
}

TEST_CASE("a training serves its validation loss to its averagers, and only where it has held-out items") {
  Folder folder;
  auto o = tiny_training(tiny_unet(), object("optimizer", "adam", {{"lr", 3e-3}}));
  o.averages = {{"mean", object("averager", "swad", {{"every", int64_t{3}}, {"converge", int64_t{1}}})}};
  bool trained = false;
  o.on_step = [&](const basin::TrainStep&) { trained = true; };
  CHECK(says(refusal([&] { basin::train(*open_run(folder), o); }), {"swad", "no held-out items", "validation = "}));
  CHECK_FALSE(trained);
  Folder other;
  o = tiny_training(tiny_unet(), object("optimizer", "adam", {{"lr", 3e-3}}));
  o.averages = {{"mean", object("averager", "swad", {{"every", int64_t{3}}, {"converge", int64_t{1}}})}};
  o.validation = dataset("shapes", {{"count", int64_t{20}}, {"size", int64_t{8}}, {"seed", int64_t{9}}});
  std::vector<Tensor> seen;
  o.on_step = [&](const basin::TrainStep&) { seen.push_back(arena(o.model->parameters()).to(at::kDouble)); };
  const auto result = basin::train(*open_run(other), o);
  // converge = 1: it begins with the first segment, and twelve steps bring no overfitting.
  Tensor mean = at::zeros_like(seen[0]);
  for (const Tensor& w : seen) mean += w / static_cast<double>(seen.size());
  CHECK(relative(mean, arena(result.averages.at("mean")->parameters())) < 1e-6);
  // Another shape is refused.
  o.validation = dataset("shapes", {{"count", int64_t{20}}, {"size", int64_t{16}}});
  CHECK(says(refusal([&] { basin::train(*open_run(other), o); }), {"validation data set has"}));
}
