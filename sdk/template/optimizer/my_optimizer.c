/* Sign descent with momentum (Bernstein et al. 2018, arXiv 1802.04434, Algorithm 2): every weight moves by the same
 * amount, against the sign of the running mean of its gradients.
 *
 *   m <- momentum m + (1 - momentum) g,   w <- w - lr (sign(m) + weight_decay w)
 */
#include <basin/c/plugin.h>

struct self {
  double lr, momentum, weight_decay;
  basin_parameters* parameters; /* borrowed until destroy */
  uint32_t n_groups;
  basin_tensor** means; /* m of each group [n]; references of ours */
  const basin_op* sign;
};

/* The options, each a field of self: default, range, one sentence, unit. */
static const basin_field fields[] = {
    BASIN_NUMBER(struct self, lr, "0.001", 0, HUGE_VAL, "Learning rate: how far every weight moves.", NULL),
    BASIN_NUMBER(struct self, momentum, "0.9", 0, 1, "What is kept of the mean at each step.", NULL),
    BASIN_NUMBER(struct self, weight_decay, "0", 0, HUGE_VAL, "Decay of the weights.", NULL),
};

static void destroy(void* object) {
  struct self* self = object;
  basin_release_arenas(self->means, self->n_groups);
  free(self);
}

static basin_status create(const basin_options* given, void** out) {
  return basin_create(given, fields, BASIN_COUNT(fields), sizeof(struct self), destroy, out);
}

/* Once, before the first step. State is zeros at first; after a restart it holds what it held. */
static basin_status start(void* object, basin_parameters* all, basin_state* state) {
  struct self* self = object;
  char text[64];
  self->parameters = all;
  self->n_groups = basin.parameters->group_count(all);
  BASIN_TRY(basin.tensor->find_op("aten::sign(Tensor self) -> Tensor", &self->sign));
  BASIN_TRY(basin_state_arenas(all, state, "mean", &self->means));
  snprintf(text, sizeof text, "%lu groups of weights", (unsigned long)self->n_groups);
  if (BASIN_HAS(basin.log, write)) basin.log->write(BASIN_LOG_INFO, text); /* an older host may lack it */
  return BASIN_OK;
}

static basin_status move(const struct self* self, const basin_parameter_group* g, basin_tensor* mean) {
  basin_value argument = {BASIN_ARG_TENSOR, 0, 0, {0}}, result = {BASIN_ARG_DEFAULT, 0, 0, {0}};
  uint32_t n_results = 1;
  basin_tensor *direction = NULL, *scaled = NULL;
  basin_status status = basin.ops->lerp_(mean, g->gradients, 1 - self->momentum);
  argument.u.t = mean;
  if (status == BASIN_OK) status = basin.tensor->call(self->sign, &argument, 1, &result, &n_results);
  if (status != BASIN_OK) return status;
  status = basin.ops->add(result.u.t, g->values, self->weight_decay, &direction); /* sign(m) + weight_decay w */
  if (status == BASIN_OK) status = basin.ops->mul(direction, g->rate, &scaled);
  if (status == BASIN_OK) status = basin.ops->add_(g->values, scaled, -self->lr);
  basin_release(result.u.t);
  basin_release(direction);
  basin_release(scaled);
  return status;
}

static basin_status step(void* object, const basin_context* context, const basin_closure* closure,
                         basin_closure_result* result) {
  const struct self* self = object;
  uint32_t i;
  (void)context;
  BASIN_TRY(closure->run(closure->user, NULL, result)); /* forward and backward: the gradients lie in the groups */
  for (i = 0; i < self->n_groups; i++) {
    basin_parameter_group group = {sizeof group}; /* all weights in one tensor, their gradients in another */
    BASIN_TRY(basin.parameters->group(self->parameters, i, &group));
    BASIN_TRY(move(self, &group, self->means[i]));
  }
  return BASIN_OK;
}

static const basin_optimizer_functions functions = {sizeof functions, create, destroy, start, step};
BASIN_C_PLUGIN(BASIN_OPTIMIZER_INTERFACE, "my_optimizer", "0.1.0", "Apache-2.0",
               "Sign descent with momentum (Bernstein et al. 2018, arXiv 1802.04434).", fields, functions,
               (basin.parameters && basin.state && basin.tensor && basin.ops))
