// A metric on toy subjects: images out of a Gaussian, or the exact denoiser of it, against Gaussian data.
#include <cmath>
#include <nlohmann/json.hpp>

#include "check/gates.hpp"
#include "check/standins.hpp"
#include "check/test.hpp"
#include "measure/metric.hpp"

namespace basin::checking {
namespace {

constexpr int64_t kItems = 224;  // more than the 192 values of one image: their covariance can be inverted

// The subject's options with one subject; whether it wants images or a model shows. `poor`: one image again and again, or
// a model that predicts half of the noise.
MeasureOptions options_of(Subject& subject, bool with_model, bool poor = false) {
  MeasureOptions o;
  o.metric = subject.make();
  o.reference = gaussian_data(kItems);
  o.seed = subject.request.seed;
  if (with_model) {
    o.process = std::make_shared<const Process>("vp", "cosine", 100);
    o.subject.model = gaussian_denoiser(o.process);
    if (poor) {
      const at::NoGradGuard no_grad;
      for (auto& group : o.subject.model->parameters().groups()) group.values.fill_(std::sqrt(0.5));
      o.subject.model->initial = false;
    }
  } else {
    auto images = std::make_shared<Images>();
    Tensor x = some_values(subject.request.seed, 1, {kItems, 3, 8, 8}, kDeviation) + kMean;
    if (poor) x = x.slice(0, 0, 1).expand_as(x);
    images->pixels = ((x.clamp(-1, 1) + 1) * 127.5).round().to(at::kByte).contiguous();
    o.subject.images = images;
  }
  return o;
}

// Images where it measures them, else a model. Error: it takes neither.
bool wants_model(Subject& subject) {
  try {
    measure(options_of(subject, false));
    return false;
  } catch (const Error& images) {
    try {
      measure(options_of(subject, true));
      return true;
    } catch (const Error& model) {
      throw Error(std::string("it measures neither images: ") + images.what() + "; nor a model: " + model.what());
    }
  }
}

void finite(Subject& subject) {
  const bool model = wants_model(subject);
  const auto result = measure(options_of(subject, model));
  const auto number = [](const nlohmann::json& v) { return v.is_number() ? v.get<double>() : NAN; };
  std::string values;
  for (const auto& scalar : result["scalars"]) {
    const std::string name = scalar["name"];
    const double value = number(scalar["value"]), low = number(scalar["low"]), high = number(scalar["high"]);
    expect(std::isfinite(value), "its number '" + name + "' is not finite on toy data");
    expect(std::isnan(low) == std::isnan(high), "its number '" + name + "' has half an interval");
    expect(std::isnan(low) || (low <= value && value <= high), "its number '" + name + "' is " + std::to_string(value) +
                                                                   ", outside of its interval from " +
                                                                   std::to_string(low) + " to " + std::to_string(high));
    if (values.size() < 60) values += (values.empty() ? "" : ", ") + name + " " + to_text(value).substr(0, 8);
  }
  for (const auto& curve : result["curves"]) {
    const std::string name = curve["name"];
    expect(!curve["x"].empty(), "its curve '" + name + "' has no point");
    for (const char* axis : {"x", "y"})
      for (const auto& v : curve[axis]) expect(std::isfinite(number(v)), "its curve '" + name + "' is not finite");
  }
  for (const auto& grid : result["grids"]) {
    const std::string name = grid["name"];
    expect(!grid["z"].empty() && !grid["x"].empty(), "its grid '" + name + "' has no point");
    for (const auto& row : grid["z"])
      for (const auto& v : row) expect(std::isfinite(number(v)), "its grid '" + name + "' is not finite");
  }
  subject.passed = (model ? "of a model: " : "of images: ") + (values.empty() ? "curves alone" : values);
}

// Without what tells the time.
std::string comparable(nlohmann::json result) {
  result.erase("seconds");
  return result.dump();
}

void same_seed(Subject& subject) {
  const bool model = wants_model(subject);
  const auto options = options_of(subject, model);
  const std::string first = comparable(measure(options));
  expect(first == comparable(measure(options)), "measured twice by one object, the result is another");
  expect(first == comparable(measure(options_of(subject, model))),
         "measured by two objects with one seed, the result is another");
}

void tells(Subject& subject) {
  const bool model = wants_model(subject);
  const auto numbers = [&](bool poor) {
    const auto result = measure(options_of(subject, model, poor));
    std::string out;
    for (const char* part : {"scalars", "curves", "grids"})
      if (result.contains(part)) out += result[part].dump();
    return out;
  };
  const std::string good = numbers(false);
  std::string poor;
  const auto said = refusal([&] { poor = numbers(true); });
  expect(said || good != poor, model ? "the exact denoiser and one that predicts half of the noise get the same numbers"
                                     : "images like the data and one image again and again get the same numbers");
  if (said) subject.passed = "it refuses the poor subject with a sentence";
}

void subject_untouched(Subject& subject) {
  auto options = options_of(subject, wants_model(subject));
  if (!options.subject.model) {
    const Tensor before = options.subject.images->pixels.clone();
    measure(options);
    expect(same_bits(before, options.subject.images->pixels), "it changed the images that it measured");
    return;
  }
  const auto before = options.subject.model->weights();
  measure(options);
  for (const auto& [name, value] : options.subject.model->weights())
    expect(same_bits(value, before.at(name)), "it changed the model's '" + name + "'");
}

}  // namespace

void live_metric(Subject& subject) {
  static const bool model = wants_model(subject);  // found out once, before the host begins to fail
  measure(options_of(subject, model));
}

std::vector<Test> metric_tests() {
  return {{"metric-finite", "metric", "On toy data its numbers are finite and lie in their intervals.", finite},
          {"metric-same-seed", "metric", "The same seed gives the same result.", same_seed},
          {"metric-tells", "metric", "It tells a subject that fits the data from one that does not.", tells},
          {"metric-subject", "metric", "What it measures is the same afterwards.", subject_untouched}};
}

}  // namespace basin::checking
