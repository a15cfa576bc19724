// The group norm's loops for any machine, four floats at a time; and the choice among the instruction sets.
#define BASIN_WIDTH 4
#define BASIN_SET "plain"
#define BASIN_ROWS group_norm_rows_plain
#include "abi/kernels/group_norm_rows.inc"

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

const GroupNormRows& group_norm_rows(bool bf16, bool channels_last) {
  static const bool avx512 = runs_avx512(), avx2 = runs_avx2();
  const GroupNormRows* best = avx512 ? group_norm_rows_avx512(bf16, channels_last) : nullptr;
  if (!best && avx2) best = group_norm_rows_avx2(bf16, channels_last);
  return best ? *best : *group_norm_rows_plain(bf16, channels_last);
}

}  // namespace basin::kernels
