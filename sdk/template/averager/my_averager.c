/* Exponential moving average with its start corrected (Kingma and Ba 2015, arXiv 1412.6980, section 3, there for
 * moments): begun from zero, and divided by the part of the weight that has been given out, so that early weights are
 * not favoured.
 *
 *   a <- decay a + (1 - decay) w,   average after n updates = a / (1 - decay^n)
 */
#include <basin/basin.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

BASIN_NOTE(BASIN_PORTABLE, "");

/* What the entry function asks the host for. */
static const basin_host* host;
static const basin_options_interface* options;
static const basin_parameters_interface* arenas;
static const basin_state_interface* states;
static const basin_tensor_interface* tensors;
static const basin_ops_interface* ops;
static const basin_log_interface* logs; /* null where the host has none: not needed */

struct self {
  double decay;
  basin_parameters* parameters; /* borrowed until destroy */
  uint32_t n_groups;
  basin_tensor** sums;   /* a of each group [n]; references of ours */
  basin_tensor* updates; /* n: [] int64 */
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

static const basin_parameter decay = {
    sizeof decay, BASIN_TYPE_NUMBER, "decay", "0.999", 0, 0.9999999, NULL, "What is kept of the average at each step.",
    NULL};
static const basin_parameter* const parameters[] = {&decay};

static void destroy(void* object) {
  struct self* self = object;
  uint32_t i;
  for (i = 0; self->sums && i < self->n_groups; i++)
    if (self->sums[i]) tensors->release(self->sums[i]);
  if (self->updates) tensors->release(self->updates);
  free(self->sums);
  free(self);
}

static basin_status create(const basin_options* given, void** out) {
  struct self* self = calloc(1, sizeof *self);
  basin_status status;
  if (!self) return fail(BASIN_ERROR_MEMORY, "out of memory");
  status = options->number(given, "decay", &self->decay);
  if (status != BASIN_OK) return destroy(self), status;
  *out = self;
  return BASIN_OK;
}

/* Once, before the first step. State is zeros at first; after a restart it holds what it held, but a checkpoint may be
 * restored after start, so read it when it is needed. */
static basin_status start(void* object, basin_parameters* all, basin_state* state) {
  struct self* self = object;
  uint32_t i;
  self->parameters = all;
  self->n_groups = arenas->group_count(all);
  self->sums = calloc(self->n_groups ? self->n_groups : 1, sizeof *self->sums);
  if (!self->sums) return fail(BASIN_ERROR_MEMORY, "out of memory");
  TRY(states->tensor(state, "updates", NULL, 0, BASIN_INT64, &self->updates));
  for (i = 0; i < self->n_groups; i++) {
    basin_parameter_group group = {sizeof group};
    basin_tensor_info info = {sizeof info};
    char name[128];
    TRY(arenas->group(all, i, &group));
    TRY(tensors->info(group.values, &info));
    snprintf(name, sizeof name, "%s.sum", group.name);
    TRY(states->tensor(state, name, info.sizes, (uint32_t)info.n_dims, info.dtype, &self->sums[i]));
  }
  if (BASIN_HAS(logs, write) && self->decay < 0.5) /* an older host may lack it */
    logs->write(BASIN_LOG_WARNING, "a decay this low averages two steps or fewer");
  return BASIN_OK;
}

/* After the optimizer's step. */
static basin_status update(void* object, const basin_context* context) {
  struct self* self = object;
  uint32_t i;
  (void)context;
  for (i = 0; i < self->n_groups; i++) {
    basin_parameter_group group = {sizeof group};
    TRY(arenas->group(self->parameters, i, &group));
    TRY(ops->lerp_(self->sums[i], group.values, 1 - self->decay));
  }
  return ops->add_scalar_(self->updates, 1);
}

/* At any time; before the first update the weights as they stand. A new reference. */
static basin_status average(void* object, uint32_t index, basin_tensor** out) {
  struct self* self = object;
  basin_parameter_group group = {sizeof group};
  double n = 0;
  TRY(tensors->item(self->updates, &n));
  TRY(arenas->group(self->parameters, index, &group));
  if (n == 0) return ops->clone(group.values, out);
  return ops->mul_scalar(self->sums[index], 1 / (1 - pow(self->decay, n)), out);
}

static const basin_averager_functions functions = {sizeof functions, create, destroy, start, update, average};
static const basin_component component = {sizeof component, BASIN_AVERAGER_INTERFACE,
                                          "my_averager",    "Exponential moving average with its start corrected.",
                                          parameters,       sizeof parameters / sizeof *parameters,
                                          &functions};
static const basin_component* const components[] = {&component};
static const basin_plugin plugin = {
    sizeof plugin, BASIN_ABI_MAJOR, components,   1,
    "my_averager", "0.1.0",         "Apache-2.0", "Exponential moving average with its start corrected."};

BASIN_EXPORT basin_status basin_plugin_entry(const basin_host* from, const basin_plugin** out) {
  host = from;
  options = host->get_interface(host, BASIN_OPTIONS_INTERFACE);
  arenas = host->get_interface(host, BASIN_PARAMETERS_INTERFACE);
  states = host->get_interface(host, BASIN_STATE_INTERFACE);
  tensors = host->get_interface(host, BASIN_TENSOR_INTERFACE);
  ops = host->get_interface(host, BASIN_OPS_INTERFACE);
  logs = host->get_interface(host, BASIN_LOG_INTERFACE);
  /* An interface that this host lacks is null. One that is there may end before a function this plugin calls:
   * BASIN_HAS says whether it is there. */
  if (!options || !arenas || !states || !tensors || !ops)
    return fail(BASIN_ERROR_ABI, "This plugin needs an interface that this Basin does not have: use a newer Basin.");
  *out = &plugin;
  return BASIN_OK;
}
