#include "data/dataset.hpp"

#include "diffusion/step.hpp"

namespace basin {

std::shared_ptr<Dataset> Dataset::open(Spec spec) {
  auto dataset = std::make_shared<Dataset>();
  dataset->object_ = std::make_shared<Object>(std::move(spec));
  const Object& object = *dataset->object_;
  dataset->functions_ = object.functions<basin_dataset_functions>();
  const auto& functions = dataset->functions_;
  object.call([&] { return functions.open(object.self()); }, "open");

  basin_dataset_description d{};
  d.size = sizeof d;
  object.call([&] { return functions.describe(object.self(), &d); }, "describe");
  const std::string who = "dataset '" + object.spec().component->name + "'";
  if (d.count <= 0) throw Error(who + " is empty");
  if (d.channels <= 0 || d.height <= 0 || d.width <= 0)
    throw Error(who + " describes items of shape [" + std::to_string(d.channels) + "," + std::to_string(d.height) +
                "," + std::to_string(d.width) + "]; every size must be positive");
  if (d.dtype != BASIN_UINT8 && d.dtype != BASIN_FLOAT32)
    throw Error(who + " has items of an unknown type; expected UINT8 or FLOAT32", BASIN_ERROR_ABI);
  dataset->count_ = d.count;
  dataset->shape_ = {d.channels, d.height, d.width};
  dataset->bytes_ = d.dtype == BASIN_UINT8;
  dataset->classes_ = d.classes;
  dataset->reference_ = d.reference ? d.reference : object.spec().component->name;
  dataset->gaussian_variance_ = d.gaussian_variance;
  return dataset;
}

Tensor Dataset::read(std::span<const int64_t> indices, Tensor* labels) const {
  for (int64_t index : indices)
    if (index < 0 || index >= count_)
      throw Error("item " + std::to_string(index) + " asked of dataset '" + spec().component->name + "', which has " +
                  std::to_string(count_));
  const auto n = static_cast<int64_t>(indices.size());
  Tensor items = at::empty({n, shape_[0], shape_[1], shape_[2]}, bytes_ ? at::kByte : at::kFloat);
  Tensor found = at::full({n}, -1, at::kLong);
  object_->call(
      [&] {
        return functions_.read(object_->self(), indices.data(), static_cast<uint32_t>(n), items.mutable_data_ptr(),
                               labels ? found.mutable_data_ptr<int64_t>() : nullptr);
      },
      "read");
  if (labels) *labels = found;
  return items;
}

Tensor Dataset::images(std::span<const int64_t> indices, Tensor* labels) const {
  const Tensor items = read(indices, labels);
  return bytes_ ? images_from_uint8(items) : items;
}

}  // namespace basin
