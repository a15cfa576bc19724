// Words for sentences.
#pragma once
#include <string>
#include <vector>

namespace basin {

// "adam, sam, sgd"
inline std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

}  // namespace basin
