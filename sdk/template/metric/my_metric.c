/* The loss by noise level: the mean training loss of a model over a data set, with its 95 % interval, and the same for
 * each band of noise levels. One number hides where a model is good; the curve shows it.
 *
 * Image i of those measured sits at the middle of band i mod `levels`. The noise is a function of (seed, image), the
 * same for every model, so two models differ by their weights only.
 */
#include <basin/c/plugin.h>
#include <math.h>

struct self {
  int64_t images, levels;
};

/* The options, each a field of self: default, range, one sentence, unit. */
static const basin_field fields[] = {
    BASIN_INTEGER(struct self, images, "256", 2, HUGE_VAL, "Images of the data set, spread over all of it.", "images"),
    BASIN_INTEGER(struct self, levels, "8", 1, HUGE_VAL, "Bands of noise levels, evenly over t.", NULL),
};

static void destroy(void* object) { free(object); }

static basin_status create(const basin_options* given, void** out) {
  return basin_create(given, fields, BASIN_COUNT(fields), sizeof(struct self), destroy, out);
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
    BASIN_TRY(basin.measurement->losses(m, ids, t, (uint32_t)count, 0, &values));
    status = basin.tensor->copy_to(values, BASIN_FLOAT64, losses + first, (size_t)count * sizeof *losses);
    basin_release(values);
    if (status != BASIN_OK) return status;
    if (BASIN_HAS(basin.log, progress))
      BASIN_TRY(basin.log->progress("images", first + count, n)); /* an older host may lack it */
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
  BASIN_TRY(basin.measurement->scalar(m, "loss", mean, mean - half,
                                      mean + half)); /* the first number is the metric's value */
  BASIN_TRY(basin.measurement->curve(m, "loss", "t", middles, means, low, high, (uint32_t)n_levels));
  snprintf(text, sizeof text, "%lld images, each at one of %lld levels", (long long)n, (long long)n_levels);
  BASIN_TRY(basin.measurement->protocol(m, "levels", text));
  return basin.measurement->protocol(m, "intervals", "95 %, over images");
}

static basin_status measure(void* object, basin_measurement* m) {
  const struct self* self = object;
  basin_measurement_info info = {sizeof info};
  basin_process_info process = {sizeof process};
  double *curves, *losses; /* middles, means, low, high: [levels] each; [n] */
  basin_status status;
  int64_t n, k;
  BASIN_TRY(basin.measurement->info(m, &info));
  if (!info.parameters)
    return basin_fail(BASIN_ERROR_ARGUMENT,
                      "The metric 'my_metric' measures a model, not images: give it a model and a data set.");
  n = self->images < info.n_reference ? self->images : info.n_reference;
  if (n < 2 * self->levels)
    return basin_fail(BASIN_ERROR_ARGUMENT,
                      "The metric 'my_metric' needs 2 images a level: give it more images, or fewer levels.");
  BASIN_TRY(basin.process->info(info.process, &process));
  curves = calloc((size_t)self->levels * 4, sizeof *curves);
  losses = calloc((size_t)n, sizeof *losses);
  status = curves && losses ? BASIN_OK : basin_fail(BASIN_ERROR_MEMORY, "out of memory");
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
BASIN_C_PLUGIN(BASIN_METRIC_INTERFACE, "my_metric", "0.1.0", "Apache-2.0",
               "The mean loss with its interval, and by noise level.", fields, functions,
               (basin.process && basin.measurement && basin.tensor))
