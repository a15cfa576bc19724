// Counter-based random numbers (random.h says which): Philox 4x32-10 of Random123 (Salmon, Moraes, Dror and Shaw 2011)
// and what is made of its integers. No ATen here.
#pragma once
#include <cstdint>

namespace basin::philox {

// The key, and words 1 to 3 of the counter; word 0 counts blocks of four values.
struct Stream {
  uint64_t seed;
  uint32_t sample, step, purpose_slot;
};

constexpr int64_t kBlocks = 256;  // blocks of a batch below

// Each fills 4 n values, those of blocks [first, first + n), n <= kBlocks.
void bits(const Stream& stream, uint32_t first, int64_t n, uint32_t* out);
// [0, 1): the upper 24 bits
void uniform(const Stream& stream, uint32_t first, int64_t n, float* out);
// N(0, 1): Box and Muller (1958) on words (0, 1) and (2, 3). In fp32 of additions, products, quotients and roots alone,
// so that it gives the same bits on every machine; the largest value is 6.7.
void normal(const Stream& stream, uint32_t first, int64_t n, float* out);

}  // namespace basin::philox
