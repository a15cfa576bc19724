// Arguments and results of operators between the ABI's tagged values and the engine's.
#pragma once
#include <basin/tensor.h>

#include "abi/handles.hpp"

namespace basin {

// What an argument may be, worked out once when the operator is found.
struct ArgumentKind {
  enum Kind {
    tensor,
    scalar,
    integer,
    real,
    boolean,
    string,
    dtype,
    memory_format,
    device,
    tensors,
    optional_tensors,
    ints,
    floats,
    bools,
    strings,
    scalars,
    opaque,
    none_only  // a type that the ABI cannot say, which may be left out
  } kind;
  std::string name, type;
  bool optional = false, has_default = false;
  int32_t length = 0;  // of a list with a fixed length, which one number may stand for
  at::IValue default_value;

  explicit ArgumentKind(const c10::Argument& argument);
};

struct ResultKind {
  bool is_dtype = false;
  explicit ResultKind(const c10::Argument& result);
};

// Error: the operator, the argument, what it takes and what came.
void push(const ArgumentKind& kind, const basin_value& value, const std::string& op, torch::jit::Stack& stack);

// A list is spread out: a result for each element.
uint32_t result_count(const at::IValue& value);
basin_value* give_result(const ResultKind& kind, at::IValue&& value,
                         basin_value* out);  // the place after what it filled

}  // namespace basin
