#include "train/validation.hpp"

#include <basin/validation.h>

#include "abi/border.hpp"
#include "abi/interfaces.hpp"
#include "measure/denoiser.hpp"

namespace basin {

namespace {

constexpr int64_t kItems = 256, kBatch = 64;
constexpr uint32_t kLevelSlot = 2, kNoiseSlot = 3;  // 0 and 1 are those of a metric's losses

// By the parameters that are being trained. [run thread]
std::map<const basin_parameters*, std::function<double()>>& served() {
  static auto* all = new std::map<const basin_parameters*, std::function<double()>>;
  return *all;
}

basin_status loss(basin_parameters* parameters, double* out) {
  return guard([&] {
    const auto found = served().find(parameters);
    if (found == served().end())
      throw Error(
          "the training has no held-out items to find a validation loss on; give run:train { validation = a data set }",
          BASIN_ERROR_NOT_FOUND);
    *needed(out, "The place for the loss") = found->second();
  });
}

const basin_validation_interface kInterface = {sizeof kInterface, loss};

}  // namespace

double validation_loss(const TrainOptions& o, uint64_t seed) {
  const at::NoGradGuard no_grad;
  const Dataset& data = *o.validation;
  const auto device = o.model->device();
  const int64_t n = std::min(kItems, data.count());
  double sum = 0;
  for (int64_t first = 0; first < n; first += kBatch) {
    std::vector<int64_t> ids;
    for (int64_t i = first; i < std::min(n, first + kBatch); i++) ids.push_back(i * data.count() / n);
    const auto random = [&](uint32_t slot, int32_t distribution, at::IntArrayRef sizes) {
      return draw(stream_of(seed, BASIN_PURPOSE_MEASURE, 0, slot), distribution, ids, sizes);
    };
    Tensor labels;
    const Tensor x0 = data.images(ids, &labels).to(device);
    labels = labels.to(device);
    const Tensor u = random(kLevelSlot, BASIN_UNIFORM, {1}).flatten().to(at::kDouble);
    const Tensor t = (u * o.process->steps()).floor().to(at::kLong).to(device);
    const Tensor noise = random(kNoiseSlot, BASIN_NORMAL, x0.sizes().slice(1)).to(device);
    Context context(seed, 0, ids);
    const Target target = o.model->target() == BASIN_TARGET_NONE ? Target::epsilon : prediction_target(*o.model);
    const Denoise denoise = denoise_with(*o.model, context, labels);
    const LossOutput out = o.loss(denoise, {*o.process, x0, noise, t, {}, 0, target, labels});
    sum += out.per_sample.to(at::kDouble).sum().item<double>();
  }
  return sum / static_cast<double>(n);
}

ServedValidation::ServedValidation(Parameters& parameters, std::function<double()> loss) : parameters_(parameters) {
  served()[&parameters_] = std::move(loss);
}
ServedValidation::~ServedValidation() { served().erase(&parameters_); }

void add_validation_interface() { add_interface(BASIN_VALIDATION_INTERFACE, &kInterface); }

}  // namespace basin
