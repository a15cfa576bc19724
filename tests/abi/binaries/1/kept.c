/* kept.c: the source of kept_c.basin.so: what kept.cpp is, in C99 against the bare tables. Never rebuilt: see README.md. */
#include <basin/basin.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

BASIN_NOTE(BASIN_PORTABLE, "");

static const basin_host* host;
static const basin_options_interface* options;
static const basin_tensor_interface* tensors;
static const basin_ops_interface* ops;
static const basin_autograd_interface* autograd;
static const basin_random_interface* randoms;
static const basin_state_interface* states;
static const basin_parameters_interface* arenas;
static const basin_log_interface* logs;
static const basin_parallel_interface* threads;
static const basin_optimizers_interface* optimizers;
static const basin_validation_interface* validation; /* null where the host has none */

#define MOST 8 /* groups */
#define TRY(call)                            \
  do {                                       \
    const basin_status status_ = (call);     \
    if (status_ != BASIN_OK) return status_; \
  } while (0)

static basin_status fail(const char* sentence) {
  host->set_error(sentence);
  return BASIN_ERROR_RUNTIME;
}

/* A tensor like each group's values, from the state. */
static basin_status state_arenas(basin_parameters* all, basin_state* state, const char* what, basin_tensor** out,
                                 uint32_t* n) {
  uint32_t i;
  *n = arenas->group_count(all);
  if (*n > MOST) return fail("kept.c knows at most 8 groups");
  for (i = 0; i < *n; i++) {
    basin_parameter_group group = {sizeof group, 0, 0, 0, 0, 0, 0};
    basin_tensor_info info;
    char name[128];
    memset(&info, 0, sizeof info);
    info.size = sizeof info;
    TRY(arenas->group(all, i, &group));
    TRY(tensors->info(group.values, &info));
    snprintf(name, sizeof name, "%s.%s", group.name, what);
    TRY(states->tensor(state, name, info.sizes, (uint32_t)info.n_dims, info.dtype, &out[i]));
  }
  return BASIN_OK;
}

/* --- what it computes beside its steps: numbers whose closed forms the test knows ---------------------------------- */

#define PROBES 15
struct rounding {
  int destroyed;
};

static basin_status forward(void* user, basin_saved* saved, basin_tensor* const* in, uint32_t n_in, basin_tensor** out,
                            uint32_t n_out) {
  (void)user;
  if (n_in != 1 || n_out != 1) return fail("rounding takes one tensor");
  TRY(autograd->save(saved, in, 1));
  return ops->round(in[0], &out[0]);
}
static basin_status backward(void* user, basin_saved* saved, basin_tensor* const* of, uint32_t n_of, basin_tensor** out,
                             uint32_t n_out) {
  basin_tensor* kept = NULL;
  (void)user;
  if (n_of != 1 || n_out != 1) return fail("rounding has one gradient");
  TRY(autograd->saved(saved, &kept, 1));
  tensors->release(kept);
  return ops->mul_scalar(of[0], 3, &out[0]);
}
static void destroy_rounding(void* user) { ((struct rounding*)user)->destroyed++; }

/* The gradient of y by x as a number; takes y over. */
static basin_status gradient_of(basin_tensor* y, basin_tensor* x, double* out) {
  basin_tensor* gradient = NULL;
  basin_status status = autograd->gradients(&y, 1, &x, 1, 0, &gradient);
  if (status == BASIN_OK) status = tensors->item(gradient, out);
  tensors->release(gradient);
  tensors->release(y);
  return status;
}

static basin_status probe_gradients(double* out) {
  const float two = 2;
  const int64_t n = 1;
  struct rounding life = {0};
  const basin_function rounding = {sizeof rounding, 1, forward, backward, destroy_rounding, &life};
  basin_tensor *x = NULL, *square = NULL, *y = NULL;
  const int32_t was = autograd->set_recording(1);
  TRY(tensors->from_data(&two, &n, 1, BASIN_FLOAT32, NULL, &x));
  TRY(autograd->require_gradient(x, 1));
  TRY(ops->mul(x, x, &square));
  TRY(ops->mul(square, x, &y));
  tensors->release(square);
  TRY(gradient_of(y, x, &out[0]));
  TRY(autograd->apply(&rounding, &x, 1, &y, 1));
  TRY(gradient_of(y, x, &out[1]));
  tensors->release(x);
  autograd->set_recording(was);
  return life.destroyed == 1 ? BASIN_OK : fail("the function's user was not destroyed once");
}

static basin_status probe_operators(double* sum, double* norm_of_legs) {
  const basin_op* cumsum = NULL;
  const double values[] = {1, 2, 3, 4};
  const float legs[] = {3, 4};
  const int64_t n = 4, two = 2;
  double sums[4];
  basin_tensor *x = NULL, *norm = NULL;
  basin_value arguments[2], result;
  uint32_t n_results = 1;
  memset(arguments, 0, sizeof arguments);
  TRY(tensors->find_op("aten::cumsum(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor", &cumsum));
  TRY(tensors->from_data(values, &n, 1, BASIN_FLOAT64, NULL, &x));
  arguments[0].tag = BASIN_ARG_TENSOR, arguments[0].u.t = x;
  arguments[1].tag = BASIN_ARG_INT, arguments[1].u.i = 0;
  TRY(tensors->call(cumsum, arguments, 2, &result, &n_results));
  if (n_results != 1 || result.tag != BASIN_ARG_TENSOR) return fail("cumsum gave no tensor");
  TRY(tensors->copy_to(result.u.t, BASIN_FLOAT64, sums, sizeof sums));
  *sum = sums[3];
  tensors->release(result.u.t);
  tensors->release(x);
  TRY(tensors->from_data(legs, &two, 1, BASIN_FLOAT32, NULL, &x));
  TRY(ops->norm(x, &norm));
  TRY(tensors->item(norm, norm_of_legs));
  tensors->release(norm);
  tensors->release(x);
  return BASIN_OK;
}

static basin_status probe_random(const basin_context* context, double* out) {
  basin_stream stream = {sizeof stream, 200, 7, 0, 0};
  const int64_t id = 11, five = 5;
  float filled[5], drawn[5];
  int64_t bits[5];
  basin_tensor* x = NULL;
  int i;
  stream.seed = context->seed, stream.step = context->step;
  TRY(randoms->fill(&stream, BASIN_UNIFORM, id, filled, 5));
  TRY(randoms->draw(&stream, BASIN_UNIFORM, &id, 1, &five, 1, NULL, &x));
  TRY(tensors->copy_to(x, BASIN_FLOAT32, drawn, sizeof drawn));
  tensors->release(x);
  TRY(randoms->draw(&stream, BASIN_BITS, &id, 1, &five, 1, NULL, &x));
  TRY(tensors->copy_to(x, BASIN_INT64, bits, sizeof bits));
  tensors->release(x);
  out[5] = 0;
  for (i = 0; i < 5; i++) {
    out[i] = filled[i];
    out[5] += fabs((double)filled[i] - drawn[i]) + fabs((double)(bits[i] >> 8) / 16777216 - filled[i]);
  }
  return BASIN_OK;
}

static basin_status add_up(void* user, int64_t begin, int64_t end) {
  double* terms = user;
  int64_t i;
  for (i = begin; i < end; i++) terms[i] = (double)i;
  return BASIN_OK;
}

/* Memory: written through a pointer, seen by a view; over DLPack and back; of whose references none is lost. */
static basin_status probe_memory(double* out) {
  const float values[] = {1, 2, 3};
  const int64_t n = 3;
  basin_tensor *x = NULL, *view = NULL, *back = NULL, *last = NULL;
  void *memory = NULL, *managed = NULL, *stream = &stream;
  TRY(tensors->from_data(values, &n, 1, BASIN_FLOAT32, NULL, &x));
  tensors->retain(x);
  tensors->release(x);
  TRY(autograd->detach(x, &view));
  TRY(tensors->mutable_data(x, &memory));
  ((float*)memory)[2] = 30;
  TRY(tensors->to_dlpack(view, &managed));
  TRY(tensors->from_dlpack(managed, &back));
  TRY(tensors->stream(back, &stream));
  TRY(ops->narrow(back, 0, 2, 1, &last));
  TRY(tensors->item(last, &out[0]));
  out[1] = stream == NULL;
  tensors->release(last);
  tensors->release(view);
  tensors->release(back);
  tensors->release(x);
  return BASIN_OK;
}

static basin_status probe(const basin_context* context, double* out) {
  static double terms[1000];
  int i;
  TRY(probe_gradients(&out[0]));
  TRY(probe_operators(&out[2], &out[10]));
  TRY(probe_random(context, &out[3]));
  TRY(threads->run(1000, 10, add_up, terms));
  for (out[9] = 0, i = 0; i < 1000; i++) out[9] += terms[i];
  out[11] = (double)context->seed;
  out[12] = (double)context->step;
  return probe_memory(&out[13]);
}

/* --- the optimizer: v <- momentum v + g, w <- w - lr rate v --------------------------------------------------------- */

static const basin_parameter lr = {sizeof lr, BASIN_TYPE_NUMBER, "lr", "0.1", 0, HUGE_VAL,
                                   NULL,      "Learning rate.",  NULL};
static const basin_parameter momentum = {
    sizeof momentum, BASIN_TYPE_NUMBER, "momentum", "0.5", 0, 1, NULL, "Decay of the sum of gradients.", NULL};
static const basin_parameter probed = {
    sizeof probed, BASIN_TYPE_BOOLEAN, "probe", "false", 0, 0, NULL, "Puts what it computes into the state.", NULL};
static const basin_parameter line = {sizeof line, BASIN_TYPE_STRING,      "line", "", 0, 0,
                                     NULL,        "Logged at the start.", NULL};
static const basin_parameter* const kept_parameters[] = {&lr, &momentum, &probed, &line};

struct kept {
  double lr, momentum;
  int32_t probe;
  char line[128];
  basin_parameters* parameters;
  basin_state* state;
  uint32_t n;
  basin_tensor* velocities[MOST];
  basin_tensor* steps;
};

static void destroy(void* self) {
  struct kept* kept = self;
  uint32_t i;
  for (i = 0; i < kept->n; i++) tensors->release(kept->velocities[i]);
  tensors->release(kept->steps);
  free(kept);
}

static basin_status create(const basin_options* given, void** out) {
  struct kept* kept = calloc(1, sizeof *kept);
  const char* text = "";
  basin_status status;
  if (!kept) return BASIN_ERROR_MEMORY;
  status = options->number(given, "lr", &kept->lr);
  if (status == BASIN_OK) status = options->number(given, "momentum", &kept->momentum);
  if (status == BASIN_OK) status = options->boolean(given, "probe", &kept->probe);
  if (status == BASIN_OK) status = options->string(given, "line", &text);
  if (status != BASIN_OK) return destroy(kept), status;
  strncpy(kept->line, text, sizeof kept->line - 1);
  *out = kept;
  return BASIN_OK;
}

static basin_status start(void* self, basin_parameters* parameters, basin_state* state) {
  struct kept* kept = self;
  kept->parameters = parameters, kept->state = state;
  TRY(state_arenas(parameters, state, "velocity", kept->velocities, &kept->n));
  TRY(states->tensor(state, "steps", NULL, 0, BASIN_FLOAT32, &kept->steps));
  if (BASIN_HAS(logs, write) && kept->line[0]) logs->write(BASIN_LOG_INFO, kept->line);
  if (BASIN_HAS(logs, progress)) TRY(logs->progress("starts", 1, 1));
  return BASIN_OK;
}

static basin_status step(void* self, const basin_context* context, const basin_closure* closure,
                         basin_closure_result* result) {
  struct kept* kept = self;
  basin_closure_request request = {sizeof request, NULL, 0, 1, 0, 0};
  uint32_t i;
  TRY(closure->run(closure->user, &request, result));
  for (i = 0; i < kept->n; i++) {
    basin_parameter_group group = {sizeof group, 0, 0, 0, 0, 0, 0};
    basin_tensor* move = NULL;
    TRY(arenas->group(kept->parameters, i, &group));
    TRY(ops->mul_scalar_(kept->velocities[i], kept->momentum));
    TRY(ops->add_(kept->velocities[i], group.gradients, 1));
    TRY(ops->mul(kept->velocities[i], group.rate, &move));
    TRY(ops->add_(group.values, move, -kept->lr));
    tensors->release(move);
  }
  TRY(ops->add_scalar_(kept->steps, 1));
  if (kept->probe) {
    const int64_t n = PROBES;
    double found[PROBES];
    basin_tensor *from = NULL, *to = NULL;
    TRY(probe(context, found));
    TRY(states->tensor(kept->state, "probes", &n, 1, BASIN_FLOAT64, &to));
    TRY(tensors->from_data(found, &n, 1, BASIN_FLOAT64, to, &from));
    TRY(ops->copy_(to, from));
    tensors->release(from);
    tensors->release(to);
  }
  return BASIN_OK;
}

/* --- the wrapper: its base sees the gradients times `factor` -------------------------------------------------------- */

static const char* const optimizer_kind[] = {"optimizer", NULL};
static const basin_parameter factor = {sizeof factor, BASIN_TYPE_NUMBER,      "factor", "0.5", -HUGE_VAL, HUGE_VAL,
                                       NULL,          "Times the gradients.", NULL};
static const basin_parameter base = {sizeof base,    BASIN_TYPE_COMPONENT, "base", NULL, 0, 0,
                                     optimizer_kind, "Takes the step.",    NULL};
static const basin_parameter* const wrapper_parameters[] = {&factor, &base};

struct wrapper {
  double factor;
  basin_object* base;
  basin_parameters* parameters;
  const basin_closure* inner; /* while step runs */
};

static void destroy_wrapper(void* self) { free(self); }
static basin_status create_wrapper(const basin_options* given, void** out) {
  struct wrapper* wrapper = calloc(1, sizeof *wrapper);
  basin_status status;
  if (!wrapper) return BASIN_ERROR_MEMORY;
  status = options->number(given, "factor", &wrapper->factor);
  if (status == BASIN_OK) status = options->component(given, "base", &wrapper->base);
  if (status != BASIN_OK) return free(wrapper), status;
  *out = wrapper;
  return BASIN_OK;
}
static basin_status start_wrapper(void* self, basin_parameters* parameters, basin_state* state) {
  (void)state;
  ((struct wrapper*)self)->parameters = parameters;
  return BASIN_OK;
}
static basin_status run_scaled(void* user, const basin_closure_request* request, basin_closure_result* out) {
  struct wrapper* wrapper = user;
  uint32_t i;
  TRY(wrapper->inner->run(wrapper->inner->user, request, out));
  for (i = 0; i < arenas->group_count(wrapper->parameters); i++) {
    basin_parameter_group group = {sizeof group, 0, 0, 0, 0, 0, 0};
    TRY(arenas->group(wrapper->parameters, i, &group));
    TRY(ops->mul_scalar_(group.gradients, wrapper->factor));
  }
  return BASIN_OK;
}
static basin_status step_wrapper(void* self, const basin_context* context, const basin_closure* closure,
                                 basin_closure_result* result) {
  struct wrapper* wrapper = self;
  const basin_closure scaled = {sizeof scaled, wrapper, run_scaled};
  wrapper->inner = closure;
  return optimizers->step(wrapper->base, context, &scaled, result);
}

/* --- the averager: the mean of the weights after every step from `first` on ----------------------------------------- */

static const basin_parameter first = {
    sizeof first, BASIN_TYPE_INTEGER, "first", "0", 0, HUGE_VAL, NULL, "The first step that counts.", "steps"};
static const basin_parameter watch = {
    sizeof watch, BASIN_TYPE_BOOLEAN, "watch", "false", 0, 0, NULL, "Adds up the validation loss.", NULL};
static const basin_parameter* const mean_parameters[] = {&first, &watch};

struct mean {
  int64_t first;
  int32_t watch;
  basin_parameters* parameters;
  uint32_t n;
  basin_tensor* means[MOST];
  basin_tensor *count, *watched;
};

static void destroy_mean(void* self) {
  struct mean* mean = self;
  uint32_t i;
  for (i = 0; i < mean->n; i++) tensors->release(mean->means[i]);
  tensors->release(mean->count);
  tensors->release(mean->watched);
  free(mean);
}
static basin_status create_mean(const basin_options* given, void** out) {
  struct mean* mean = calloc(1, sizeof *mean);
  basin_status status;
  if (!mean) return BASIN_ERROR_MEMORY;
  status = options->integer(given, "first", &mean->first);
  if (status == BASIN_OK) status = options->boolean(given, "watch", &mean->watch);
  if (status != BASIN_OK) return destroy_mean(mean), status;
  *out = mean;
  return BASIN_OK;
}
static basin_status start_mean(void* self, basin_parameters* parameters, basin_state* state) {
  struct mean* mean = self;
  mean->parameters = parameters;
  TRY(state_arenas(parameters, state, "mean", mean->means, &mean->n));
  TRY(states->tensor(state, "count", NULL, 0, BASIN_INT64, &mean->count));
  return states->tensor(state, "watched", NULL, 0, BASIN_FLOAT64, &mean->watched);
}
static basin_status update(void* self, const basin_context* context) {
  struct mean* mean = self;
  double count = 0, loss = 0;
  uint32_t i;
  if (context->step < (uint64_t)mean->first) return BASIN_OK;
  TRY(ops->add_scalar_(mean->count, 1));
  TRY(tensors->item(mean->count, &count));
  for (i = 0; i < mean->n; i++) {
    basin_parameter_group group = {sizeof group, 0, 0, 0, 0, 0, 0};
    TRY(arenas->group(mean->parameters, i, &group));
    TRY(ops->lerp_(mean->means[i], group.values, 1 / count));
  }
  if (!mean->watch) return BASIN_OK;
  if (!BASIN_HAS(validation, loss)) return fail("this host finds no validation loss");
  TRY(validation->loss(mean->parameters, &loss));
  return ops->add_scalar_(mean->watched, loss);
}
static basin_status average(void* self, uint32_t group, basin_tensor** out) {
  struct mean* mean = self;
  if (group >= mean->n) return fail("there is no such group");
  return ops->clone(mean->means[group], out);
}

static const basin_optimizer_functions kept_functions = {sizeof kept_functions, create, destroy, start, step};
static const basin_optimizer_functions wrapper_functions = {sizeof wrapper_functions, create_wrapper, destroy_wrapper,
                                                            start_wrapper, step_wrapper};
static const basin_averager_functions mean_functions = {
    sizeof mean_functions, create_mean, destroy_mean, start_mean, update, average};
static const basin_component kept = {sizeof kept,     BASIN_OPTIMIZER_INTERFACE,
                                     "kept_c",        "Gradient descent with momentum, of the first release.",
                                     kept_parameters, 4,
                                     &kept_functions};
static const basin_component scaled = {sizeof scaled,      BASIN_OPTIMIZER_INTERFACE,
                                       "kept_c_scaled",    "Scales the gradients that its base sees.",
                                       wrapper_parameters, 2,
                                       &wrapper_functions};
static const basin_component mean = {
    sizeof mean, BASIN_AVERAGER_INTERFACE, "kept_c", "The mean of the weights, of the first release.", mean_parameters,
    2,           &mean_functions};
static const basin_component* const components[] = {&kept, &scaled, &mean};
static const basin_plugin plugin = {sizeof plugin, BASIN_ABI_MAJOR, components,   3,
                                    "kept_c",      "1.0.0",         "Apache-2.0", "Kept for ever."};

BASIN_EXPORT basin_status basin_plugin_entry(const basin_host* from, const basin_plugin** out) {
  host = from;
  options = host->get_interface(host, BASIN_OPTIONS_INTERFACE);
  tensors = host->get_interface(host, BASIN_TENSOR_INTERFACE);
  ops = host->get_interface(host, BASIN_OPS_INTERFACE);
  autograd = host->get_interface(host, BASIN_AUTOGRAD_INTERFACE);
  randoms = host->get_interface(host, BASIN_RANDOM_INTERFACE);
  states = host->get_interface(host, BASIN_STATE_INTERFACE);
  arenas = host->get_interface(host, BASIN_PARAMETERS_INTERFACE);
  logs = host->get_interface(host, BASIN_LOG_INTERFACE);
  threads = host->get_interface(host, BASIN_PARALLEL_INTERFACE);
  optimizers = host->get_interface(host, BASIN_OPTIMIZERS_INTERFACE);
  validation = host->get_interface(host, BASIN_VALIDATION_INTERFACE);
  if (!options || !tensors || !ops || !autograd || !randoms || !states || !arenas || !threads || !optimizers) {
    host->set_error("this host lacks an interface of the first release");
    return BASIN_ERROR_ABI;
  }
  *out = &plugin;
  return BASIN_OK;
}
