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

/* A denoiser in a callback: what a sampler that wraps another one puts in the place of the model. Like the host's it
 * gives epsilon and x0, and v where the model learns its variance; new references. */
typedef struct basin_denoise {
  uint32_t size;
  void* user;
  /* As basin_process_interface's denoise. [run thread] */
  basin_status (*run)(void* user, const basin_context*, basin_tensor* x, const double* t, uint32_t n,
                      basin_denoised* out);
} basin_denoise;

/* Samplers that an option named, for one that wraps another and for a metric that watches one. [run thread] */
#define BASIN_SAMPLERS_INTERFACE "basin.samplers.draft/1"
typedef struct basin_samplers_interface {
  uint32_t size;
  /* Runs a sampler on a job, with `denoise` in the place of the job's denoiser where it is not null: x_0, a new
   * reference. [run thread] */
  basin_status (*sample)(basin_object* sampler, const basin_sampling*, const basin_denoise* denoise,
                         basin_tensor** out);
} basin_samplers_interface;

#ifdef __cplusplus
}
#endif
#endif
