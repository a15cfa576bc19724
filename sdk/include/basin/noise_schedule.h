/* noise_schedule.h: the contract of a noise schedule: which noise levels a training batch draws, and their weights.
 * (The levels themselves, beta or alpha_bar, belong to the process.) */
#ifndef BASIN_NOISE_SCHEDULE_H
#define BASIN_NOISE_SCHEDULE_H
#include "process.h"
#include "state.h"
#ifdef __cplusplus
extern "C" {
#endif

#define BASIN_NOISE_SCHEDULE_INTERFACE "basin.noise_schedule.draft/1"
typedef struct basin_noise_schedule_functions {
  uint32_t size;
  basin_status (*create)(const basin_options*, void** self);
  void (*destroy)(void* self);
  /* Both live until destroy. The state lies on the device of the model that is trained, while levels, weights and losses
   * are numbers in the CPU's memory: copy where the two meet. [run thread] */
  basin_status (*start)(void* self, const basin_process*, basin_state*);
  /* Levels and loss weights for the context's n_samples samples, into the caller's buffers; uniforms come from the
   * random interface with BASIN_PURPOSE_LEVEL and the sample ids. [any thread, one at a time] */
  basin_status (*draw)(void* self, const basin_context*, double* levels, double* weights);
  /* The unweighted losses of those samples, once a step; may be null where nothing is learnt. [run thread] */
  basin_status (*update)(void* self, const double* levels, const double* losses, uint32_t n);
} basin_noise_schedule_functions;

#ifdef __cplusplus
}
#endif
#endif
