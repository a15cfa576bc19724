/* Sign descent with momentum (Bernstein et al. 2018, arXiv 1802.04434, Algorithm 2): every weight moves by the same
 * amount, against the sign of the running mean of its gradients.
 *
 *   m <- momentum m + (1 - momentum) g,   w <- w - lr (sign(m) + weight_decay w)
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
  double lr, momentum, weight_decay;
  basin_parameters* parameters; /* borrowed until destroy */
  uint32_t n_groups;
  basin_tensor** means; /* m of each group [n]; references of ours */
  const basin_op* sign;
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

static void release(basin_tensor* tensor) {
  if (tensor) tensors->release(tensor);
}

/* The options: name, default, range, and one sentence each. */
static const basin_parameter lr = {
    sizeof lr, BASIN_TYPE_NUMBER, "lr", "0.001", 0, HUGE_VAL, NULL, "Learning rate: how far every weight moves.", NULL};
static const basin_parameter momentum = {
    sizeof momentum, BASIN_TYPE_NUMBER, "momentum", "0.9", 0, 1, NULL, "What is kept of the mean at each step.", NULL};
static const basin_parameter weight_decay = {
    sizeof weight_decay, BASIN_TYPE_NUMBER, "weight_decay", "0", 0, HUGE_VAL, NULL, "Decay of the weights.", NULL};
static const basin_parameter* const parameters[] = {&lr, &momentum, &weight_decay};

static void destroy(void* object) {
  struct self* self = object;
  uint32_t i;
  for (i = 0; self->means && i < self->n_groups; i++) release(self->means[i]);
  free(self->means);
  free(self);
}

static basin_status create(const basin_options* given, void** out) {
  struct self* self = calloc(1, sizeof *self);
  basin_status status;
  if (!self) return fail(BASIN_ERROR_MEMORY, "out of memory");
  status = options->number(given, "lr", &self->lr);
  if (status == BASIN_OK) status = options->number(given, "momentum", &self->momentum);
  if (status == BASIN_OK) status = options->number(given, "weight_decay", &self->weight_decay);
  if (status != BASIN_OK) return destroy(self), status;
  *out = self;
  return BASIN_OK;
}

/* Once, before the first step. State is zeros at first; after a restart it holds what it held. */
static basin_status start(void* object, basin_parameters* all, basin_state* state) {
  struct self* self = object;
  int64_t weights = 0;
  uint32_t i;
  char text[64];
  self->parameters = all;
  self->n_groups = arenas->group_count(all);
  self->means = calloc(self->n_groups ? self->n_groups : 1, sizeof *self->means);
  if (!self->means) return fail(BASIN_ERROR_MEMORY, "out of memory");
  TRY(tensors->find_op("aten::sign(Tensor self) -> Tensor", &self->sign));
  for (i = 0; i < self->n_groups; i++) {
    basin_parameter_group group = {sizeof group};
    basin_tensor_info info = {sizeof info};
    char name[128];
    TRY(arenas->group(all, i, &group));
    TRY(tensors->info(group.values, &info));
    snprintf(name, sizeof name, "%s.mean", group.name);
    TRY(states->tensor(state, name, info.sizes, (uint32_t)info.n_dims, info.dtype, &self->means[i]));
    weights += info.numel;
  }
  snprintf(text, sizeof text, "%lld weights", (long long)weights);
  if (BASIN_HAS(logs, write)) logs->write(BASIN_LOG_INFO, text); /* an older host may lack it */
  return BASIN_OK;
}

static basin_status move(const struct self* self, const basin_parameter_group* g, basin_tensor* mean) {
  basin_value argument = {BASIN_ARG_TENSOR, 0, 0, {0}}, result = {BASIN_ARG_DEFAULT, 0, 0, {0}};
  uint32_t n_results = 1;
  basin_tensor *direction = NULL, *scaled = NULL;
  basin_status status = ops->lerp_(mean, g->gradients, 1 - self->momentum);
  argument.u.t = mean;
  if (status == BASIN_OK) status = tensors->call(self->sign, &argument, 1, &result, &n_results);
  if (status != BASIN_OK) return status;
  status = ops->add(result.u.t, g->values, self->weight_decay, &direction); /* sign(m) + weight_decay w */
  if (status == BASIN_OK) status = ops->mul(direction, g->rate, &scaled);
  if (status == BASIN_OK) status = ops->add_(g->values, scaled, -self->lr);
  release(result.u.t);
  release(direction);
  release(scaled);
  return status;
}

static basin_status step(void* object, const basin_context* context, const basin_closure* closure,
                         basin_closure_result* result) {
  const struct self* self = object;
  uint32_t i;
  (void)context;
  TRY(closure->run(closure->user, NULL, result)); /* forward and backward: the gradients lie in the groups */
  for (i = 0; i < self->n_groups; i++) {
    basin_parameter_group group = {sizeof group}; /* all weights in one tensor, their gradients in another */
    TRY(arenas->group(self->parameters, i, &group));
    TRY(move(self, &group, self->means[i]));
  }
  return BASIN_OK;
}

static const basin_optimizer_functions functions = {sizeof functions, create, destroy, start, step};
static const basin_component component = {
    sizeof component, BASIN_OPTIMIZER_INTERFACE,
    "my_optimizer",   "Sign descent with momentum (Bernstein et al. 2018, arXiv 1802.04434).",
    parameters,       sizeof parameters / sizeof *parameters,
    &functions};
static const basin_component* const components[] = {&component};
static const basin_plugin plugin = {sizeof plugin,  BASIN_ABI_MAJOR, components,   1,
                                    "my_optimizer", "0.1.0",         "Apache-2.0", "Sign descent with momentum."};

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
