// A pinned plugin: an averager that keeps its average with LibTorch's own functions.
#include <ATen/Functions.h>
#include <basin/libtorch.hpp>

namespace {
struct Last {
  static constexpr const char* name = "last";
  static constexpr const char* summary = "The weights as they stand.";
  basin::Parameters parameters;
  void start(basin::Parameters p, basin::State) { parameters = p; }
  void update(const basin::Context&) {}
  basin::Tensor average(uint32_t group) {
    return basin::basin_tensor_of(at::clone(basin::torch_tensor(parameters[group].values)));
  }
};
}  // namespace

BASIN_PLUGIN("pinned", "1.0.0", "Apache-2.0", "Needs LibTorch's headers.", basin::AveragerComponent<Last>)
