// Running what hooks wrap: each sees all inputs and may change them, call the original, or replace it.
#pragma once
#include "abi/layers.hpp"

namespace basin {

struct Wrapped {
  basin_layer* layer;
  basin_block* block;
  const basin_context* context;
};

using Original = std::function<std::vector<Tensor>(at::TensorList inputs)>;

// The last hook added runs outermost. Error: a hook's failure, or an output that it left out.
std::vector<Tensor> run_hooks(const Wrapped& wrapped, const Hooks& hooks, at::TensorList inputs, uint32_t n_outputs,
                              const Original& original);

// A block, its hooks around it.
std::vector<Tensor> run_block(basin_block& block, const basin_context* context, at::TensorList inputs,
                              uint32_t n_outputs);

}  // namespace basin
