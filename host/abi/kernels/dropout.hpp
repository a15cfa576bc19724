// Dropout (Srivastava et al. 2014) whose mask is a pure function of (seed, purpose, slot, step, sample id): nothing is
// stored for the backward pass, and a second forward of the same step has the same mask.
#pragma once
#include "abi/aten.hpp"

namespace basin::kernels {

struct DropoutKey {
  uint64_t seed;
  uint32_t purpose, slot, step;  // slot below 2^24, as in sdk/include/basin/random.h
};

// y = x m / (1 - p), of x's type, shape and memory format; m is 0 with probability p, which is rounded to a multiple of
// 2^-16. Differentiable, any number of times. x of fp32 or bf16 is fast, on CUDA too, with the same mask.
//   x           [B,C], [B,C,T] or [B,C,H,W]
//   sample_ids  [B] INT64 on the CPU, below 2^32
// Element (c, pixel) of a sample has position e = pixel C + c, whatever the memory format; it uses 16 bits of Philox's
// block e / 8: the lower half of word e % 8 / 2 where e is even, the upper half where it is odd.
// Throws basin::Error for a p outside [0, 1) or a wrong number of sample ids.
at::Tensor dropout(const at::Tensor& x, double p, const DropoutKey& key, const at::Tensor& sample_ids);

}  // namespace basin::kernels
