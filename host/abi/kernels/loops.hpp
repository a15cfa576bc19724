// The inner loops of the kernels, compiled once per instruction set and chosen when the program runs. No ATen here.
// Values are fp32, or bf16 as raw 16 bits; sums and all arithmetic are fp32.
#pragma once
#include <cstdint>

namespace basin::kernels {

// ---- group norm ----
// A sample is a matrix [rows, columns]: channels_last has a row per pixel and a column per channel, contiguous has a
// row per channel and a column per pixel. Coefficients belong to channels: so they are vectors over the columns in the
// first layout and one number per row in the second.

// The coefficient arrays are padded to a multiple of this many floats, so that a vector may read past the last channel.
inline constexpr int64_t kPadding = 16;

// One channel's numbers, arrays over channels. The pre-activation is z = gain * x + offset.
struct Coefficients {
  const float *gain, *offset;
  const float* centre;                        // the number subtracted from x before it is summed
  const float *grad_z, *grad_x, *grad_const;  // dx = grad_z * dz + grad_x * x + grad_const
};

struct GroupNormLoops {
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

// ---- attention ----

// One head's scores, as `rows` rows of `columns`, become what the backward pass multiplies by, in place:
// p = softmax(scores), grad = p * (grad - sum(p * grad)).
using SoftmaxBackward = void (*)(uint16_t* scores, uint16_t* grad, int64_t rows, int64_t columns);

// ---- dropout ----

// Philox 4x32-10's key and the counter's words 1 to 3 (sdk/include/basin/random.h); word 0 is the block.
struct PhiloxStream {
  uint64_t key;
  uint32_t counter[3];
};

// y = keep ? x * scale : 0 for n elements. Element e uses 16 bits of block e / 8: the lower half of word e % 8 / 2
// where e is even, the upper half where it is odd; it is kept where they are >= threshold.
using Dropout = void (*)(const void* x, void* y, int64_t n, uint32_t first_block, const PhiloxStream& stream,
                         uint32_t threshold, float scale);

// ---- resampling by two, channels_last ----

// spread: a row of `width` pixels becomes two rows of 2 * width pixels, y = scale * x. gather is its adjoint: two rows
// of 2 * width pixels become one of `width`, each the sum of four times scale.
using Resample = void (*)(const void* x, void* y, int64_t width, int64_t channels, float scale);

struct Loops {
  const char* name;
  GroupNormLoops group_norm[2][2];  // [bf16][channels_last]
  SoftmaxBackward softmax_backward;
  Dropout dropout[2];             // [bf16]
  Resample spread[2], gather[2];  // [bf16]
};

// The best version that this machine runs.
const Loops& loops();

// By instruction set; null where the compiler's target has no such thing.
const Loops* loops_plain();
const Loops* loops_avx2();
const Loops* loops_avx512();

}  // namespace basin::kernels
