// The kernels' loops for AVX2, 8 floats at a time. Headers come first: the instruction set is for the loops alone,
// or an inline function of the library's, merged with other files' copies, could use it on a machine that lacks it.
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <cstdint>

#include "abi/kernels/loops.hpp"

#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#define BASIN_WIDTH 8
#define BASIN_SET "avx2"
#define BASIN_LOOPS loops_avx2
#include "abi/kernels/loops.inc"
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#else
namespace basin::kernels {
const Loops* loops_avx2() { return nullptr; }
}  // namespace basin::kernels
#endif
