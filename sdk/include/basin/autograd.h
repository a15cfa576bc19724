/* autograd.h: gradients, and functions with a gradient of their own. */
#ifndef BASIN_AUTOGRAD_H
#define BASIN_AUTOGRAD_H
#include "tensor.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct basin_saved basin_saved; /* what a forward keeps for its backward */

/* A differentiable function in C callbacks; backward runs after forward has long returned. [any thread] */
typedef struct basin_function {
  uint32_t size;
  uint32_t n_outputs;
  /* inputs: borrowed until the call returns; outputs: new references. Gradients are not recorded inside. */
  basin_status (*forward)(void* user, basin_saved*, basin_tensor* const* inputs, uint32_t n_inputs,
                          basin_tensor** outputs, uint32_t n_outputs);
  /* gradients of the outputs in (null where none came), of the inputs out (new references; null for "none"). */
  basin_status (*backward)(void* user, basin_saved*, basin_tensor* const* output_gradients, uint32_t n_outputs,
                           basin_tensor** input_gradients, uint32_t n_inputs);
  void (*destroy)(void* user); /* once, when the last graph that uses it is gone, or when apply fails; may be null */
  void* user;
} basin_function;

/* [any thread] */
#define BASIN_AUTOGRAD_INTERFACE "basin.autograd/1"
typedef struct basin_autograd_interface {
  uint32_t size;
  /* Gradients of sum(outputs) with respect to inputs, each a new reference, null where there is none; nothing is
   * accumulated anywhere. create_graph: the gradients can be differentiated again, and the graph stays; without, it is
   * freed on the way. [any thread] */
  basin_status (*gradients)(basin_tensor* const* outputs, uint32_t n_outputs, basin_tensor* const* inputs,
                            uint32_t n_inputs, int32_t create_graph, basin_tensor** out);
  /* A new tensor over the same values, outside every graph: new reference. [any thread] */
  basin_status (*detach)(basin_tensor*, basin_tensor** out);
  basin_status (*require_gradient)(basin_tensor*, int32_t on);
  /* Recording on this thread, on or off; returns what it was. [any thread] */
  int32_t (*set_recording)(int32_t on);
  /* Runs the function's forward and ties its backward into the graph; the struct is copied; outputs: new references. From
   * the call on `user` is the host's: where apply fails it has been destroyed when the call returns. (Only a struct that
   * cannot be read, null or with a size that does not reach `user`, leaves it with the caller.) [any thread] */
  basin_status (*apply)(const basin_function*, basin_tensor* const* inputs, uint32_t n_inputs, basin_tensor** outputs,
                        uint32_t n_outputs);
  /* Inside forward: keeps tensors. */
  basin_status (*save)(basin_saved*, basin_tensor* const* tensors, uint32_t n);
  /* Inside backward: the same ones, new references. */
  basin_status (*saved)(basin_saved*, basin_tensor** out, uint32_t n);
} basin_autograd_interface;

#ifdef __cplusplus
}
#endif
#endif
