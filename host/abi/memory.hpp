// Running out of memory, as one sentence.
#pragma once
#include <exception>
#include <optional>
#include <string>

namespace basin {

// "out of memory on the CPU: 1.5 GiB could not be had" where the exception is LibTorch's or C++'s for an allocation that
// failed; nothing for any other.
std::optional<std::string> out_of_memory(const std::exception& error);

}  // namespace basin
