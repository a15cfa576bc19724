// How the program's allocator treats memory that was freed.
#pragma once

namespace basin {

// Keeps freed memory instead of giving it back to the kernel: a training step frees and asks again for the same tensors,
// and fresh pages cost more than many of the operators that fill them. Call once, before large allocations.
void keep_freed_memory();

}  // namespace basin
