// Lists of tensors into a plugin's function and back.
#pragma once
#include <vector>

#include "abi/handles.hpp"

namespace basin {

// Handles lent for one call.
inline std::vector<basin_tensor*> lend_all(at::TensorList tensors) {
  std::vector<basin_tensor*> out;
  out.reserve(tensors.size());
  for (const Tensor& t : tensors) out.push_back(lend(t));
  return out;
}

// Outputs that a plugin's function fills with new references; taken over, also where it fails half-way.
template <class F>
std::vector<Tensor> outputs_of(uint32_t n, F&& function) {
  std::vector<basin_tensor*> handles(n);
  const basin_status status = function(handles.data());
  std::vector<Tensor> out;
  for (basin_tensor* handle : handles) out.push_back(steal(handle));
  check(status);
  return out;
}

}  // namespace basin
