// The host as a test of metrics needs it: plugins found, components made, a metric run.
#pragma once
#include <nlohmann/json.hpp>

#include "abi/context.hpp"
#include "measure/denoiser.hpp"
#include "measure/metric.hpp"

#include "catch.hpp"

namespace test {

using basin::Tensor;
using Options = std::vector<std::pair<std::string, basin::Value>>;

basin::Spec spec(const std::string& kind, const std::string& name, const Options& options = {});
std::shared_ptr<basin::Dataset> dataset(const std::string& name, const Options& options = {});
std::shared_ptr<basin::Model> model(const std::string& name, const Options& options = {});

// All items of a data set as images to be measured.
std::shared_ptr<const basin::Images> images_of(const basin::Dataset& data, int64_t count);

// Numbers in (-1, 1): a hash of position and stream in 32 bits, as make_inception.py makes them.
Tensor uniform(at::IntArrayRef size, int64_t stream);
double relative(const Tensor& a, const Tensor& b);  // |a - b| / |b|

struct Scalar {
  double value, low, high;
};
struct Result {
  nlohmann::json json;
  Scalar operator[](const std::string& name) const;
  std::vector<double> curve(const std::string& name) const;
};
Result measure(const std::string& metric, const Options& options, basin::Subject subject,
               std::shared_ptr<const basin::Dataset> reference, std::shared_ptr<const basin::Process> process = nullptr,
               uint64_t seed = 7);

// The sentence with which a call fails; "" where it does not.
template <class F>
std::string refusal(F&& call) {
  try {
    call();
  } catch (const basin::Error& e) {
    return e.what();
  }
  return "";
}
inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace test
