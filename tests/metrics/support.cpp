#include "support.hpp"

namespace test {
namespace {

void start() {
  static const bool once = [] {
    basin::add_abi_interfaces();
    basin::add_plugin_interfaces();
    basin::add_process_interface();
    basin::add_samplers_interface();
    basin::add_measurement_interface();
    basin::add_model_factory();
    basin::Registry::instance().search({BASIN_BUILD "/plugins", BASIN_BUILD "/tests/metrics"});
    return true;
  }();
  (void)once;
}

double number(const nlohmann::json& j) { return j.is_null() ? std::nan("") : j.get<double>(); }

}  // namespace

basin::Spec spec(const std::string& kind, const std::string& name, const Options& options) {
  start();
  std::vector<basin::Option> given;
  for (const auto& [option, value] : options) given.push_back({option, value, "test"});
  return basin::check_options(basin::Registry::instance().find(kind, name), given);
}
std::shared_ptr<basin::Dataset> dataset(const std::string& name, const Options& options) {
  return basin::Dataset::open(spec("dataset", name, options));
}
std::shared_ptr<basin::Model> model(const std::string& name, const Options& options) {
  return basin::Model::create(spec("model", name, options));
}

std::shared_ptr<const basin::Images> images_of(const basin::Dataset& data, int64_t count) {
  std::vector<int64_t> all(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; i++) all[static_cast<size_t>(i)] = i;
  auto images = std::make_shared<basin::Images>();
  images->pixels = data.read(all);
  return images;
}

Tensor uniform(at::IntArrayRef size, int64_t stream) {
  Tensor v = (at::arange(c10::multiply_integers(size), at::kLong) + stream * 40503 + 12345).bitwise_and(0xFFFFFFFF);
  const std::pair<int64_t, int64_t> rounds[] = {{2654435761, 15}, {2246822519, 13}, {3266489917, 16}};
  for (const auto& [multiplier, shift] : rounds) {
    v = (v * multiplier).bitwise_and(0xFFFFFFFF);
    v = v.bitwise_xor(v.bitwise_right_shift(shift));
  }
  return (v.to(at::kDouble) / 2147483648.0 - 1).reshape(size);
}
double relative(const Tensor& a, const Tensor& b) { return ((a - b).norm() / b.norm()).item<double>(); }

Scalar Result::operator[](const std::string& name) const {
  for (const auto& s : json["scalars"])
    if (s["name"] == name) return {number(s["value"]), number(s["low"]), number(s["high"])};
  throw std::runtime_error("no scalar " + name);
}
std::vector<double> Result::curve(const std::string& name) const {
  for (const auto& c : json["curves"])
    if (c["name"] == name) return c["y"];
  throw std::runtime_error("no curve " + name);
}

Result measure(const std::string& metric, const Options& options, basin::Subject subject,
               std::shared_ptr<const basin::Dataset> reference, std::shared_ptr<const basin::Process> process,
               uint64_t seed) {
  basin::MeasureOptions o;
  o.metric = std::make_shared<basin::Object>(spec("metric", metric, options));
  o.subject = std::move(subject);
  o.reference = std::move(reference);
  o.process = std::move(process);
  o.seed = seed;
  return {basin::measure(o)};
}

}  // namespace test
