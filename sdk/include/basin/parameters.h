/* parameters.h: a model's parameters, gradients and optimizer state in flat arenas that the host owns.
 *
 * All parameters of a group are views of one float32 tensor [n], and so are their gradients, in the same order: one pass
 * over memory serves an optimizer, an averager or a perturbation. */
#ifndef BASIN_PARAMETERS_H
#define BASIN_PARAMETERS_H
#include "state.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct basin_parameter_group {
  uint32_t size;
  const char* name;             /* borrowed until the parameters are gone, like every pointer here */
  basin_tensor* values;         /* float32 [n]; change in place */
  basin_tensor* gradients;      /* float32 [n]; valid after a closure ran; change in place */
  basin_tensor* rate;           /* float32 []: factor on every learning rate of this group; an lr_schedule writes it */
  uint32_t first, n_parameters; /* the parameters [first, first + n) of the list below */
} basin_parameter_group;

typedef struct basin_parameter_view {
  uint32_t size;
  uint32_t group;
  const char* name;       /* as checkpoints have it: "input_blocks.0.0.weight" */
  basin_tensor* value;    /* a view, with the parameter's shape */
  basin_tensor* gradient; /* a view */
  int64_t offset, numel;  /* within its group's arena */
} basin_parameter_view;

#define BASIN_PARAMETERS_INTERFACE "basin.parameters/1"
typedef struct basin_parameters_interface {
  uint32_t size;
  uint32_t (*group_count)(const basin_parameters*); /* [any thread] */
  /* Caller's buffer. [any thread] */
  basin_status (*group)(basin_parameters*, uint32_t index, basin_parameter_group* out);
  uint32_t (*count)(const basin_parameters*); /* [any thread] */
  /* Caller's buffer. [any thread] */
  basin_status (*parameter)(basin_parameters*, uint32_t index, basin_parameter_view* out);
} basin_parameters_interface;

#ifdef __cplusplus
}
#endif
#endif
