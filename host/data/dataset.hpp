// An open data set: items by index, as the host's tensors.
#pragma once
#include <basin/dataset.h>

#include "plugin/object.hpp"

namespace basin {

class Dataset : public basin_object {
 public:
  // Opens it: an Error says what is wrong with the folder or file.
  static std::shared_ptr<Dataset> open(Spec spec);

  std::string kind() const override { return "dataset"; }
  nlohmann::json describe() const override { return object_->describe(); }
  const Spec& spec() const { return object_->spec(); }

  int64_t count() const { return count_; }
  const std::vector<int64_t>& shape() const { return shape_; }  // [C,H,W]
  bool is_bytes() const { return bytes_; }                      // uint8 images, else float32 values as they are
  int64_t classes() const { return classes_; }
  const std::string& reference() const { return reference_; }
  double gaussian_variance() const { return gaussian_variance_; }

  // Items as they are stored: uint8 or float32 [n,C,H,W]; labels [n] int64, -1 for none. [any thread]
  Tensor read(std::span<const int64_t> indices, Tensor* labels = nullptr) const;
  // The same in the model's range: float32 in [-1, 1]. [any thread]
  Tensor images(std::span<const int64_t> indices, Tensor* labels = nullptr) const;

 private:
  std::shared_ptr<Object> object_;
  basin_dataset_functions functions_{};
  int64_t count_ = 0, classes_ = 0;
  std::vector<int64_t> shape_;
  bool bytes_ = true;
  std::string reference_;
  double gaussian_variance_ = 0;
};

}  // namespace basin
