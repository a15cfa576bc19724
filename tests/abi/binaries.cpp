// Plugins of the first release, kept as files (binaries/1) and never rebuilt: today's host loads and runs them, and what
// comes is held to closed forms.
#include <Random123/philox.h>
#include <basin/averager.h>
#include <basin/validation.h>

#include <algorithm>
#include <complex>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>

#include "abi/context.hpp"
#include "abi/log.hpp"
#include "abi/parameters.hpp"
#include "abi/state.hpp"
#include "plugin/files.hpp"
#include "plugin/hash.hpp"
#include "plugin/object.hpp"
#include "train/optimizer.hpp"

#include "catch.hpp"

using namespace basin;

namespace {

const std::filesystem::path folder = BASIN_TESTS "/abi/binaries/1";
const std::vector<std::string> files = {"kept_gcc", "kept_libcxx", "kept_c"};

// A validation loss of a quarter. (The host's own needs a training; its tests are those of swad.)
const basin_validation_interface quarter = {
    sizeof quarter, [](basin_parameters*, double* out) -> basin_status { return *out = 0.25, BASIN_OK; }};

Registry& registry() {
  static Registry& all = [&]() -> Registry& {
    add_abi_interfaces();
    add_plugin_interfaces();
    add_optimizer_interface();
    add_interface(BASIN_VALIDATION_INTERFACE, &quarter);
    Registry& r = Registry::instance();
    for (const std::string& name : files) r.load(folder / (name + ".basin.so"));
    return r;
  }();
  return all;
}
Spec spec(const std::string& kind, const std::string& name, const std::vector<std::pair<std::string, Value>>& options) {
  std::vector<Option> given;
  for (const auto& [option, value] : options) given.push_back({option, value, "test"});
  return check_options(registry().find(kind, name), given);
}

// What a newer host may hand out: its structs are longer than the plugin knows.
struct LongerResult {
  basin_closure_result known{};
  uint64_t more[2] = {~uint64_t{0}, ~uint64_t{0}};
};
struct LongerContext {
  basin_context known{};
  uint64_t more[2] = {1, 2};
};

constexpr int64_t n = 17;
constexpr double curvature = 0.7, rate = 0.5;

// L = curvature |w - centre|^2 / 2, whose gradients a step sees; weights begin at `centre` + `offset`.
struct Bowl {
  explicit Bowl(Spec optimizer_spec, Spec averager_spec)
      : optimizer(std::make_shared<Object>(std::move(optimizer_spec))),
        averager(std::make_shared<Object>(std::move(averager_spec))) {
    parameters.add("a", {3, 4}, {});
    parameters.add("b", {5}, {});
    parameters.lay_out(at::kCPU, at::MemoryFormat::Contiguous);
    const at::NoGradGuard no_grad;
    values().copy_(centre() + offset());
    parameters.groups()[0].rate.fill_(rate);
    start_optimizer(*optimizer, parameters, state.child("optimizer"));
    averager->call([&] {
      return averager->functions<basin_averager_functions>().start(averager->self(), &parameters,
                                                                   &state.child("averager"));
    });
  }
  static Tensor centre() { return at::linspace(-1, 1, n, at::kDouble); }
  static Tensor offset() { return at::linspace(2, -3, n, at::kDouble); }
  Tensor& values() { return parameters.groups()[0].values; }

  static basin_status run(void* user, const basin_closure_request* request, basin_closure_result* out) {
    return guard([&] {
      auto& me = *static_cast<Bowl*>(user);
      const at::NoGradGuard no_grad;
      me.asked_per_sample += request && request->size >= sizeof *request && request->per_sample == 1;
      const Tensor apart = me.values().to(at::kDouble) - centre();
      me.parameters.groups()[0].gradients.copy_(apart * curvature);
      out->loss = own((apart.square().sum() * (curvature / 2)).to(at::kFloat));
      out->sample_losses = own(at::ones({4}));
      out->size = sizeof *out;
    });
  }
  void step() {
    const at::NoGradGuard no_grad;
    const std::vector<int64_t> ids = {4, 5, 6, 7};
    const Context real(seed, steps++, ids, true);
    LongerContext context;
    context.known = *real.get();
    context.known.size = sizeof context;
    LongerResult result;
    result.known.size = sizeof result;
    const basin_closure closure{sizeof closure, this, run};
    optimizer->call([&] {
      return optimizer->functions<basin_optimizer_functions>().step(optimizer->self(), &context.known, &closure,
                                                                    &result.known);
    });
    CHECK(steal(result.known.loss).dim() == 0);
    CHECK(at::equal(steal(result.known.sample_losses), at::ones({4})));
    CHECK(result.known.size == sizeof result.known);
    CHECK((result.more[0] & result.more[1]) == ~uint64_t{0});
    averager->call(
        [&] { return averager->functions<basin_averager_functions>().update(averager->self(), &context.known); });
  }
  Tensor average() {
    basin_tensor* out = nullptr;
    averager->call([&] { return averager->functions<basin_averager_functions>().average(averager->self(), 0, &out); });
    return steal(out).to(at::kDouble);
  }

  static constexpr uint64_t seed = 0x123456789;
  uint64_t steps = 0;
  int asked_per_sample = 0;
  Parameters parameters;
  State state;
  std::shared_ptr<Object> optimizer, averager;  // gone before what they were started with
};

// What is left of the offset after t steps. With h = lr rate c: x_(t+1) = (1 + momentum - h) x_t - momentum x_(t-1), whose
// solution is A r^t + B s^t of the roots r, s of z^2 - (1 + momentum - h) z + momentum.
double left_after(int64_t t, double lr, double momentum, double scale) {
  const std::complex<double> h = lr * rate * curvature * scale, half = (1 + momentum - h) / 2.0,
                             root = std::sqrt(half * half - momentum), r = half + root, s = half - root;
  const std::complex<double> a = (1.0 - h - s) / (r - s);
  return (a * std::pow(r, t) + (1.0 - a) * std::pow(s, t)).real();
}
double worst(const Tensor& a, const Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}
// BASIN_RESULTS names a file that what a plugin gave is added to, so that two hosts can be compared (other_libtorch.sh).
void record(const std::string& what, const Tensor& values) {
  const char* file = std::getenv("BASIN_RESULTS");
  if (!file) return;
  std::ofstream out(file, std::ios::app);
  out << what << std::setprecision(17);
  const Tensor all = values.to(at::kDouble).contiguous();
  for (int64_t i = 0; i < all.numel(); i++) out << ' ' << all.const_data_ptr<double>()[i];
  out << '\n';
}
Tensor weights_after(int64_t t, double lr, double momentum, double scale = 1) {
  return Bowl::centre() + Bowl::offset() * left_after(t, lr, momentum, scale);
}

}  // namespace

TEST_CASE("the kept files are those that were kept") {
  std::istringstream sums(read_file(folder / "SHA256SUMS"));
  size_t found = 0;
  for (std::string sum, name; sums >> sum >> name; ++found) {
    INFO(name);
    CHECK(sha256_file(folder / name) == sum);
  }
  CHECK(found == files.size());
}

TEST_CASE("optimizers and averagers of the first release train as their formulas say") {
  for (const std::string& name : files) {
    INFO(name);
    const double lr = 0.4, momentum = 0.5;
    Bowl bowl(spec("optimizer", name, {{"lr", lr}, {"momentum", momentum}}),
              spec("averager", name, {{"first", int64_t{5}}, {"watch", true}}));
    Tensor sum = at::zeros({n}, at::kDouble);
    for (int64_t t = 1; t <= 25; t++) {
      bowl.step();
      CHECK(worst(bowl.values(), weights_after(t, lr, momentum)) < 2e-6);
      if (t > 5) sum += weights_after(t, lr, momentum);
    }
    CHECK(worst(bowl.average(), sum / 20) < 2e-6);
    record(name + ".weights", bowl.values());
    record(name + ".average", bowl.average());
    CHECK(bowl.asked_per_sample == 25);
    const auto saved = bowl.state.save();
    CHECK(saved.at("optimizer.steps").item<double>() == 25);
    CHECK(saved.at("averager.count").item<int64_t>() == 20);
    CHECK(saved.at("averager.watched").item<double>() == 20 * 0.25);
    CHECK(worst(saved.at("averager.all.mean"), bowl.average()) == 0);
  }
}

TEST_CASE("their state is saved, and restored into new ones, bit for bit") {
  for (const std::string& name : files) {
    INFO(name);
    const auto make = [&] { return Bowl(spec("optimizer", name, {}), spec("averager", name, {})); };
    Bowl whole = make(), resumed = make();
    for (int t = 0; t < 5; t++) whole.step();
    std::map<std::string, Tensor> saved;
    for (const auto& [key, value] : whole.state.save()) saved[key] = value.clone();
    resumed.values().copy_(whole.values());
    resumed.state.restore(saved);
    resumed.steps = whole.steps;
    for (int t = 0; t < 5; t++) whole.step(), resumed.step();
    CHECK(at::equal(whole.values(), resumed.values()));
    CHECK(at::equal(whole.average(), resumed.average()));
  }
}

TEST_CASE("each wraps each: a wrapper's closure is what the base sees") {
  for (const std::string& outer : files)
    for (const std::string& inner : files) {
      INFO(outer << " around " << inner);
      const auto base = std::make_shared<const Spec>(spec("optimizer", inner, {{"lr", 0.3}, {"momentum", 0.25}}));
      Bowl bowl(spec("optimizer", outer + "_scaled", {{"factor", 0.5}, {"base", base}}), spec("averager", outer, {}));
      for (int64_t t = 1; t <= 10; t++) {
        bowl.step();
        CHECK(worst(bowl.values(), weights_after(t, 0.3, 0.25, 0.5)) < 2e-6);
      }
      record(outer + "." + inner, bowl.values());
    }
}

TEST_CASE("they reach every interface of the release") {
  for (const std::string& name : files) {
    INFO(name);
    std::string heard;
    set_log_sink([&](int32_t severity, const std::string& line, const std::string& library) {
      heard += std::to_string(severity) + line + "|" + std::filesystem::path(library).filename().string();
    });
    Bowl bowl(spec("optimizer", name, {{"probe", true}, {"line", std::string("hello")}}), spec("averager", name, {}));
    set_log_sink(nullptr);
    CHECK(heard == std::to_string(BASIN_LOG_INFO) + "hello|" + name + ".basin.so");
    bowl.step();
    bowl.step();

    // Philox of (seed; block, sample 11, step 1, purpose 200 and slot 7), by Random123 itself
    std::vector<double> wanted = {12, 3, 10};
    for (uint32_t i = 0; i < 5; i++) {
      const philox4x32_ctr_t counter = {{i / 4, 11, 1, 200u << 24 | 7}};
      const philox4x32_key_t key = {{static_cast<uint32_t>(Bowl::seed), static_cast<uint32_t>(Bowl::seed >> 32)}};
      wanted.push_back(static_cast<double>(philox4x32(counter, key).v[i % 4] >> 8) / 16777216);
    }
    wanted.insert(wanted.end(), {0, 499500, 5, static_cast<double>(Bowl::seed), 1});
    if (name == "kept_c") wanted.insert(wanted.end(), {30, 1});
    const Tensor found = bowl.state.save().at("optimizer.probes");
    record(name + ".probes", found);
    REQUIRE(found.numel() == static_cast<int64_t>(wanted.size()));
    for (size_t i = 0; i < wanted.size(); i++) {
      INFO("probe " << i);
      CHECK(found[static_cast<int64_t>(i)].item<double>() == wanted[i]);
    }
  }
}

// For other_libtorch.sh: the same files of today's own optimizers in two hosts. What they compute is held to independent
// implementations elsewhere (tests/train).
TEST_CASE("today's own optimizers, from the folder that BASIN_OWN_PLUGINS names") {
  const char* own = std::getenv("BASIN_OWN_PLUGINS");
  if (!own) return;
  registry();
  for (const std::string name :
       {"sgd", "adam", "adam_ema", "lion", "rmsprop", "adamax", "adan", "muon", "sam", "clip", "esam", "lr_schedule"}) {
    INFO(name);
    registry().load(std::filesystem::path(own) / (name + ".basin.so"));
    std::vector<std::pair<std::string, Value>> options;
    for (const basin_parameter* p : registry().find("optimizer", name).parameters)
      if (p->type == BASIN_TYPE_COMPONENT)
        options.emplace_back(p->name, std::make_shared<const Spec>(spec("optimizer", "adam", {{"lr", 0.05}})));
    if (name == "esam") options.emplace_back("gamma", 1.0);
    if (name == "lr_schedule") options.emplace_back("steps", int64_t{20});
    Bowl bowl(spec("optimizer", name, options), spec("averager", "kept_c", {}));
    for (int t = 0; t < 10; t++) bowl.step();
    CHECK(worst(bowl.values(), Bowl::centre() + Bowl::offset()) > 0);
    record("own." + name, bowl.values());
  }
}
