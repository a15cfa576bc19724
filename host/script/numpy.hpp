// What NumPy and PyTorch write in other words: a table of the reference, and the answer to a script that writes theirs.
#pragma once
#include <vector>

namespace basin::script {

struct Otherwise {
  const char* name;    // theirs, where a script may look for it in a tensor; "" for what is no name
  const char* theirs;  // in Python
  const char* ours;    // in Lua, of the same tensors
};
const std::vector<Otherwise>& numpy_names();

}  // namespace basin::script
