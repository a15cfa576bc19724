/* state.h: what a component remembers between steps, as named tensors that the host saves and restores. */
#ifndef BASIN_STATE_H
#define BASIN_STATE_H
#include "tensor.h"
#ifdef __cplusplus
extern "C" {
#endif

#define BASIN_STATE_INTERFACE "basin.state/1"
typedef struct basin_state_interface {
  uint32_t size;
  /* The state tensor of that name: zeros the first time, what the checkpoint held after a restart; update it in place.
   * The same name must keep its sizes and dtype. On the device of the model's parameters.
   * A checkpoint is restored after `start` and before the first step: a tensor that `start` asked for is then changed in
   * place, so its values are read in the step and not in `start`. New reference. [run thread] */
  basin_status (*tensor)(basin_state*, const char* name, const int64_t* sizes, uint32_t n_dims, int32_t dtype,
                         basin_tensor** out);
} basin_state_interface;

#ifdef __cplusplus
}
#endif
#endif
