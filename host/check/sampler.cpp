// A sampler on data whose exact denoiser is known: N(kMean, kDeviation^2) in every pixel.
#include <basin/sampler.h>

#include "check/gates.hpp"
#include "check/standins.hpp"
#include "check/test.hpp"
#include "measure/denoiser.hpp"
#include "measure/sampling.hpp"

namespace basin::checking {
namespace {

std::shared_ptr<const Process> process(int64_t steps) { return std::make_shared<const Process>("vp", "cosine", steps); }

constexpr int64_t kSteps = 1000;  // of the process: more than any sampler's default

// So many steps, where an option of that name says how many.
std::vector<Option> with_steps(Subject& subject, int64_t steps) {
  const auto fits = static_cast<double>(steps);
  for (const basin_parameter* p : subject.part().parameters)
    if (std::string(p->name) == "steps" && p->type == BASIN_TYPE_INTEGER && p->minimum <= fits && p->maximum >= fits)
      return {{"steps", steps, "check"}};
  return {};
}
std::vector<Option> small_number_of_steps(Subject& subject) { return with_steps(subject, 10); }

SampleOptions job(Subject& subject) {
  SampleOptions o;
  o.process = process(kSteps);
  o.model = gaussian_denoiser(o.process);
  o.sampler = subject.make();
  o.seed = subject.request.seed;
  return o;
}

void gaussian(Subject& subject) {
  constexpr int64_t kImages = 64;
  for (const basin_parameter* p : subject.part().parameters)
    if (p->type == BASIN_TYPE_COMPONENT && std::string(p->choices[0]) == "sampler")
      throw Skip{"it changes what another sampler does, so that no answer is known"};
  SampleOptions o = job(subject);
  o.sampler = subject.make(with_steps(subject, kSteps));  // as fine as it can: with few steps the deviation is another
  o.count = o.batch = kImages;
  const Tensor x = sample_tensor(o).to(at::kDouble);
  expect(at::isfinite(x).all().item<bool>(), "it gave images that are not finite");
  const double n = static_cast<double>(x.numel()), mean = x.mean().item<double>(), deviation = x.std().item<double>();
  // Five standard errors of the draw, and 3 % of the deviation for the size of its steps.
  const double mean_room = kDeviation * (5 / std::sqrt(n) + 0.03),
               deviation_room = kDeviation * (5 / std::sqrt(2 * n) + 0.03);
  char text[160];
  std::snprintf(text, sizeof text, "mean %.4f (exact %.4f), standard deviation %.4f (exact %.4f), over %.0f numbers",
                mean, kMean, deviation, kDeviation, n);
  expect(std::abs(mean - kMean) < mean_room && std::abs(deviation - kDeviation) < deviation_room,
         std::string("with the exact denoiser of Gaussian data it gave ") + text);
  subject.passed = text;
}

void batch(Subject& subject) {
  SampleOptions o = job(subject);
  o.count = o.batch = 20;
  const Tensor all = sample_tensor(o);
  o.first = 17, o.count = o.batch = 1;
  const double off = (all.slice(0, 17, 18) - sample_tensor(o)).abs().max().item<double>();
  expect(off < 1e-5, "sample 17 alone differs from sample 17 in a batch of 20, by up to " + std::to_string(off) +
                         "; noise is drawn by sample id");
}

void same_seed(Subject& subject) {
  SampleOptions o = job(subject);
  o.count = o.batch = 4;
  const Tensor first = sample_tensor(o);
  expect(same_bits(first, sample_tensor(o)), "the same job twice gave different images");
  SampleOptions other = job(subject);
  other.count = other.batch = 4;
  expect(same_bits(first, sample_tensor(other)), "two of it with one seed gave different images");
  other.seed++;
  expect(!same_bits(first, sample_tensor(other)),
         "another seed gave the same images: it does not begin with the noise");
}

struct Watcher {
  int64_t calls = 0, stop_at = -1;
};
basin_status on_step(void* user, int64_t, int64_t, basin_tensor*, basin_tensor*) {
  auto& watcher = *static_cast<Watcher*>(user);
  return guard([&] {
    if (++watcher.calls == watcher.stop_at) throw Error("interrupted", BASIN_ERROR_INTERRUPTED);
  });
}

// One job, with all that it is handed lent until sample returns.
Tensor sample_lent(Subject& subject, const Object& sampler, Watcher& watcher) {
  const at::NoGradGuard no_grad;
  const auto shared = process(small_number_of_steps(subject).empty() ? 20 : kSteps);
  basin_process process{shared};
  basin_denoiser denoiser{gaussian_denoiser(shared), &process, {}};
  Context context(subject.request.seed, 0, {0, 1});
  Loan loan("sample returned");
  basin_sampling what{};
  what.size = sizeof what;
  what.denoiser = &denoiser, what.process = &process;
  what.context = loan.context(*context.get());
  what.noise = loan.tensor(some_values(subject.request.seed, 1, {2, 3, 8, 8}), "the noise");
  what.on_step = on_step, what.user = &watcher;
  const auto* lent = loan.memory(&what, 1, "the job");
  basin_tensor* out = nullptr;
  sampler.call([&] { return sampler.functions<basin_sampler_functions>().sample(sampler.self(), lent, &out); });
  return steal(out);
}

void reports(Subject& subject) {
  const auto sampler = subject.make(small_number_of_steps(subject));
  Watcher watcher;
  sample_lent(subject, *sampler, watcher);
  expect(watcher.calls > 0, "it never called on_step, which is to be called after each step");
  const int64_t steps = watcher.calls;
  watcher = {0, (steps + 1) / 2};
  try {
    sample_lent(subject, *sampler, watcher);
    fail("on_step failed (Ctrl-C), and it returned BASIN_OK");
  } catch (const Error& error) {
    expect(error.status == BASIN_ERROR_INTERRUPTED,
           "on_step gave BASIN_ERROR_INTERRUPTED, and it returned status " + std::to_string(error.status));
  }
  expect(watcher.calls == watcher.stop_at, "on_step failed, and it went on to call it again");
  subject.passed = std::to_string(steps) + " steps reported; one that fails ends the sampling";
}

}  // namespace

void live_sampler(Subject& subject) {
  const auto sampler = subject.make(small_number_of_steps(subject));
  Watcher watcher;
  for (int call = 0; call < 2; call++) sample_lent(subject, *sampler, watcher);
}

std::vector<Test> sampler_tests() {
  return {{"sampler-gaussian", "sampler",
           "With the exact denoiser of Gaussian data, their mean and deviation come out.", gaussian},
          {"sampler-batch", "sampler", "Sample 17 is the same at every batch size.", batch},
          {"sampler-same-seed", "sampler", "The same seed gives the same images, another one others.", same_seed},
          {"sampler-reports", "sampler", "It reports its steps, and a report that fails ends it.", reports}};
}

}  // namespace basin::checking
