/* model.h: the contract of a model. It builds layers and computes outputs; the host computes losses.
 *
 * A generative model declares "x" (the noisy sample) and "t" (noise level), and gives "prediction" in the terms of its
 * target, and "variance" where it learns one: the v of Nichol & Dhariwal 2021, eq. 15, unclamped.
 * A feature extractor declares "x" alone and names its features. */
#ifndef BASIN_MODEL_H
#define BASIN_MODEL_H
#include "layer.h"
#ifdef __cplusplus
extern "C" {
#endif

enum {
  BASIN_TARGET_NONE = 0, /* a feature extractor */
  BASIN_TARGET_EPSILON = 1,
  BASIN_TARGET_X0 = 2,
  BASIN_TARGET_V = 3,
  BASIN_TARGET_SCORE = 4
};

/* An input or output, without the batch dimension. */
typedef struct basin_port {
  uint32_t size;
  const char* name; /* "x", "t", "label"; "prediction", "variance", "features" */
  int32_t dtype;    /* "t": FLOAT32 (the process's own index of the level, 0..T-1, may be fractional); "label": INT64 */
  uint32_t n_dims;
  int64_t sizes[4]; /* x [C,H,W]; -1: any size */
  int32_t optional; /* the input may be null */
  int64_t classes;  /* "label": how many */
} basin_port;

typedef struct basin_model_description {
  uint32_t size;
  int32_t target;                  /* BASIN_TARGET_ */
  const basin_port* const* inputs; /* borrowed until destroy */
  uint32_t n_inputs;
  const basin_port* const* outputs;
  uint32_t n_outputs;
  double input_minimum, input_maximum; /* the range of x: -1, 1; a feature extractor of uint8 images says 0, 255 */
  const char* weights; /* safetensors that the host loads after building; relative to the plugin's file; null: none */
} basin_model_description;

#define BASIN_MODEL_INTERFACE "basin.model.draft/1"
typedef struct basin_model_functions {
  uint32_t size;
  basin_status (*create)(const basin_options*, void** self);
  void (*destroy)(void* self);
  basin_status (*build)(void* self, basin_builder*);                  /* once, after create [run thread] */
  basin_status (*describe)(void* self, basin_model_description* out); /* caller's buffer [run thread] */
  /* inputs as described, [B, ...]: borrowed until it returns; outputs: new references. [any thread] */
  basin_status (*forward)(void* self, const basin_context*, basin_tensor* const* inputs, uint32_t n_inputs,
                          basin_tensor** outputs, uint32_t n_outputs);
} basin_model_functions;

#ifdef __cplusplus
}
#endif
#endif
