/* process.h: the forward process and the denoiser, as samplers, noise schedules and metrics see them.
 *
 * x_t = alpha_t x_0 + sigma_t epsilon. A variance-preserving process has T discrete levels t = 0..T-1. */
#ifndef BASIN_PROCESS_H
#define BASIN_PROCESS_H
#include "random.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct basin_process basin_process;   /* borrowed as long as what it came with */
typedef struct basin_denoiser basin_denoiser; /* a model at work: any target, guided or not */

typedef struct basin_process_info {
  uint32_t size;
  const char* name;        /* "vp" */
  int64_t steps;           /* T */
  const double* alpha_bar; /* [T]; VP: alpha_t^2. Tables in double; round once, when used */
  const double* alpha;     /* [T] */
  const double* sigma;     /* [T] */
} basin_process_info;

typedef struct basin_denoised {
  uint32_t size;
  basin_tensor* epsilon;  /* [B,C,H,W] float32; new reference, as all of these */
  basin_tensor* x0;       /* [B,C,H,W], not clipped */
  basin_tensor* variance; /* v [B,C,H,W] of a learned range; null where the model learns none */
} basin_denoised;

#define BASIN_PROCESS_INTERFACE "basin.process.draft/2"
typedef struct basin_process_interface {
  uint32_t size;
  basin_status (*info)(const basin_process*, basin_process_info* out); /* caller's buffer [any thread] */
  /* `count` levels out of T in ascending order, into the caller's buffer [count]. spacing "even": guided-diffusion's
   * fractional stride, both ends kept; "stride": DDIM's integer stride. [any thread] */
  basin_status (*respace)(const basin_process*, const char* spacing, int64_t count, int64_t* out);
  /* The model at levels t: one for the whole batch (n = 1), or one for each image. Differentiable in x. Caller's
   * buffer. [any thread] */
  basin_status (*denoise)(basin_denoiser*, const basin_context*, basin_tensor* x, const double* t, uint32_t n,
                          basin_denoised* out);
} basin_process_interface;

#ifdef __cplusplus
}
#endif
#endif
