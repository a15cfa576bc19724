/* Exponential moving average with its start corrected (Kingma and Ba 2015, arXiv 1412.6980, section 3, there for
 * moments): begun from zero, and divided by the part of the weight that has been given out, so that early weights are
 * not favoured.
 *
 *   a <- decay a + (1 - decay) w,   average after n updates = a / (1 - decay^n)
 */
#include <basin/c/plugin.h>
#include <math.h>

struct self {
  double decay;
  basin_parameters* parameters; /* borrowed until destroy */
  uint32_t n_groups;
  basin_tensor** sums;   /* a of each group [n]; references of ours */
  basin_tensor* updates; /* n: [] int64 */
};

/* The options, each a field of self: default, range, one sentence, unit. */
static const basin_field fields[] = {
    BASIN_NUMBER(struct self, decay, "0.999", 0, 0.9999999, "What is kept of the average at each step.", NULL),
};

static void destroy(void* object) {
  struct self* self = object;
  basin_release_arenas(self->sums, self->n_groups);
  basin_release(self->updates);
  free(self);
}

static basin_status create(const basin_options* given, void** out) {
  return basin_create(given, fields, BASIN_COUNT(fields), sizeof(struct self), destroy, out);
}

/* Once, before the first step. State is zeros at first; after a restart it holds what it held, but a checkpoint may be
 * restored after start, so read it when it is needed. */
static basin_status start(void* object, basin_parameters* all, basin_state* state) {
  struct self* self = object;
  self->parameters = all;
  self->n_groups = basin.parameters->group_count(all);
  BASIN_TRY(basin_state_arenas(all, state, "sum", &self->sums));
  BASIN_TRY(basin.state->tensor(state, "updates", NULL, 0, BASIN_INT64, &self->updates));
  if (BASIN_HAS(basin.log, write) && self->decay < 0.5) /* an older host may lack it */
    basin.log->write(BASIN_LOG_WARNING, "a decay this low averages two steps or fewer");
  return BASIN_OK;
}

/* After the optimizer's step. */
static basin_status update(void* object, const basin_context* context) {
  struct self* self = object;
  uint32_t i;
  (void)context;
  for (i = 0; i < self->n_groups; i++) {
    basin_parameter_group group = {sizeof group};
    BASIN_TRY(basin.parameters->group(self->parameters, i, &group));
    BASIN_TRY(basin.ops->lerp_(self->sums[i], group.values, 1 - self->decay));
  }
  return basin.ops->add_scalar_(self->updates, 1);
}

/* At any time; before the first update the weights as they stand. A new reference. */
static basin_status average(void* object, uint32_t index, basin_tensor** out) {
  struct self* self = object;
  basin_parameter_group group = {sizeof group};
  double n = 0;
  BASIN_TRY(basin.tensor->item(self->updates, &n));
  BASIN_TRY(basin.parameters->group(self->parameters, index, &group));
  if (n == 0) return basin.ops->clone(group.values, out);
  return basin.ops->mul_scalar(self->sums[index], 1 / (1 - pow(self->decay, n)), out);
}

static const basin_averager_functions functions = {sizeof functions, create, destroy, start, update, average};
BASIN_C_PLUGIN(BASIN_AVERAGER_INTERFACE, "my_averager", "0.1.0", "Apache-2.0",
               "Exponential moving average with its start corrected.", fields, functions,
               (basin.parameters && basin.state && basin.tensor && basin.ops))
