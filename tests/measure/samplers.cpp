// The sampler plugins against host/diffusion/step.hpp, whose steps are diffusers': the same trajectory from the same
// noise, on a model that is a formula and on a U-Net with given weights.
#include <basin/sampler.h>

#include "diffusion/step.hpp"
#include "train/support.hpp"

namespace {

using namespace test;
using basin::Process;

constexpr uint64_t kSeed = 42;
const std::vector<int64_t> kIds = {3, 17, 4};

struct Path {
  std::vector<Tensor> x, x0;  // after each step
  std::vector<int64_t> steps;
  Tensor result;
};

Tensor start_noise(basin::Model& model) {
  return basin::draw(basin::stream_of(kSeed, BASIN_PURPOSE_START), BASIN_NORMAL, kIds, model.sample_shape());
}

Path run_plugin(const std::shared_ptr<basin::Model>& model, const std::shared_ptr<const Process>& process,
                basin::Spec sampler) {
  at::NoGradGuard no_grad;
  const basin::Object object(std::move(sampler));
  basin::Context context(kSeed, 0, kIds);
  const Tensor noise = start_noise(*model);
  basin_process p{process};
  basin_denoiser denoiser{model, &p, {}};
  Path path;
  basin_sampling job{};
  job.size = sizeof job;
  job.denoiser = &denoiser;
  job.process = &p;
  job.context = context.get();
  job.noise = basin::lend(noise);
  job.user = &path;
  job.on_step = [](void* user, int64_t step, int64_t, basin_tensor* x, basin_tensor* x0) {
    return basin::guard([&] {
      auto& path = *static_cast<Path*>(user);
      path.steps.push_back(step);
      path.x.push_back(basin::share(x).clone());
      path.x0.push_back(basin::share(x0).clone());
    });
  };
  basin_tensor* out = nullptr;
  object.call([&] { return object.functions<basin_sampler_functions>().sample(object.self(), &job, &out); });
  path.result = basin::steal(out);
  CHECK(same_bits(noise, start_noise(*model)));  // the noise is borrowed: nobody writes into it
  return path;
}

// The reference: every level through step.hpp, on the respaced process; `step` makes x' of (index, x, epsilon, v, z).
using Step = std::function<Tensor(int64_t k, const Tensor& x, const Tensor& epsilon, const Tensor& v, const Tensor& z)>;
std::vector<Tensor> run_reference(basin::Model& model, const Process& respaced, const Step& step) {
  at::NoGradGuard no_grad;
  Tensor x = start_noise(model);
  std::vector<Tensor> path;
  for (int64_t i = 0; i < respaced.steps(); i++) {
    const int64_t k = respaced.steps() - 1 - i, original = respaced.original_index()[static_cast<size_t>(k)];
    basin::Context context(kSeed, 0, kIds);
    const Tensor t = at::full({x.size(0)}, original, at::kLong);
    const auto out = basin::run_model(model, context, x, t, {});
    const Tensor epsilon = basin::epsilon_from(basin::prediction_target(model), out.prediction, x,
                                               at::scalar_tensor(respaced.alpha(k), x.options()),
                                               at::scalar_tensor(respaced.sigma(k), x.options()));
    const Tensor z = basin::draw(basin::stream_of(kSeed, BASIN_PURPOSE_SAMPLER, static_cast<uint64_t>(i)), BASIN_NORMAL,
                                 kIds, model.sample_shape());
    x = step(k, x, epsilon, out.variance, z);
    path.push_back(x);
  }
  return path;
}

// The largest difference along the way, relative to the size of the images there.
double difference(const Path& path, const std::vector<Tensor>& reference) {
  REQUIRE(path.x.size() == reference.size());
  CHECK(same_bits(path.result, path.x.back()));
  double most = 0;
  for (size_t i = 0; i < reference.size(); i++) {
    CHECK(path.steps[i] == static_cast<int64_t>(i) + 1);
    const double size = std::max(1.0, reference[i].abs().max().item<double>());
    most = std::max(most, (path.x[i] - reference[i]).abs().max().item<double>() / size);
  }
  return most;
}

std::shared_ptr<basin::Model> line(const std::string& target, bool learned_variance) {
  auto m = model("line", {{"target", target}, {"learned_variance", learned_variance}});
  m->initialize(3);
  return m;
}
std::shared_ptr<basin::Model> unet(bool learned_variance) {
  auto m = tiny_unet({{"learned_variance", learned_variance}});
  randomize(*m, 5, 0.1);
  return m;
}

std::string spacing_text(const std::string& spacing, int64_t steps) {
  return (spacing == "stride" ? "ddim" : "") + std::to_string(steps);
}

Step ddpm_reference(const Process& respaced, bool clip, bool large) {
  return [plan = basin::ddpm_steps(respaced), clip, large](int64_t k, const Tensor& x, const Tensor& epsilon,
                                                           const Tensor& v, const Tensor& z) {
    basin::DdpmStep step = plan[static_cast<size_t>(k)];
    if (large && k > 0) step.noise = std::exp(0.5 * step.log_beta);
    return basin::ddpm_step(step, x, epsilon, v, z, clip);
  };
}

}  // namespace

TEST_CASE("ddpm takes the reference's steps: any number of levels, both spacings, clipped or not") {
  double most = 0;
  const auto run = [&](const std::string& schedule, int64_t T, int64_t steps, const std::string& spacing, bool clip,
                       bool large, const std::string& target, bool learned) {
    const auto process = std::make_shared<const Process>("vp", schedule, T);
    const auto respaced = process->respaced(basin::respace(T, spacing_text(spacing, steps ? steps : T)));
    const auto m = line(target, learned);
    const Path path = run_plugin(m, process,
                                 spec("sampler", "ddpm",
                                      {{"steps", steps},
                                       {"spacing", spacing},
                                       {"clip", clip},
                                       {"variance", std::string(large ? "large" : "small")}}));
    const double d = difference(path, run_reference(*m, respaced, ddpm_reference(respaced, clip, large)));
    INFO(schedule << " " << T << ", steps " << steps << " " << spacing << ", clip " << clip << ", large " << large
                  << ", " << target << ", learned " << learned);
    CHECK(d < 1e-5);
    most = std::max(most, d);
  };
  for (bool clip : {true, false})
    for (bool learned : {true, false})
      for (int64_t steps : {1, 2, 20, 100}) run("linear", 1000, steps, "even", clip, false, "epsilon", learned);
  run("cosine", 1000, 20, "even", true, false, "epsilon", true);
  run("cosine", 1000, 50, "stride", true, false, "epsilon", false);
  run("cosine", 40, 0, "even", true, false, "epsilon", true);
  run("linear", 1000, 25, "even", true, true, "epsilon", false);
  for (const char* target : {"x0", "v", "score"}) run("linear", 1000, 20, "even", true, false, target, true);
  WARN("ddpm: largest difference from the reference, relative: " << most);
}

TEST_CASE("ddim takes the reference's steps for every eta") {
  double most = 0;
  const auto run = [&](const std::string& schedule, int64_t steps, const std::string& spacing, double eta, bool clip,
                       const std::string& target) {
    const auto process = std::make_shared<const Process>("vp", schedule, 1000);
    const auto respaced = process->respaced(basin::respace(1000, spacing_text(spacing, steps)));
    const auto m = line(target, false);
    const Path path = run_plugin(
        m, process, spec("sampler", "ddim", {{"steps", steps}, {"spacing", spacing}, {"eta", eta}, {"clip", clip}}));
    const auto plan = basin::ddim_steps(respaced, eta);
    const double d = difference(
        path, run_reference(*m, respaced,
                            [&](int64_t k, const Tensor& x, const Tensor& epsilon, const Tensor&, const Tensor& z) {
                              return basin::ddim_step(plan[static_cast<size_t>(k)], x, epsilon, z, clip);
                            }));
    INFO(schedule << ", steps " << steps << " " << spacing << ", eta " << eta << ", clip " << clip << ", " << target);
    CHECK(d < 1e-5);
    most = std::max(most, d);
  };
  for (double eta : {0.0, 0.5, 1.0})
    for (bool clip : {true, false}) {
      run("linear", 50, "stride", eta, clip, "epsilon");
      run("linear", 20, "even", eta, clip, "epsilon");
    }
  run("cosine", 50, "stride", 0, true, "epsilon");
  run("linear", 1, "stride", 0, true, "epsilon");
  run("linear", 20, "even", 0.3, true, "v");
  WARN("ddim: largest difference from the reference, relative: " << most);
}

TEST_CASE("on a U-Net with given weights, ddpm with a learned variance and ddim agree with the reference") {
  const auto process = std::make_shared<const Process>("vp", "cosine", 1000);
  const auto respaced = process->respaced(basin::respace(1000, "20"));
  for (bool learned : {true, false}) {
    const auto m = unet(learned);
    const Path path = run_plugin(m, process, spec("sampler", "ddpm", {{"steps", int64_t{20}}}));
    const double d = difference(path, run_reference(*m, respaced, ddpm_reference(respaced, true, false)));
    CHECK(d < 1e-5);
    WARN("U-Net, learned variance " << learned << ": largest difference " << d);
  }
  const auto m = unet(false);
  const auto plan = basin::ddim_steps(respaced, 0);
  const Path path =
      run_plugin(m, process, spec("sampler", "ddim", {{"steps", int64_t{20}}, {"spacing", std::string("even")}}));
  CHECK(
      difference(path, run_reference(*m, respaced,
                                     [&](int64_t k, const Tensor& x, const Tensor& e, const Tensor&, const Tensor& z) {
                                       return basin::ddim_step(plan[static_cast<size_t>(k)], x, e, z, true);
                                     })) < 1e-5);
}

TEST_CASE("a learned variance is of the respaced process, and no noise is added in the last step") {
  // v = -1 gives beta~, v = +1 gives beta; of the original process both would be some 50 times smaller at 20 of 1000.
  const auto process = std::make_shared<const Process>("vp", "linear", 1000);
  const auto m = line("epsilon", true);
  const Path with = run_plugin(m, process, spec("sampler", "ddpm", {{"steps", int64_t{20}}}));
  const auto respaced = process->respaced(basin::respace(1000, "20"));
  const auto own = run_reference(*m, respaced, ddpm_reference(respaced, true, false));
  const auto original =
      run_reference(*m, respaced, [&](int64_t k, const Tensor& x, const Tensor& e, const Tensor& v, const Tensor& z) {
        basin::DdpmStep step = basin::ddpm_steps(respaced)[static_cast<size_t>(k)];
        const int64_t t = respaced.original_index()[static_cast<size_t>(k)];
        step.log_beta = process->log_beta()[t], step.log_variance = process->posterior_log_variance()[t];
        return basin::ddpm_step(step, x, e, v, z, true);
      });
  CHECK(relative(own[5], with.x[5]) < 1e-5);
  CHECK(relative(original[5], with.x[5]) > 0.1);  // the check can fail
  // The last step: its mean alone, so x is the posterior mean at t = 0, which is the clipped x0.
  CHECK(relative(with.x0.back(), with.result) < 1e-6);
  CHECK(with.result.abs().max().item<double>() <= 1 + 1e-6);
}

TEST_CASE("a sampler that is asked for more steps than the process has says so") {
  const auto process = std::make_shared<const Process>("vp", "cosine", 30);
  const auto m = line("epsilon", false);
  CHECK(says(refusal([&] {
               run_plugin(m, process, spec("sampler", "ddpm", {{"steps", int64_t{31}}}));
             }),
             {"31 steps were asked for, but the process has 30"}));
  CHECK(says(
      refusal([&] {
        run_plugin(m, process, spec("sampler", "ddim", {{"steps", int64_t{20}}, {"spacing", std::string("stride")}}));
      }),
      {"no whole stride", "spacing = \"even\""}));
}
