// Memory: what becomes of what was freed, and running out of it.
#pragma once
#include <exception>
#include <optional>
#include <string>

namespace basin {

// "out of memory on the CPU: 1.5 GiB could not be had" where the exception is LibTorch's or C++'s for an allocation that
// failed; nothing for any other.
std::optional<std::string> out_of_memory(const std::exception& error);

// Keeps freed memory instead of giving it back to the kernel: a training step frees and asks again for the same tensors,
// and fresh pages cost more than many of the operators that fill them. Call once, before large allocations.
void keep_freed_memory();

}  // namespace basin
