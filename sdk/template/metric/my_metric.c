/* The loss by noise level: the mean training loss of a model over a data set, with its 95 % interval, and the same for
 * each band of noise levels. One number hides where a model is good; the curve shows it.
 *
 * Image i of those measured sits at the middle of band i mod `levels`. The noise is a function of (seed, image), the
 * same for every model, so two models differ by their weights only.
 */
#include <basin/basin.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

BASIN_NOTE(BASIN_PORTABLE, "");

/* What the entry function asks the host for. */
static const basin_host* host;
static const basin_options_interface* options;
static const basin_process_interface* processes;
static const basin_measurement_interface* measurements;
static const basin_tensor_interface* tensors;
static const basin_log_interface* logs; /* null where the host has none: not needed */

struct self {
  int64_t images, levels;
};

#define TRY(call)                            \
  do {                                       \
    const basin_status status_ = (call);     \
    if (status_ != BASIN_OK) return status_; \
  } while (0)

static basin_status fail(basin_status status, const char* sentence) {
  host->set_error(sentence);
  return status;
}

/* The options: name, default, range, one sentence and the unit each. */
static const basin_parameter images = {sizeof images,
                                       BASIN_TYPE_INTEGER,
                                       "images",
                                       "256",
                                       2,
                                       HUGE_VAL,
                                       NULL,
                                       "Images of the data set, spread over all of it.",
                                       "images"};
static const basin_parameter levels = {
    sizeof levels, BASIN_TYPE_INTEGER, "levels", "8", 1, HUGE_VAL, NULL, "Bands of noise levels, evenly over t.", NULL};
static const basin_parameter* const parameters[] = {&images, &levels};

static void destroy(void* object) { free(object); }

static basin_status create(const basin_options* given, void** out) {
  struct self* self = calloc(1, sizeof *self);
  basin_status status;
  if (!self) return fail(BASIN_ERROR_MEMORY, "out of memory");
  status = options->integer(given, "images", &self->images);
  if (status == BASIN_OK) status = options->integer(given, "levels", &self->levels);
  if (status != BASIN_OK) return destroy(self), status;
  *out = self;
  return BASIN_OK;
}

/* Mean and half width of the 95 % interval of every `stride`-th of n values from `first`; by the normal distribution, a
 * little narrow for few values (Student's t is in basin/cpp/statistics.hpp). */
static void mean_interval(const double* values, int64_t n, int64_t first, int64_t stride, double* mean, double* half) {
  double sum = 0, squares = 0, count = 0;
  int64_t i;
  for (i = first; i < n; i += stride) sum += values[i], count++;
  *mean = sum / count;
  for (i = first; i < n; i += stride) squares += (values[i] - *mean) * (values[i] - *mean);
  *half = 1.959964 * sqrt(squares / (count - 1) / count);
}

/* The losses [n] of the images, each at its level: in batches, so that many need no more memory than few. */
static basin_status compute_losses(basin_measurement* m, const basin_measurement_info* info, int64_t n,
                                   const double* middles, int64_t n_levels, double* losses) {
  enum { batch = 64 };
  int64_t ids[batch], first, i;
  double t[batch];
  for (first = 0; first < n; first += batch) {
    const int64_t count = n - first < batch ? n - first : batch;
    basin_tensor* values = NULL;
    basin_status status;
    for (i = 0; i < count; i++) ids[i] = (first + i) * info->n_reference / n, t[i] = middles[(first + i) % n_levels];
    TRY(measurements->losses(m, ids, t, (uint32_t)count, 0, &values));
    status = tensors->copy_to(values, BASIN_FLOAT64, losses + first, (size_t)count * sizeof *losses);
    tensors->release(values);
    if (status != BASIN_OK) return status;
    if (BASIN_HAS(logs, progress)) TRY(logs->progress("images", first + count, n)); /* an older host may lack it */
  }
  return BASIN_OK;
}

static basin_status report(basin_measurement* m, const double* losses, int64_t n, double* curves, int64_t n_levels) {
  double *middles = curves, *means = curves + n_levels, *low = means + n_levels, *high = low + n_levels;
  double mean, half;
  char text[96];
  int64_t k;
  for (k = 0; k < n_levels; k++) {
    mean_interval(losses, n, k, n_levels, &means[k], &half);
    low[k] = means[k] - half, high[k] = means[k] + half;
  }
  mean_interval(losses, n, 0, 1, &mean, &half);
  TRY(measurements->scalar(m, "loss", mean, mean - half, mean + half)); /* the first number is the metric's value */
  TRY(measurements->curve(m, "loss", "t", middles, means, low, high, (uint32_t)n_levels));
  snprintf(text, sizeof text, "%lld images, each at one of %lld levels", (long long)n, (long long)n_levels);
  TRY(measurements->protocol(m, "levels", text));
  return measurements->protocol(m, "intervals", "95 %, over images");
}

static basin_status measure(void* object, basin_measurement* m) {
  const struct self* self = object;
  basin_measurement_info info = {sizeof info};
  basin_process_info process = {sizeof process};
  double *curves, *losses; /* middles, means, low, high: [levels] each; [n] */
  basin_status status;
  int64_t n, k;
  TRY(measurements->info(m, &info));
  if (!info.parameters)
    return fail(BASIN_ERROR_ARGUMENT,
                "The metric 'my_metric' measures a model, not images: give it a model and a data set.");
  n = self->images < info.n_reference ? self->images : info.n_reference;
  if (n < 2 * self->levels)
    return fail(BASIN_ERROR_ARGUMENT,
                "The metric 'my_metric' needs 2 images a level: give it more images, or fewer levels.");
  TRY(processes->info(info.process, &process));
  curves = calloc((size_t)self->levels * 4, sizeof *curves);
  losses = calloc((size_t)n, sizeof *losses);
  status = curves && losses ? BASIN_OK : fail(BASIN_ERROR_MEMORY, "out of memory");
  if (status == BASIN_OK) {
    for (k = 0; k < self->levels; k++) curves[k] = (double)((2 * k + 1) * process.steps / (2 * self->levels));
    status = compute_losses(m, &info, n, curves, self->levels, losses);
  }
  if (status == BASIN_OK) status = report(m, losses, n, curves, self->levels);
  free(curves);
  free(losses);
  return status;
}

static const basin_metric_functions functions = {sizeof functions, create, destroy, measure};
static const basin_component component = {sizeof component, BASIN_METRIC_INTERFACE,
                                          "my_metric",      "The mean loss with its interval, and by noise level.",
                                          parameters,       sizeof parameters / sizeof *parameters,
                                          &functions};
static const basin_component* const components[] = {&component};
static const basin_plugin plugin = {sizeof plugin, BASIN_ABI_MAJOR, components,   1,
                                    "my_metric",   "0.1.0",         "Apache-2.0", "The loss by noise level."};

BASIN_EXPORT basin_status basin_plugin_entry(const basin_host* from, const basin_plugin** out) {
  host = from;
  options = host->get_interface(host, BASIN_OPTIONS_INTERFACE);
  processes = host->get_interface(host, BASIN_PROCESS_INTERFACE);
  measurements = host->get_interface(host, BASIN_MEASUREMENT_INTERFACE);
  tensors = host->get_interface(host, BASIN_TENSOR_INTERFACE);
  logs = host->get_interface(host, BASIN_LOG_INTERFACE);
  /* An interface that this host lacks is null. One that is there may end before a function this plugin calls:
   * BASIN_HAS says whether it is there. */
  if (!options || !processes || !measurements || !tensors)
    return fail(BASIN_ERROR_ABI, "This plugin needs an interface that this Basin does not have: use a newer Basin.");
  *out = &plugin;
  return BASIN_OK;
}
