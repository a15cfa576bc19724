#include "measure/reference_features.hpp"

namespace basin {

std::optional<Tensor> ReferenceFeatures::find(const Key& key) const {
  const auto of_data = kept_.find(key.data.get());
  if (of_data == kept_.end() || of_data->second.data.lock() != key.data) return std::nullopt;
  const auto found = of_data->second.features.find({key.extractor, key.first, key.n});
  if (found == of_data->second.features.end()) return std::nullopt;
  return found->second.clone();  // the metric may write into its own
}

void ReferenceFeatures::keep(const Key& key, const Tensor& features) {
  std::erase_if(kept_, [](const auto& entry) { return entry.second.data.expired(); });
  const auto bytes = static_cast<int64_t>(features.nbytes());
  if (bytes / key.n * key.data->count() > kMostBytes) return;
  Kept& kept = kept_[key.data.get()];
  kept.data = key.data;
  if (kept.bytes + bytes > kMostBytes) kept.features.clear(), kept.bytes = 0;  // of other extractors
  kept.features[{key.extractor, key.first, key.n}] = features.clone();
  kept.bytes += bytes;
}

}  // namespace basin
