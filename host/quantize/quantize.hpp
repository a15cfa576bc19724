// A quantized copy of a model: a quantizer plugin attached to it.
#pragma once
#include "model/model.hpp"

namespace basin {

struct QuantizeReport {
  int64_t layers = 0, weights = 0, bits = 0;       // bits: storage of the quantized weights with scales and zero points
  double bits_per_weight = 0, relative_error = 0;  // sqrt(sum (w - Q(w))^2 / sum w^2)
  int64_t bytes_before = 0, bytes_after = 0;       // of all parameters
  std::vector<double> errors;                      // the same of each weight that changed, in the model's order
};

// The original is left as it is.
std::shared_ptr<Model> quantize(Model& model, std::shared_ptr<Object> quantizer, QuantizeReport* report = nullptr);

}  // namespace basin
