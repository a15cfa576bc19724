// Losses of a data set's items at given noise levels, and what the landscape around them is like: the gradient and
// Hessian-vector products of their mean by the model's parameters. Noise is drawn by (seed, item, draw), never by batch
// or call order, so that two models, and two points of one landscape, differ by their weights only.
#pragma once
#include "data/dataset.hpp"
#include "measure/denoiser.hpp"

namespace basin {

struct LossItems {
  Model& model;
  const Dataset& data;
  const Process& process;
  uint64_t seed = 0, draw = 0;
  std::span<const int64_t> ids;
  const double* levels = nullptr;  // [ids]; null: drawn uniformly, by the item
};

// [ids] on the CPU, in the model's precision; nothing is recorded.
Tensor losses_of(const LossItems& items);

// One float32 [numel] for each group of parameters, in the order of its arena, on the model's device. In fp32 whatever
// the model's precision is: a rounded function has no useful second derivative. Memory grows with a batch, not with the
// number of items. Error: the direction is not of the parameters' shape; interrupted.
std::vector<Tensor> gradient_of(const LossItems& items);
std::vector<Tensor> hessian_vector_product_of(const LossItems& items, at::TensorList direction);

}  // namespace basin
