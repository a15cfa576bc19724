// Tensors in scripts, as a user of NumPy expects them, but counted as Lua counts: dimensions and elements from 1 (or from
// the end with -1), ranges with both ends. Indexing gives a view, indexing with a tensor a copy; everything else is a new
// tensor.
#pragma once
#include "abi/handles.hpp"
#include "script/bind.hpp"

namespace basin::script {

template <>
inline constexpr const char* type_of<Tensor> = "tensor";

void add_tensors(lua_State* L, int library);  // basin.tensor, zeros, ... into the table at `library`

// The values of a small one under a line of "tensor [2,3] float32 cpu, 1 to 6".
std::string tensor_text(const Tensor& tensor);
std::string tensor_kind(const Tensor& tensor);  // "tensor [2,3] float32 cpu"
std::string dtype_text(at::ScalarType type);    // "float32"

// ---- the parts of the type -----------------------------------------------------------------------------------------

std::vector<Function> tensor_factories();       // tensor_make.cpp: basin.tensor, zeros, cat, ...
std::vector<Function> tensor_files();           // tensor_files.cpp: basin.save, load
std::vector<Function> tensor_reductions();      // tensor_reduce.cpp: sum, mean, argmax, ...
std::vector<Function> tensor_functions();       // tensor_math.cpp: exp, clamp, lt, ...
std::vector<Function> tensor_linear_algebra();  // tensor_linalg.cpp: inverse, eigh, ...
std::vector<std::pair<const char*, int (*)(Call&)>> tensor_operators();
std::vector<Function> tensor_pictures();  // tensor_pictures.cpp: image, plot

int element(Call& c);  // tensor_index.cpp: t[key], where key is no method
int assign(Call& c);   // t[key] = value

// A dimension as a script counts it -> as ATen does.
int64_t dimension(const Tensor& tensor, int64_t given);
std::vector<int64_t> dimensions(Call& c, const Tensor& tensor);  // of the field "dims"
// The value as a tensor: a number or boolean becomes one without dimensions, which takes the other side's dtype.
Tensor operand(lua_State* L, int index);
at::ScalarType type_named(const std::string& name);                     // "float32" -> at::kFloat
Tensor tensor_from(lua_State* L, int index, const std::string& dtype);  // of nested lists; "": float32, or bool

constexpr const char* kDtypes = "\"float32\"|\"float64\"|\"int64\"|\"int32\"|\"uint8\"|\"bool\"|\"bfloat16\"";

}  // namespace basin::script
