#include "abi/memory.hpp"

#ifdef __GLIBC__
#include <malloc.h>

#include <climits>
#endif

namespace basin {

void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // glibc's largest; what is bigger is mapped, and unmapped, for itself
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

}  // namespace basin
