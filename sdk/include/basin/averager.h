/* averager.h: the contract of an averager of weights: update after every step, an average at any time. */
#ifndef BASIN_AVERAGER_H
#define BASIN_AVERAGER_H
#include "parameters.h"
#include "random.h"
#ifdef __cplusplus
extern "C" {
#endif

#define BASIN_AVERAGER_INTERFACE "basin.averager/1"
typedef struct basin_averager_functions {
  uint32_t size;
  basin_status (*create)(const basin_options*, void** self);
  void (*destroy)(void* self);
  basin_status (*start)(void* self, basin_parameters*, basin_state*); /* both live until destroy [run thread] */
  /* After the optimizer's step, with its context: seed and step of it; steps count from 0, over restarts too. May write
   * the parameters back. [run thread] */
  basin_status (*update)(void* self, const basin_context* context);
  /* The average of group `group`, float32 [n] as its values; new reference. [run thread] */
  basin_status (*average)(void* self, uint32_t group, basin_tensor** out);
} basin_averager_functions;

#ifdef __cplusplus
}
#endif
#endif
