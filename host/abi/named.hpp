// The engine's failures under the name of the operator that failed: its own sentences ("The size of tensor a (3) must
// match ...") do not say whose they are.
#pragma once
#include <string_view>

#include "abi/aten.hpp"
#include "abi/error.hpp"
#include "abi/memory.hpp"

namespace basin {

// "aten::add: ...", "layer 'out.2': ...": what with_name() made.
inline bool is_named(std::string_view sentence) {
  return sentence.starts_with("aten::") || sentence.starts_with("layer '");
}

template <class F>
void with_name(const char* name, F&& body) {
  try {
    body();
  } catch (const c10::Error& e) {
    if (out_of_memory(e)) throw;  // has a sentence of its own
    const std::string text(e.what_without_backtrace());
    throw Error(std::string(name) + ": " + text.substr(0, text.find('\n')), BASIN_ERROR_RUNTIME);
  }
}

}  // namespace basin
