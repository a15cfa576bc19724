/* random.h: randomness as a pure function of (seed, purpose, slot, step, sample id).
 *
 * Philox 4x32-10 (Salmon et al. 2011) of Random123. Key: the 64-bit seed. Counter: (block of four values within the
 * sample, sample id, step, purpose << 24 | slot). Nothing is remembered, so what is drawn does not depend on what was
 * drawn before, on the batch size, or on a restart.
 *
 * The numbers are part of the release: of a block's words w0..w3, BASIN_BITS gives w; BASIN_UNIFORM (w >> 8) / 2^24;
 * BASIN_NORMAL r0 cos a1, r0 sin a1, r2 cos a3, r2 sin a3 (Box and Muller 1958), r = sqrt(-2 ln((w + 1/2) / 2^32)) and
 * a = 2 pi w / 2^32. Bits and uniforms are the same everywhere and for ever, normals to the rounding of float32. */
#ifndef BASIN_RANDOM_H
#define BASIN_RANDOM_H
#include "tensor.h"
#ifdef __cplusplus
extern "C" {
#endif

/* Below 128 purposes are Basin's; 128 to 255 are for whatever a plugin draws that is none of these. */
enum {
  BASIN_PURPOSE_INIT = 1,         /* initial weights; slot: the parameter */
  BASIN_PURPOSE_ORDER = 2,        /* the order of the data; step: the epoch */
  BASIN_PURPOSE_AUGMENT = 3,      /* horizontal flips */
  BASIN_PURPOSE_LEVEL = 4,        /* noise levels of a training batch */
  BASIN_PURPOSE_NOISE = 5,        /* epsilon of a training batch */
  BASIN_PURPOSE_PERTURBATION = 6, /* xi of input perturbation */
  BASIN_PURPOSE_DROPOUT = 7,      /* slot: the layer */
  BASIN_PURPOSE_START = 8,        /* x_T of a sample */
  BASIN_PURPOSE_SAMPLER = 9,      /* noise of a sampler's step */
  BASIN_PURPOSE_WEIGHTS = 10,     /* perturbations of parameters; sample id: the draw */
  BASIN_PURPOSE_MEASURE = 11,     /* draws of a metric */
  BASIN_PURPOSE_DATA = 12,        /* synthetic data sets; sample id: the item */
  BASIN_PURPOSE_OPTIMIZER = 13,
  BASIN_PURPOSE_SCRIPT = 14 /* basin.random in scripts */
};

/* Which numbers: everything but the position. */
typedef struct basin_stream {
  uint32_t size;
  uint32_t purpose; /* below 256 */
  uint32_t slot;    /* below 2^24 */
  uint64_t seed;
  uint64_t step; /* below 2^32 */
} basin_stream;

/* Where a forward, a step or a draw happens. Travels explicitly: backward passes and recomputation run on other threads.
 * Pass on the pointer that came, for a copy of the struct would lose what a newer host wrote behind it. */
typedef struct basin_context {
  uint32_t size;
  int32_t training; /* dropout on */
  uint64_t seed;
  uint64_t step;
  const int64_t* sample_ids; /* one for each row of the batch, below 2^32; borrowed as long as the context */
  uint32_t n_samples;
  const void* host; /* the host's own; pass it on */
} basin_context;

enum { BASIN_NORMAL = 1, BASIN_UNIFORM = 2, BASIN_BITS = 3 }; /* N(0,1); [0,1); 32-bit integers as INT64 */

#define BASIN_RANDOM_INTERFACE "basin.random/1"
typedef struct basin_random_interface {
  uint32_t size;
  /* A tensor [n_ids, sizes...] whose row i depends on (stream, ids[i]) alone: FLOAT32 (INT64 for BITS), on the device
   * of `like` (null: CPU); new reference. [any thread] */
  basin_status (*draw)(const basin_stream*, int32_t distribution, const int64_t* ids, uint32_t n_ids,
                       const int64_t* sizes, uint32_t n_dims, basin_tensor* like, basin_tensor** out);
  /* The same numbers of one id into the caller's buffer of n floats. [any thread] */
  basin_status (*fill)(const basin_stream*, int32_t distribution, int64_t id, float* out, uint64_t n);
} basin_random_interface;

#ifdef __cplusplus
}
#endif
#endif
