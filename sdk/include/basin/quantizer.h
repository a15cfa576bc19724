/* quantizer.h: the contract of a quantizer: it changes a copy of a model, layer by layer, and says what the result costs. */
#ifndef BASIN_QUANTIZER_H
#define BASIN_QUANTIZER_H
#include "layer.h"
#include "state.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct basin_quantizer_report {
  uint32_t size;
  int64_t layers;         /* layers quantized */
  int64_t weights;        /* weights quantized */
  int64_t bits_quantized; /* storage of those: codes, scales and zero points */
  double squared_error;   /* sum over quantized weights of (w - Q(w))^2 */
} basin_quantizer_report;

#define BASIN_QUANTIZER_INTERFACE "basin.quantizer.draft/1"
typedef struct basin_quantizer_functions {
  uint32_t size;
  basin_status (*create)(const basin_options*, void** self);
  void (*destroy)(void* self);
  /* Once, on a copy of the model that keeps this object: quantized weights are written into the layers' weights, where
   * perturbations and casts find them; activations are quantized by hooks. Codes and scales go into the state, so that a
   * checkpoint holds the packed weights. [run thread] */
  basin_status (*attach)(void* self, basin_model*, basin_state*);
  basin_status (*report)(void* self, basin_quantizer_report* out); /* caller's buffer [run thread] */
} basin_quantizer_functions;

#ifdef __cplusplus
}
#endif
#endif
