/* validation.h: the loss on held-out items while a training runs, for averagers and optimizers that watch for overfitting
 * (SWAD; a learning rate that falls on a plateau). */
#ifndef BASIN_VALIDATION_H
#define BASIN_VALIDATION_H
#include "parameters.h"
#ifdef __cplusplus
extern "C" {
#endif

#define BASIN_VALIDATION_INTERFACE "basin.validation/1"
typedef struct basin_validation_interface {
  uint32_t size;
  /* The mean of the training's loss over its held-out items, at the parameters as they stand: without dropout, with the
   * same noise levels and noise at every call. BASIN_ERROR_NOT_FOUND where the training of these parameters has no
   * held-out items. Gradients stay as they are; waits for the device. [run thread] */
  basin_status (*loss)(basin_parameters*, double* out);
} basin_validation_interface;

#ifdef __cplusplus
}
#endif
#endif
