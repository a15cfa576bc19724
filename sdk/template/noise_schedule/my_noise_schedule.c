/* Noise levels from a logit-normal distribution (Esser et al. 2024, arXiv 2403.03206, section 3.1): more of the middle,
 * where there is most to learn, less of both ends.
 *
 *   t = T sigmoid(mean + std n), n ~ N(0, 1);   P(level < k) = Phi((logit(k / T) - mean) / std)
 *
 * With `unbiased`, level k weighs 1 / (T p(k)), so that the expected loss is that of uniform levels, with less variance.
 */
#include <basin/c/plugin.h>
#include <math.h>

struct self {
  double mean, std;
  int32_t unbiased;
  int64_t steps; /* T */
};

/* The options, each a field of self: default, range, one sentence, unit. */
static const basin_field fields[] = {
    BASIN_NUMBER(struct self, mean, "0", -4, 4, "Below 0: less noise; above: more.", NULL),
    BASIN_NUMBER(struct self, std, "1", 0.1, 4, "Width of the distribution.", NULL),
    BASIN_BOOLEAN(struct self, unbiased, "false", "Weighs losses so that their mean is as for uniform levels."),
};

static void destroy(void* object) { free(object); }

static basin_status create(const basin_options* given, void** out) {
  return basin_create(given, fields, BASIN_COUNT(fields), sizeof(struct self), destroy, out);
}

/* What a schedule learns belongs into the state; this one learns nothing. */
static basin_status start(void* object, const basin_process* process, basin_state* state) {
  struct self* self = object;
  basin_process_info info = {sizeof info};
  (void)state;
  BASIN_TRY(basin.process->info(process, &info));
  self->steps = info.steps;
  if (BASIN_HAS(basin.log, write) && fabs(self->mean) > 3) /* an older host may lack it */
    basin.log->write(BASIN_LOG_WARNING, "a mean this far from 0 leaves half of the levels almost without draws");
  return BASIN_OK;
}

/* P(a drawn level < level) */
static double below(const struct self* self, double level) {
  const double u = level / (double)self->steps;
  if (u <= 0 || u >= 1) return u <= 0 ? 0 : 1;
  return 0.5 * erfc(-(log(u / (1 - u)) - self->mean) / (self->std * sqrt(2.0)));
}

/* One level and one weight for each sample of the context, from the random numbers of its sample ids alone. */
static basin_status draw(void* object, const basin_context* context, double* levels, double* weights) {
  const struct self* self = object;
  const double steps = (double)self->steps;
  basin_stream stream = {sizeof stream, BASIN_PURPOSE_LEVEL, 0, 0, 0};
  uint32_t i;
  stream.seed = context->seed, stream.step = context->step;
  for (i = 0; i < context->n_samples; i++) {
    float n;
    BASIN_TRY(basin.random->fill(&stream, BASIN_NORMAL, context->sample_ids[i], &n, 1));
    levels[i] = fmin(floor(steps / (1 + exp(-(self->mean + self->std * n)))), steps - 1);
    weights[i] = self->unbiased ? 1 / (steps * (below(self, levels[i] + 1) - below(self, levels[i]))) : 1;
  }
  return BASIN_OK;
}

static const basin_noise_schedule_functions functions = {sizeof functions, create, destroy, start, draw, NULL};
BASIN_C_PLUGIN(BASIN_NOISE_SCHEDULE_INTERFACE, "my_noise_schedule", "0.1.0", "Apache-2.0",
               "Noise levels from a logit-normal distribution (arXiv 2403.03206).", fields, functions,
               (basin.process && basin.random))
