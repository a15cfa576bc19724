/* metric.h: the contract of a metric: one measurement of images, of a model, or of both, against a data set.
 *
 * The metric pulls what it needs from the host in batches, so that 50,000 images need no more memory than 500, and
 * writes scalars with intervals, curves and grids into the result. */
#ifndef BASIN_METRIC_H
#define BASIN_METRIC_H
#include "parameters.h"
#include "process.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct basin_measurement basin_measurement; /* borrowed until measure returns */

enum { BASIN_IMAGES = 1, BASIN_REFERENCE = 2 }; /* what is measured; what it is measured against: data or images */

typedef struct basin_measurement_info {
  uint32_t size;
  int64_t n_images, n_reference; /* 0 where there are none */
  int64_t channels, height, width;
  const basin_process* process; /* null where no model is measured; likewise the two below */
  basin_denoiser* denoiser;
  basin_parameters* parameters; /* values changed here are put back by the host, also after an error */
  const basin_context* context; /* seed of the measurement */
  int32_t target;               /* the model's, BASIN_TARGET_ */
  double gaussian_variance;     /* the reference's, where its optimal loss is known; else 0 */
} basin_measurement_info;

/* [run thread] */
#define BASIN_MEASUREMENT_INTERFACE "basin.measurement.draft/3"
typedef struct basin_measurement_interface {
  uint32_t size;
  basin_status (*info)(basin_measurement*, basin_measurement_info* out); /* caller's buffer [run thread] */
  /* Items [first, first + n) of one side, float32 [n,C,H,W] in the model's range [-1, 1]: new reference. */
  basin_status (*images)(basin_measurement*, int32_t side, int64_t first, int64_t n, basin_tensor** out);
  /* Their features by the extractor given as an option, float32 [n,D]: new reference. */
  basin_status (*features)(basin_measurement*, basin_object* extractor, basin_tensor* images, basin_tensor** out);
  /* Per-sample training losses [n] of reference items `ids` at levels t [n] (null: drawn uniformly), at the parameters
   * as they stand; noise is a function of (seed, id, draw), the same for every model. New reference; no gradients. */
  basin_status (*losses)(basin_measurement*, const int64_t* ids, const double* levels, uint32_t n, uint64_t draw,
                         basin_tensor** out);
  /* A number of the result; low = high = NaN where it is exact. The first one is the metric's value. */
  basin_status (*scalar)(basin_measurement*, const char* name, double value, double low, double high);
  /* y over x, n points; low and high may be null. */
  basin_status (*curve)(basin_measurement*, const char* name, const char* x_label, const double* x, const double* y,
                        const double* low, const double* high, uint32_t n);
  /* A line of the protocol: what someone must know to compare ("features", "shapes_features, 32"). */
  basin_status (*protocol)(basin_measurement*, const char* key, const char* value);
  /* z over x and y, n_y rows of n_x values (x runs fastest); low and high, of the same shape, may be null. */
  basin_status (*grid)(basin_measurement*, const char* name, const char* x_label, const double* x, uint32_t n_x,
                       const char* y_label, const double* y, uint32_t n_y, const double* z, const double* low,
                       const double* high);
  /* Of the mean of these `losses`, at the parameters as they stand: its gradient, one float32 [numel] for each group of
   * parameters, in the order of the arena; new reference each. In fp32 whatever the model's precision is. Items are
   * taken in batches: memory does not grow with their number. */
  basin_status (*gradient)(basin_measurement*, const int64_t* ids, const double* levels, uint32_t n, uint64_t draw,
                           basin_tensor** out, uint32_t n_out);
  /* Likewise its Hessian times a direction, one float32 [numel] for each group: exact, by differentiating the gradient
   * (Pearlmutter 1994); new reference each. */
  basin_status (*hessian_vector_product)(basin_measurement*, const int64_t* ids, const double* levels, uint32_t n,
                                         uint64_t draw, basin_tensor* const* direction, uint32_t n_direction,
                                         basin_tensor** out, uint32_t n_out);
  /* What an extractor is: component, options and hash of its weights. Two that give the same features have the same
   * text, wherever their files lie. Borrowed until measure returns. */
  basin_status (*extractor)(basin_measurement*, basin_object* extractor, const char** out);
} basin_measurement_interface;

#define BASIN_METRIC_INTERFACE "basin.metric.draft/1"
typedef struct basin_metric_functions {
  uint32_t size;
  basin_status (*create)(const basin_options*, void** self);
  void (*destroy)(void* self);
  basin_status (*measure)(void* self, basin_measurement*); /* [run thread] */
} basin_metric_functions;

#ifdef __cplusplus
}
#endif
#endif
