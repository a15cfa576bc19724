// The kernels' loops for any machine, four floats at a time; and the choice among the instruction sets.
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define BASIN_WIDTH 4
#define BASIN_SET "plain"
#define BASIN_LOOPS loops_plain
#include "abi/kernels/loops.inc"

namespace basin::kernels {
namespace {

bool runs_avx2() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return false;
#endif
}
bool runs_avx512() {
#if defined(__x86_64__)
  return runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
#else
  return false;
#endif
}

}  // namespace

const Loops& loops() {
  static const Loops& best = [&]() -> const Loops& {
    if (runs_avx512() && loops_avx512()) return *loops_avx512();
    if (runs_avx2() && loops_avx2()) return *loops_avx2();
    return *loops_plain();
  }();
  return best;
}

}  // namespace basin::kernels
