/* optimizer.h: the contract of an optimizer: step(closure) over the parameters' arenas.
 *
 * A wrapper (sam, clip, an lr_schedule) takes a `base` optimizer as an option and passes a closure of its own inward:
 * base.step(wrapped). So every order of nesting has one meaning: the outer sees the closure first. */
#ifndef BASIN_OPTIMIZER_H
#define BASIN_OPTIMIZER_H
#include "autograd.h"
#include "parameters.h"
#include "random.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct basin_closure_request {
  uint32_t size;
  const int64_t* subset; /* rows of the batch to use; null: all */
  uint32_t n_subset;
  int32_t per_sample;   /* also give the losses of the batch's samples */
  int32_t local;        /* with several machines: this one's gradients alone */
  int32_t no_gradients; /* the losses alone, without a backward pass; what lies in the gradients is then undefined */
} basin_closure_request;

typedef struct basin_closure_result {
  uint32_t size;
  basin_tensor* loss;          /* float32 []: mean over the samples; new reference */
  basin_tensor* sample_losses; /* float32 [n], unweighted, in the order of the rows; where asked for; new reference */
} basin_closure_result;

/* Clears the gradients, runs forward and backward at the parameters as they stand, with the same samples, noise and
 * dropout masks on every call of one step. The result is filled in the caller's buffer. [run thread] */
typedef struct basin_closure {
  uint32_t size;
  void* user;
  basin_status (*run)(void* user, const basin_closure_request* request /* or null */, basin_closure_result* out);
} basin_closure;

#define BASIN_OPTIMIZER_INTERFACE "basin.optimizer/1"
typedef struct basin_optimizer_functions {
  uint32_t size;
  basin_status (*create)(const basin_options*, void** self);
  void (*destroy)(void* self);
  /* Once, before the first step: both live until destroy. A base optimizer has been started already. [run thread] */
  basin_status (*start)(void* self, basin_parameters*, basin_state*);
  /* `context`: seed and step of this training step; steps count from 0, over restarts too. `result`: of the first run of
   * the closure. [run thread] */
  basin_status (*step)(void* self, const basin_context* context, const basin_closure*, basin_closure_result* result);
} basin_optimizer_functions;

/* For wrappers: steps the optimizer that an option named. [run thread] */
#define BASIN_OPTIMIZERS_INTERFACE "basin.optimizers/1"
typedef struct basin_optimizers_interface {
  uint32_t size;
  basin_status (*step)(basin_object* optimizer, const basin_context*, const basin_closure*, basin_closure_result*);
} basin_optimizers_interface;

#ifdef __cplusplus
}
#endif
#endif
