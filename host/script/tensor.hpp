// Tensors in scripts: arithmetic, reductions, indexing from 1, and gradients. Dimensions count from 1, or from the end
// with -1; results are new tensors.
#pragma once
#include "abi/handles.hpp"
#include "script/bind.hpp"

namespace basin::script {

template <>
inline constexpr const char* type_of<Tensor> = "tensor";

void add_tensors(lua_State* L, int library);  // basin.tensor, zeros, ... into the table at `library`

std::string tensor_text(const Tensor& tensor);  // "tensor [2,3] float32 cpu: 0.1 0.2 ..., from -1.2 to 3.4"

}  // namespace basin::script
