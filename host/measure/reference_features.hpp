// Features of a data set's items, kept while the data set lives (those of one that is gone go when others are kept): many
// models are compared with one reference.
#pragma once
#include "data/dataset.hpp"

namespace basin {

class ReferenceFeatures {
 public:
  // Of all of a data set's items together; one with more is read anew each time, as memory is not to grow with the
  // number of images.
  static constexpr int64_t kMostBytes = int64_t{128} << 20;

  struct Key {
    std::shared_ptr<const Dataset> data;
    std::string extractor;  // the same text where features are the same
    int64_t first, n;       // items [first, first + n)
  };

  std::optional<Tensor> find(const Key& key) const;
  void keep(const Key& key, const Tensor& features);  // [n,D]

 private:
  struct Kept {
    std::weak_ptr<const Dataset> data;
    std::map<std::tuple<std::string, int64_t, int64_t>, Tensor> features;
    int64_t bytes = 0;
  };
  std::map<const Dataset*, Kept> kept_;
};

}  // namespace basin
