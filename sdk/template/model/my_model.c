/* A small convolutional denoiser: residual blocks at one resolution, each told the noise level by a scale and a shift
 * after its norm, as ADM's are (Dhariwal and Nichol 2021, arXiv 2105.05233, eq. 3). It predicts epsilon, 0 at first.
 *
 *   h <- h + conv(silu(norm(h) (1 + scale(t)) + shift(t)))
 */
#include <basin/c/plugin.h>
#include <math.h>

struct part {
  basin_layer *level, *norm, *conv; /* the host's, as all layers here */
};

struct self {
  int64_t image, in_channels, channels, blocks;
  basin_layer *embed, *first, *last_norm, *last;
  struct part* parts; /* [blocks] */
  float* frequencies; /* [channels / 2]: from 1 to 1/10000 */
  basin_port x, t, prediction;
  const basin_port *inputs[2], *outputs[1];
};

/* The options, each a field of self: default, range, one sentence, unit. */
static const basin_field fields[] = {
    BASIN_INTEGER(struct self, image, "32", 1, HUGE_VAL, "Height and width of the images.", "pixels"),
    BASIN_INTEGER(struct self, in_channels, "3", 1, HUGE_VAL, "Channels of the images.", NULL),
    BASIN_INTEGER(struct self, channels, "32", 8, 4096, "Channels inside.", NULL),
    BASIN_INTEGER(struct self, blocks, "4", 1, HUGE_VAL, "Residual blocks.", NULL),
};

static void destroy(void* object) {
  struct self* self = object;
  free(self->parts), free(self->frequencies);
  free(self);
}

static basin_status create(const basin_options* given, void** out) {
  struct self* self;
  int64_t half, k;
  BASIN_TRY(basin_create(given, fields, BASIN_COUNT(fields), sizeof *self, destroy, out));
  self = *out;
  if (self->channels % 8) {
    char text[96];
    snprintf(text, sizeof text, "option 'channels' must be a multiple of 8, and %lld is not.",
             (long long)self->channels);
    return destroy(self), basin_fail(BASIN_ERROR_ARGUMENT, text);
  }
  half = self->channels / 2;
  self->frequencies = calloc((size_t)half, sizeof *self->frequencies);
  if (!self->frequencies) return destroy(self), basin_fail(BASIN_ERROR_MEMORY, "out of memory");
  for (k = 0; k < half; k++) self->frequencies[k] = (float)exp(-log(10000.0) * (double)k / (double)half);
  return BASIN_OK;
}

static basin_status linear(basin_builder* b, const char* name, int64_t in, int64_t out, basin_layer** layer) {
  basin_layer_spec spec = {sizeof spec};
  spec.kind = BASIN_LAYER_LINEAR, spec.name = name, spec.in = in, spec.out = out, spec.bias = 1;
  return basin.layer->add(b, &spec, layer);
}
static basin_status conv(basin_builder* b, const char* name, int64_t in, int64_t out, int32_t init,
                         basin_layer** layer) {
  basin_layer_spec spec = {sizeof spec};
  spec.kind = BASIN_LAYER_CONV, spec.name = name, spec.in = in, spec.out = out, spec.bias = 1, spec.init = init;
  spec.kernel = 3, spec.stride = 1, spec.padding = 1, spec.groups = 1;
  return basin.layer->add(b, &spec, layer);
}
static basin_status norm(basin_builder* b, const char* name, int64_t channels, basin_layer** layer) {
  basin_layer_spec spec = {sizeof spec};
  spec.kind = BASIN_LAYER_NORM, spec.name = name, spec.in = channels, spec.out = channels;
  spec.groups = 8, spec.activation = BASIN_ACTIVATION_SILU;
  return basin.layer->add(b, &spec, layer);
}

/* Once. The host owns layers and their parameters, casts for bf16, and lets quantizers hook them. */
static basin_status build(void* object, basin_builder* b) {
  struct self* self = object;
  const int64_t c = self->channels;
  int64_t i;
  self->parts = calloc((size_t)self->blocks, sizeof *self->parts);
  if (!self->parts) return basin_fail(BASIN_ERROR_MEMORY, "out of memory");
  BASIN_TRY(linear(b, "embed", c, 2 * c, &self->embed));
  BASIN_TRY(conv(b, "first", self->in_channels, c, BASIN_INIT_DEFAULT, &self->first));
  for (i = 0; i < self->blocks; i++) {
    char name[64];
    snprintf(name, sizeof name, "blocks.%lld.level", (long long)i);
    BASIN_TRY(linear(b, name, 2 * c, 2 * c, &self->parts[i].level));
    snprintf(name, sizeof name, "blocks.%lld.norm", (long long)i);
    BASIN_TRY(norm(b, name, c, &self->parts[i].norm));
    snprintf(name, sizeof name, "blocks.%lld.conv", (long long)i);
    BASIN_TRY(conv(b, name, c, c, BASIN_INIT_DEFAULT, &self->parts[i].conv));
  }
  BASIN_TRY(norm(b, "last_norm", c, &self->last_norm));
  return conv(b, "last", c, self->in_channels, BASIN_INIT_ZERO, &self->last);
}

/* Inputs and outputs by name, without the batch: what forward is given and gives, in this order. */
static basin_status describe(void* object, basin_model_description* out) {
  struct self* self = object;
  basin_model_description d = {0};
  self->x.size = self->t.size = sizeof self->x, self->x.dtype = self->t.dtype = BASIN_FLOAT32;
  self->x.n_dims = 3, self->x.sizes[0] = self->in_channels, self->x.sizes[1] = self->x.sizes[2] = self->image;
  self->prediction = self->x;
  self->x.name = "x", self->t.name = "t", self->prediction.name = "prediction";
  self->inputs[0] = &self->x, self->inputs[1] = &self->t, self->outputs[0] = &self->prediction;
  d.target = BASIN_TARGET_EPSILON;
  d.inputs = self->inputs, d.n_inputs = 2, d.outputs = self->outputs, d.n_outputs = 1;
  d.input_minimum = -1, d.input_maximum = 1;
  BASIN_FILL(out, d);
  return BASIN_OK;
}

/* silu(embed(cos and sin of t at the frequencies)): [B,2 channels] of t [B]. */
static basin_status embed_level(const struct self* self, const basin_context* c, basin_tensor* t, basin_tensor** out) {
  const int64_t half = self->channels / 2, column[] = {-1, 1};
  basin_tensor *frequencies = NULL, *times = NULL, *angles = NULL, *waves[2] = {NULL, NULL}, *both = NULL,
               *level = NULL;
  basin_status status = basin.tensor->from_data(self->frequencies, &half, 1, BASIN_FLOAT32, t, &frequencies);
  if (status == BASIN_OK) status = basin.ops->reshape(t, column, 2, &times);
  if (status == BASIN_OK) status = basin.ops->mul(times, frequencies, &angles);
  if (status == BASIN_OK) status = basin.ops->cos(angles, &waves[0]);
  if (status == BASIN_OK) status = basin.ops->sin(angles, &waves[1]);
  if (status == BASIN_OK) status = basin.ops->cat(waves, 2, 1, &both);
  if (status == BASIN_OK) status = basin.layer->forward(self->embed, c, &both, 1, &level);
  if (status == BASIN_OK) status = basin.ops->silu(level, out);
  basin_release(frequencies), basin_release(times), basin_release(angles), basin_release(waves[0]);
  basin_release(waves[1]), basin_release(both), basin_release(level);
  return status;
}

/* *h becomes *h + conv(norm(*h, scale, shift)): the convolution adds its second input. */
static basin_status run_part(const struct self* self, const struct part* part, const basin_context* c,
                             basin_tensor* level, basin_tensor** h) {
  basin_tensor *both = NULL, *inside[3] = {*h, NULL, NULL}, *sum[2] = {NULL, *h}, *next = NULL;
  basin_status status = basin.layer->forward(part->level, c, &level, 1, &both);
  if (status == BASIN_OK) status = basin.ops->narrow(both, 1, 0, self->channels, &inside[1]);
  if (status == BASIN_OK) status = basin.ops->narrow(both, 1, self->channels, self->channels, &inside[2]);
  if (status == BASIN_OK) status = basin.layer->forward(part->norm, c, inside, 3, &sum[0]);
  if (status == BASIN_OK) status = basin.layer->forward(part->conv, c, sum, 2, &next);
  basin_release(both), basin_release(inside[1]), basin_release(inside[2]), basin_release(sum[0]);
  if (status != BASIN_OK) return status;
  basin_release(*h);
  *h = next;
  return BASIN_OK;
}

static basin_status forward(void* object, const basin_context* c, basin_tensor* const* in, uint32_t n_in,
                            basin_tensor** out, uint32_t n_out) {
  const struct self* self = object;
  basin_tensor *level = NULL, *h = NULL, *normed = NULL;
  int64_t i;
  basin_status status = embed_level(self, c, in[1], &level);
  (void)n_in, (void)n_out;
  if (status == BASIN_OK) status = basin.layer->forward(self->first, c, in, 1, &h);
  for (i = 0; i < self->blocks && status == BASIN_OK; i++) status = run_part(self, &self->parts[i], c, level, &h);
  if (status == BASIN_OK) status = basin.layer->forward(self->last_norm, c, &h, 1, &normed);
  if (status == BASIN_OK) status = basin.layer->forward(self->last, c, &normed, 1, out);
  basin_release(level), basin_release(h), basin_release(normed);
  return status;
}

static const basin_model_functions functions = {sizeof functions, create, destroy, build, describe, forward};
BASIN_C_PLUGIN(BASIN_MODEL_INTERFACE, "my_model", "0.1.0", "Apache-2.0",
               "A small convolutional denoiser at one resolution.", fields, functions,
               (basin.layer && basin.tensor && basin.ops))
