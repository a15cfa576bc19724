// Measuring a model leaves it as it was, whatever happens; losses belong to items, not to batches; closed forms of lpf
// and optimal_loss.
#include "measure/metric.hpp"

#include "abi/interfaces.hpp"
#include "abi/log.hpp"
#include "measure/measurement.hpp"
#include "train/support.hpp"

namespace {

using namespace test;

std::shared_ptr<const basin::Process> process() {
  static const auto made = std::make_shared<const basin::Process>("vp", "cosine", 1000);
  return made;
}

nlohmann::json measure(const std::string& metric, const Options& options, std::shared_ptr<basin::Model> model,
                       std::shared_ptr<const basin::Dataset> data, uint64_t seed = 7) {
  basin::MeasureOptions o;
  o.metric = object("metric", metric, options);
  o.subject.model = std::move(model);
  o.reference = std::move(data);
  o.process = process();
  o.seed = seed;
  return basin::measure(o);
}
std::vector<double> losses(const std::shared_ptr<basin::Model>& model, const std::shared_ptr<basin::Dataset>& data,
                           const std::vector<int64_t>& ids, const std::vector<double>& levels, int64_t batch,
                           int64_t draw = 0, uint64_t seed = 7) {
  return measure("item_losses", {{"ids", ids}, {"levels", levels}, {"batch", batch}, {"draw", draw}}, model, data,
                 seed)["curves"][0]["y"];
}
double scalar(const nlohmann::json& result, const std::string& name, const char* what = "value") {
  for (const auto& s : result["scalars"])
    if (s["name"] == name) return s[what];
  throw std::runtime_error("no scalar " + name);
}

std::shared_ptr<basin::Model> unet(Options more = {}) {
  auto m = tiny_unet(std::move(more));
  randomize(*m, 5, 0.1);
  return m;
}

}  // namespace

TEST_CASE("the loss of an item does not depend on the batch it is in") {
  const auto data = dataset("shapes", {{"count", int64_t{150}}, {"size", int64_t{8}}});
  const auto m = unet({{"dropout", 0.5}});  // off while measuring
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < 130; i++) ids.push_back((i * 37) % 150);
  for (bool given : {false, true}) {
    std::vector<double> levels;
    for (int64_t i = 0; given && i < 130; i++) levels.push_back(static_cast<double>((i * 7) % 1000));
    const auto whole = losses(m, data, ids, levels, 1000);
    REQUIRE(whole.size() == 130);
    for (int64_t batch : {1, 64, 50}) {
      const auto parts = losses(m, data, ids, levels, batch);
      for (size_t i = 0; i < whole.size(); i++) CHECK(parts[i] == Approx(whole[i]).epsilon(2e-5));
    }
    // in another order: the loss goes with the item
    std::vector<int64_t> turned(ids.rbegin(), ids.rend());
    std::vector<double> turned_levels(levels.rbegin(), levels.rend());
    const auto back = losses(m, data, turned, turned_levels, 1000);
    for (size_t i = 0; i < whole.size(); i++) CHECK(back[129 - i] == Approx(whole[i]).epsilon(2e-5));
    // another draw, another seed: other noise
    CHECK(losses(m, data, ids, levels, 1000, 1) != whole);
    CHECK(losses(m, data, ids, levels, 1000, 0, 8) != whole);
    CHECK(losses(m, data, ids, levels, 1000) == whole);
  }
}

TEST_CASE("on a model that works by element the losses are the same bits in every batch") {
  const auto data = dataset("gaussian", {{"count", int64_t{100}}, {"size", int64_t{4}}, {"channels", int64_t{2}}});
  const auto m = model("line");
  std::vector<int64_t> ids(100);
  for (int64_t i = 0; i < 100; i++) ids[static_cast<size_t>(i)] = i;
  const auto whole = losses(m, data, ids, {}, 1000);
  for (int64_t batch : {1, 7, 64, 65}) CHECK(losses(m, data, ids, {}, batch) == whole);
}

TEST_CASE("a metric that moves the weights and then fails, stops or ends leaves them bit for bit as they were") {
  const auto data = dataset("shapes", {{"count", int64_t{20}}, {"size", int64_t{8}}});
  for (auto precision : {basin::Precision::fp32, basin::Precision::bf16}) {
    const auto m = unet();
    m->to(at::kCPU, precision);
    const Tensor before = arena(m->parameters());
    const auto hash = m->describe();
    const std::vector<int64_t> ids = {1, 2, 3};
    const auto first = losses(m, data, ids, {}, 10);

    CHECK(says(refusal([&] { measure("vandal", {}, m, data); }), {"the vandal fails after its deed"}));
    CHECK(same_bits(arena(m->parameters()), before));
    CHECK(says(refusal([&] { measure("vandal", {{"way", std::string("parameters")}}, m, data); }), {"vandal"}));
    CHECK(same_bits(arena(m->parameters()), before));
    CHECK(error_of([&] {
            measure("vandal", {{"way", std::string("interrupt")}}, m, data);
          }).status == BASIN_ERROR_INTERRUPTED);
    CHECK(same_bits(arena(m->parameters()), before));
    CHECK(scalar(measure("vandal", {{"way", std::string("finish")}}, m, data), "done") == 1);
    CHECK(same_bits(arena(m->parameters()), before));
    CHECK(m->describe() == hash);
    CHECK(losses(m, data, ids, {}, 10) == first);  // no cast of a moved weight was kept
  }
}

TEST_CASE("lpf leaves the weights bit for bit as they were, also when it is stopped in the middle") {
  const auto data = dataset("shapes", {{"count", int64_t{20}}, {"size", int64_t{8}}});
  const auto m = unet();
  const Tensor before = arena(m->parameters());
  const Options options = {{"images", int64_t{6}}, {"draws", int64_t{3}}, {"sigma", 0.5}};
  const auto result = measure("lpf", options, m, data);
  CHECK(same_bits(arena(m->parameters()), before));
  CHECK(scalar(result, "lpf") != scalar(result, "loss"));
  bool moved = false;
  basin::set_progress_sink([&](const std::string&, int64_t done, int64_t) {
    if (done == 2) moved = !same_bits(arena(m->parameters()), before), basin::interrupted() = true;
  });
  CHECK(error_of([&] { measure("lpf", options, m, data); }).status == BASIN_ERROR_INTERRUPTED);
  basin::interrupted() = false;
  basin::set_progress_sink({});
  CHECK(moved);  // it was in the middle
  CHECK(same_bits(arena(m->parameters()), before));
  CHECK(measure("lpf", options, m, data)["scalars"] == result["scalars"]);  // and it draws the same again
}

TEST_CASE("lpf of a model that is linear in its weights is the loss and sigma^2 times the mean of squares") {
  // epsilon = scale x + tilt t + bias: (L(w + sigma n) - L(w)) has the mean sigma^2 (x^2 + t^2 + 1).
  const auto data = dataset("gaussian", {{"count", int64_t{40}}, {"size", int64_t{4}}, {"channels", int64_t{2}}});
  const auto m = model("line");
  const double sigma = 0.02;
  const auto result = measure("lpf", {{"sigma", sigma}, {"draws", int64_t{3000}}, {"images", int64_t{10}}}, m, data);
  // Levels and items as lpf's protocol has them: t = (2 k + 1) T / (2 n), items at equal distances.
  double squares = 0;
  for (int64_t i = 0; i < 10; i++) {
    const int64_t level = (2 * (i * 7 % 10) + 1) * 1000 / 20,
                  item = i * 4;  // 0.618 * 10 = 6, then 7: no common divisor
    const Tensor x0 = data->images(std::vector<int64_t>{item});
    const std::vector<int64_t> id = {item};
    const Tensor noise = basin::draw(basin::stream_of(7, BASIN_PURPOSE_MEASURE), BASIN_NORMAL, id, {2, 4, 4});
    const Tensor x = process()->q_sample(x0, at::tensor({level}), noise);
    squares += (x.square().mean().item<double>() + static_cast<double>(level * level) + 1) / 10;
  }
  const double rise = scalar(result, "lpf_minus_loss"), half = scalar(result, "lpf_minus_loss", "high") - rise;
  CHECK(std::abs(rise - sigma * sigma * squares) < 2 * half);  // twice the 95 % interval
  CHECK(half < 0.1 * rise);
  CHECK(scalar(result, "lpf") - scalar(result, "loss") == Approx(rise));
}

TEST_CASE("optimal_loss on Gaussian data: the optimum, and the gap of a linear model, are formulas") {
  const double s = 0.5;
  const auto data =
      dataset("gaussian", {{"count", int64_t{4000}}, {"size", int64_t{4}}, {"channels", int64_t{2}}, {"std", s}});
  const auto m = model("line");
  {
    at::NoGradGuard no_grad;
    m->parameters().find("tilt")->value.zero_();
    m->parameters().find("bias")->value.fill_(0.1);
    m->parameters().find("scale")->value.copy_(at::tensor({0.4f, 0.9f}).reshape({2, 1, 1}));
  }
  const std::vector<double> levels = {1, 30, 200, 500, 800, 990};
  const auto result = measure("optimal_loss", {{"levels", levels}, {"queries", int64_t{4000}}}, m, data);
  const auto curve = [&](const std::string& name) {
    for (const auto& c : result["curves"])
      if (c["name"] == name) return c["y"].get<std::vector<double>>();
    throw std::runtime_error("no curve " + name);
  };
  const auto optimal = curve("optimal"), gap = curve("gap"), loss = curve("loss");
  for (size_t i = 0; i < levels.size(); i++) {
    const auto t = static_cast<int64_t>(levels[i]);
    const double a2 = process()->alpha_bar()[t], variance = a2 * s * s + 1 - a2;  // of x_t
    CHECK(optimal[i] == Approx(a2 * s * s / variance).epsilon(1e-9));
    // The best prediction is sigma / Var(x_t) x; the model's is scale x + 0.1.
    const double best = std::sqrt(1 - a2) / variance;
    const double expected = (std::pow(0.4 - best, 2) + std::pow(0.9 - best, 2)) / 2 * variance + 0.01;
    INFO("t = " << t);
    CHECK(gap[i] == Approx(expected).epsilon(0.02));  // 128,000 numbers, and the mean of 4,000 items
    CHECK(loss[i] == Approx(optimal[i] + gap[i]).epsilon(0.02));
  }
}

TEST_CASE("what a metric cannot measure is refused in a sentence") {
  const auto data = dataset("shapes", {{"count", int64_t{20}}, {"size", int64_t{16}}});
  CHECK(says(refusal([&] { measure("lpf", {}, unet(), data); }), {"[3, 8, 8]", "[3, 16, 16]"}));
  CHECK(says(refusal([&] { measure("lpf", {}, unet(), nullptr); }), {"data set"}));
  basin::MeasureOptions o;
  o.metric = object("metric", "lpf");
  o.subject.model = unet();
  o.reference = data;
  CHECK(says(refusal([&] { basin::measure(o); }), {"give one"}));
}

TEST_CASE("a model conditioned on classes is measured with the labels of the items") {
  const auto data = dataset("shapes", {{"count", int64_t{24}}, {"size", int64_t{8}}});
  const auto m = unet({{"classes", data->classes()}});
  const std::vector<double> levels = {1, 400, 900};
  const auto result =
      measure("optimal_loss", {{"levels", levels}, {"queries", int64_t{24}}, {"batch", int64_t{5}}}, m, data);
  std::vector<int64_t> ids(24);
  for (int64_t i = 0; i < 24; i++) ids[static_cast<size_t>(i)] = i;
  Tensor labels;
  const Tensor x0 = data->images(ids, &labels);
  REQUIRE(labels.min().item<int64_t>() >= 0);
  REQUIRE(labels.min().item<int64_t>() < labels.max().item<int64_t>());
  const Tensor noise = basin::draw(basin::stream_of(7, BASIN_PURPOSE_MEASURE), BASIN_NORMAL, ids, {3, 8, 8});
  const auto loss = [&](double level, const Tensor& given) {
    at::NoGradGuard no_grad;
    const Tensor t = at::full({24}, static_cast<int64_t>(level), at::kLong);
    basin::Context context(7, 0, ids);
    const Tensor x = process()->q_sample(x0, t, noise);
    return (basin::run_model(*m, context, x, t, given).prediction - noise).square().mean().item<double>();
  };
  for (const auto& curve : result["curves"]) {
    if (curve["name"] != "loss") continue;
    for (size_t i = 0; i < levels.size(); i++) {
      const double found = curve["y"][i];
      CHECK(found == Approx(loss(levels[i], labels)).epsilon(5e-6));
      CHECK(found != Approx(loss(levels[i], labels.flip(0))).epsilon(5e-6));  // the labels matter, a little: untrained
    }
  }
  const auto plain = dataset("gaussian", {{"count", int64_t{20}}, {"size", int64_t{8}}, {"channels", int64_t{3}}});
  CHECK(says(refusal([&] { measure("optimal_loss", {}, m, plain); }),
             {"conditioned on classes", "a data set with labels", "'gaussian' has not"}));
}

namespace {

// A struct of which the caller has only the first `size` bytes; behind them lies what must not be touched.
template <class T>
struct Short {
  alignas(T) unsigned char bytes[sizeof(T)];
  explicit Short(uint32_t size) {
    std::memset(bytes, 0xAB, sizeof bytes);
    get()->size = size;
  }
  T* get() { return reinterpret_cast<T*>(bytes); }
  bool untouched_from(size_t first) const {
    return std::all_of(bytes + first, bytes + sizeof bytes, [](unsigned char b) { return b == 0xAB; });
  }
};
template <class T>
const T& table(const char* id) {
  const basin_host* host = basin::host_table();
  return *static_cast<const T*>(host->get_interface(host, id));
}
bool refused_as_null(basin_status status) { return status != BASIN_OK && says(basin::last_error(), {" is null"}); }

}  // namespace

TEST_CASE("structs of the caller are filled no further than their size, and null is refused") {
  auto m = unet();
  basin::MeasureOptions o;
  o.metric = object("metric", "lpf");
  o.subject.model = m;
  o.reference = dataset("shapes", {{"count", int64_t{20}}, {"size", int64_t{8}}});
  o.process = process();
  basin_measurement measurement;
  measurement.options = &o;
  measurement.process = {process()};
  measurement.denoiser = {m, &measurement.process, {}, {}};
  measurement.context = std::make_unique<basin::Context>(7, 0, std::vector<int64_t>{0, 1});
  const auto& processes = table<basin_process_interface>(BASIN_PROCESS_INTERFACE);
  const auto& measurements = table<basin_measurement_interface>(BASIN_MEASUREMENT_INTERFACE);

  constexpr size_t alpha_bar = offsetof(basin_process_info, alpha_bar),
                   channels = offsetof(basin_measurement_info, channels);
  Short<basin_process_info> info(alpha_bar);
  REQUIRE(processes.info(&measurement.process, info.get()) == BASIN_OK);
  CHECK(info.get()->steps == 1000);
  CHECK(info.untouched_from(alpha_bar));
  Short<basin_measurement_info> described(channels);
  REQUIRE(measurements.info(&measurement, described.get()) == BASIN_OK);
  CHECK(described.get()->n_reference == 20);
  CHECK(described.untouched_from(channels));

  const Tensor x = at::zeros({2, 3, 8, 8});
  const double at_level = 5;
  for (size_t room :
       {offsetof(basin_denoised, epsilon), offsetof(basin_denoised, x0), offsetof(basin_denoised, variance)}) {
    INFO(room << " bytes");
    Short<basin_denoised> denoised(static_cast<uint32_t>(room));
    REQUIRE(processes.denoise(&measurement.denoiser, measurement.context->get(), basin::lend(x), &at_level, 1,
                              denoised.get()) == BASIN_OK);
    CHECK(denoised.untouched_from(room));
    if (room > offsetof(basin_denoised, epsilon)) CHECK(basin::steal(denoised.get()->epsilon).sizes() == x.sizes());
    if (room > offsetof(basin_denoised, x0)) CHECK(basin::steal(denoised.get()->x0).sizes() == x.sizes());
  }

  int64_t level = 0;
  CHECK(refused_as_null(processes.info(&measurement.process, nullptr)));
  CHECK(refused_as_null(processes.info(nullptr, info.get())));
  CHECK(refused_as_null(processes.respace(&measurement.process, nullptr, 1, &level)));
  CHECK(refused_as_null(processes.respace(&measurement.process, "even", 1, nullptr)));
  CHECK(refused_as_null(
      processes.denoise(&measurement.denoiser, measurement.context->get(), basin::lend(x), &at_level, 1, nullptr)));
  CHECK(refused_as_null(
      processes.denoise(&measurement.denoiser, measurement.context->get(), nullptr, &at_level, 1, nullptr)));
  CHECK(refused_as_null(
      processes.denoise(&measurement.denoiser, measurement.context->get(), basin::lend(x), nullptr, 1, nullptr)));
  CHECK(refused_as_null(measurements.info(&measurement, nullptr)));
  CHECK(refused_as_null(measurements.images(&measurement, BASIN_REFERENCE, 0, 1, nullptr)));
  CHECK(refused_as_null(measurements.scalar(&measurement, nullptr, 1, 1, 1)));
  CHECK(refused_as_null(measurements.protocol(&measurement, "key", nullptr)));
}
