// The safetensors format: named tensors and text in one file, shared with Python.
//
//   8 bytes     n, the length of the header (little-endian)
//   n bytes     JSON: {"__metadata__": {"k": "v"}, "name": {"dtype": "F32", "shape": [2,3], "data_offsets": [0,24]},
//   ...} the rest    the tensors' values, row-major, without holes
// Source: huggingface/safetensors, README "Format".
#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "abi/handles.hpp"

namespace basin {

struct Safetensors {
  std::map<std::string, Tensor> tensors;  // contiguous, on the CPU
  std::map<std::string, std::string> metadata;
};

// dtypes: F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL.
// Error, one sentence that names the file: it cannot be read, is truncated, no safetensors, holds a dtype that Basin
// does not, or tensors that overlap, leave holes or reach past its end.
Safetensors read_safetensors(const std::filesystem::path& file);

// To a temporary name, synced, renamed: after an Error the file that was there is as it was.
void write_safetensors(const std::filesystem::path& file, const std::map<std::string, Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace basin
