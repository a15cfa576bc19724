/* Euler's and Heun's method along the probability flow of a variance-preserving process, by its angle (Salimans and Ho
 * 2022, arXiv 2202.00512, appendix D): with alpha = cos(phi), sigma = sin(phi) the flow is dx/dphi = v,
 *
 *   v = alpha epsilon - sigma x0 = (alpha x - x0) / sigma
 *
 *   Euler   x' = x + (phi' - phi) v(x, phi)
 *   Heun    then once more with the mean of v(x, phi) and v(x', phi'), but for the last step, to phi' = 0
 */
#include <basin/c/plugin.h>
#include <math.h>

enum { EULER, HEUN };
static const char* const methods[] = {"euler", "heun", NULL};

struct self {
  int64_t steps;
  int32_t method, clip;
};

/* The options, each a field of self: default, range, one sentence, unit. */
static const basin_field fields[] = {
    BASIN_INTEGER(struct self, steps, "20", 1, HUGE_VAL, "Steps, over levels spread evenly.", "steps"),
    BASIN_CHOICE(struct self, method, "heun", methods, "First order, or second order at twice the cost of a step."),
    BASIN_BOOLEAN(struct self, clip, "true", "Clips the estimate of x0 to [-1, 1]."),
};

static void destroy(void* object) { free(object); }

static basin_status create(const basin_options* given, void** out) {
  return basin_create(given, fields, BASIN_COUNT(fields), sizeof(struct self), destroy, out);
}

/* One sampling: what it works with, and where it stands. */
struct walk {
  const struct self* self;
  const basin_sampling* job;
  basin_process_info process;
  int64_t* levels;      /* [steps], ascending */
  basin_tensor *x, *x0; /* x_t, and the last estimate of x0: references of ours, as all below */
};

static double phi(const struct walk* w, int64_t t) { return atan2(w->process.sigma[t], w->process.alpha[t]); }

/* v(x, t); also sets w->x0. */
static basin_status velocity(struct walk* w, basin_tensor* x, int64_t t, basin_tensor** v) {
  const double level = (double)t; /* one for the whole batch */
  basin_denoised d = {sizeof d};
  basin_tensor *scaled = NULL, *difference = NULL;
  basin_status status = basin.process->denoise(w->job->denoiser, w->job->context, x, &level, 1, &d);
  if (status != BASIN_OK) return status;
  basin_release(w->x0);
  w->x0 = NULL;
  status = w->self->clip ? basin.ops->clamp(d.x0, -1, 1, &w->x0) : basin.ops->clone(d.x0, &w->x0);
  if (status == BASIN_OK) status = basin.ops->mul_scalar(x, w->process.alpha[t], &scaled);
  if (status == BASIN_OK) status = basin.ops->sub(scaled, w->x0, &difference);
  if (status == BASIN_OK) status = basin.ops->mul_scalar(difference, 1 / w->process.sigma[t], v);
  basin_release(scaled), basin_release(difference);
  basin_release(d.epsilon), basin_release(d.x0), basin_release(d.variance);
  return status;
}

/* From level k of `levels` to the one below it, or to 0. */
static basin_status advance(struct walk* w, int64_t k) {
  const double length = (k ? phi(w, w->levels[k - 1]) : 0) - phi(w, w->levels[k]);
  basin_tensor *here = NULL, *there = NULL, *both = NULL, *next = NULL;
  basin_status status = velocity(w, w->x, w->levels[k], &here);
  if (status == BASIN_OK) status = basin.ops->add(w->x, here, length, &next);
  if (status == BASIN_OK && k && w->self->method == HEUN) {
    status = velocity(w, next, w->levels[k - 1], &there);
    basin_release(next);
    next = NULL;
    if (status == BASIN_OK) status = basin.ops->add(here, there, 1, &both);
    if (status == BASIN_OK) status = basin.ops->add(w->x, both, length / 2, &next);
  }
  basin_release(here), basin_release(there), basin_release(both);
  if (status != BASIN_OK) return basin_release(next), status;
  basin_release(w->x);
  w->x = next;
  return BASIN_OK;
}

static basin_status walk_all(struct walk* w) {
  const int64_t steps = w->self->steps;
  int64_t i;
  BASIN_TRY(basin.process->info(w->job->process, &w->process));
  BASIN_TRY(basin.process->respace(w->job->process, "even", steps, w->levels));
  BASIN_TRY(basin.ops->clone(w->job->noise, &w->x));
  for (i = 0; i < steps; i++) {
    BASIN_TRY(advance(w, steps - 1 - i));
    if (w->job->on_step) BASIN_TRY(w->job->on_step(w->job->user, i + 1, steps, w->x, w->x0)); /* fails after Ctrl-C */
  }
  return BASIN_OK;
}

/* From noise, N(0,1) [B,C,H,W], to images. Noise, where a method adds some, is of BASIN_PURPOSE_SAMPLER and the step. */
static basin_status sample(void* object, const basin_sampling* job, basin_tensor** out) {
  struct walk w = {0};
  const int32_t recorded = basin.autograd->set_recording(0); /* nobody wants gradients */
  basin_status status;
  w.self = object, w.job = job, w.process.size = sizeof w.process;
  w.levels = calloc((size_t)w.self->steps, sizeof *w.levels);
  status = w.levels ? walk_all(&w) : basin_fail(BASIN_ERROR_MEMORY, "out of memory");
  basin.autograd->set_recording(recorded);
  free(w.levels);
  basin_release(w.x0);
  if (status != BASIN_OK) return basin_release(w.x), status;
  *out = w.x;
  return BASIN_OK;
}

static const basin_sampler_functions functions = {sizeof functions, create, destroy, sample};
BASIN_C_PLUGIN(BASIN_SAMPLER_INTERFACE, "my_sampler", "0.1.0", "Apache-2.0",
               "Euler's or Heun's method along the probability flow (arXiv 2202.00512).", fields, functions,
               (basin.process && basin.tensor && basin.ops && basin.autograd))
