/* sampler.h: the contract of a sampler: a loop from noise to images over a denoiser and a process. */
#ifndef BASIN_SAMPLER_H
#define BASIN_SAMPLER_H
#include "process.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct basin_sampling {
  uint32_t size;
  basin_denoiser* denoiser;
  const basin_process* process;
  const basin_context* context; /* seed and sample ids; noise of step i: BASIN_PURPOSE_SAMPLER, step i */
  basin_tensor* noise; /* standard normal [B,C,H,W], from BASIN_PURPOSE_START; borrowed until the call returns */
  /* Called after each step with x_t and the estimate of x0 (or null); a failure ends the sampling. May be null.
   * [run thread] */
  basin_status (*on_step)(void* user, int64_t step, int64_t steps, basin_tensor* x, basin_tensor* x0);
  void* user;
} basin_sampling;

#define BASIN_SAMPLER_INTERFACE "basin.sampler.draft/1"
typedef struct basin_sampler_functions {
  uint32_t size;
  basin_status (*create)(const basin_options*, void** self);
  void (*destroy)(void* self);
  /* x_0 [B,C,H,W]: new reference. [run thread] */
  basin_status (*sample)(void* self, const basin_sampling*, basin_tensor** out);
} basin_sampler_functions;

#ifdef __cplusplus
}
#endif
#endif
