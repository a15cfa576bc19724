// The inner loops of the fused group norm, compiled once per instruction set and chosen when the program runs.
//
// A sample is a matrix [rows, columns]: channels_last has a row per pixel and a column per channel, contiguous has a
// row per channel and a column per pixel. Coefficients belong to channels: so they are vectors over the columns in the
// first layout and one number per row in the second. All sums are in fp32; x, y, dy, dx are fp32, or bf16 as raw 16
// bits.
#pragma once
#include <cstdint>

namespace basin::kernels {

// The coefficient arrays are padded to a multiple of this many floats, so that a vector may read past the last channel.
inline constexpr int64_t kPadding = 16;

// One channel's numbers, arrays over channels. The pre-activation is z = gain * x + offset.
struct Coefficients {
  const float *gain, *offset;
  const float* centre;                        // the number subtracted from x before it is summed
  const float *grad_z, *grad_x, *grad_const;  // dx = grad_z * dz + grad_x * x + grad_const
};

struct GroupNormRows {
  const char* name;
  // sum += x - centre, square += (x - centre)^2, per channel
  void (*moments)(const void* x, int64_t rows, int64_t columns, const Coefficients& c, float* sum, float* square);
  // y = act(z)
  void (*apply)(const void* x, void* y, int64_t rows, int64_t columns, const Coefficients& c, bool silu);
  // dz = dy * act'(z); sum += dz, product += dz * (x - centre), per channel
  void (*backward_sums)(const void* x, const void* dy, int64_t rows, int64_t columns, const Coefficients& c, bool silu,
                        float* sum, float* product);
  // dx from dz, per channel
  void (*backward_apply)(const void* x, const void* dy, void* dx, int64_t rows, int64_t columns, const Coefficients& c,
                         bool silu);
};

// The best version that this machine runs.
const GroupNormRows& group_norm_rows(bool bf16, bool channels_last);

// By instruction set; null where the compiler's target has no such thing.
const GroupNormRows* group_norm_rows_plain(bool bf16, bool channels_last);
const GroupNormRows* group_norm_rows_avx2(bool bf16, bool channels_last);
const GroupNormRows* group_norm_rows_avx512(bool bf16, bool channels_last);

}  // namespace basin::kernels
