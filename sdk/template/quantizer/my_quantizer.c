/* Ternary weights (Li and Liu 2016, arXiv 1605.04711, eq. 5 and 6): each weight of linear and convolution layers becomes
 * -a, 0 or a, with one a for each output channel.
 *
 *   threshold d = 0.7 mean |w|,   a = mean of |w| where |w| > d,   code = sign(w) where |w| > d, else 0
 */
#include <basin/c/plugin.h>
#include <math.h>

struct self {
  double threshold;
  basin_quantizer_report report;
};

/* The options, each a field of self: default, range, one sentence, unit. */
static const basin_field fields[] = {
    BASIN_NUMBER(struct self, threshold, "0.7", 0, 2, "Weights below this part of the mean |w| become 0.", NULL),
};

static void destroy(void* object) { free(object); }

static basin_status create(const basin_options* given, void** out) {
  return basin_create(given, fields, BASIN_COUNT(fields), sizeof(struct self), destroy, out);
}

/* A weight [out,...] at work: its values and what they become, [n] and [rows] each, and the state that holds it. */
struct weight {
  int64_t n, rows;
  float *values, *scales;
  uint8_t* codes;                         /* four of 2 bits a byte: [(n + 3) / 4] */
  basin_tensor *packed, *factors, *known; /* the state; known: 0 only before the first time */
};

static void find_codes(double threshold, struct weight* w) {
  const int64_t row = w->n / w->rows;
  int64_t r, k;
  memset(w->codes, 0, (size_t)((w->n + 3) / 4));
  for (r = 0; r < w->rows; r++) {
    double sum = 0, above = 0, d;
    int64_t count = 0;
    for (k = r * row; k < (r + 1) * row; k++) sum += fabs(w->values[k]);
    d = threshold * sum / (double)row;
    for (k = r * row; k < (r + 1) * row; k++) {
      if (fabs(w->values[k]) <= d) continue;
      above += fabs(w->values[k]), count++;
      w->codes[k / 4] = (uint8_t)(w->codes[k / 4] | (w->values[k] > 0 ? 1 : 2) << (k % 4 * 2));
    }
    w->scales[r] = count ? (float)(above / (double)count) : 0;
  }
}

/* Puts codes and scales into the state, where they are for the first time; takes them out of it where a checkpoint had
 * them, for a model that was loaded with its codes is not rounded again. */
static basin_status keep(const struct self* self, struct weight* w, const char* name, basin_state* state) {
  const int64_t bytes = (w->n + 3) / 4;
  char full[256];
  basin_tensor *codes = NULL, *scales = NULL;
  double known = 0;
  basin_status status;
  snprintf(full, sizeof full, "%s.weight.codes", name);
  BASIN_TRY(basin.state->tensor(state, full, &bytes, 1, BASIN_UINT8, &w->packed));
  snprintf(full, sizeof full, "%s.weight.scales", name);
  BASIN_TRY(basin.state->tensor(state, full, &w->rows, 1, BASIN_FLOAT32, &w->factors));
  snprintf(full, sizeof full, "%s.weight.known", name);
  BASIN_TRY(basin.state->tensor(state, full, NULL, 0, BASIN_UINT8, &w->known));
  BASIN_TRY(basin.tensor->item(w->known, &known));
  if (known != 0) {
    BASIN_TRY(basin.tensor->copy_to(w->packed, BASIN_UINT8, w->codes, (uint64_t)bytes));
    return basin.tensor->copy_to(w->factors, BASIN_FLOAT32, w->scales, (uint64_t)w->rows * sizeof *w->scales);
  }
  find_codes(self->threshold, w);
  status = basin.tensor->from_data(w->codes, &bytes, 1, BASIN_UINT8, w->packed, &codes);
  if (status == BASIN_OK) status = basin.tensor->from_data(w->scales, &w->rows, 1, BASIN_FLOAT32, w->factors, &scales);
  if (status == BASIN_OK) status = basin.ops->copy_(w->packed, codes);
  if (status == BASIN_OK) status = basin.ops->copy_(w->factors, scales);
  if (status == BASIN_OK) status = basin.ops->fill_(w->known, 1);
  basin_release(codes), basin_release(scales);
  return status;
}

/* Writes what the codes stand for over the weight, and into the report. */
static basin_status replace(struct self* self, struct weight* w, basin_tensor* weight, const basin_tensor_info* info) {
  basin_tensor *rounded = NULL, *plain = NULL;
  basin_status status;
  int64_t k;
  for (k = 0; k < w->n; k++) {
    const int code = w->codes[k / 4] >> (k % 4 * 2) & 3;
    const float a = w->scales[k / (w->n / w->rows)], value = code == 0 ? 0 : code == 1 ? a : -a;
    self->report.squared_error += ((double)w->values[k] - value) * ((double)w->values[k] - value);
    w->values[k] = value;
  }
  self->report.layers++, self->report.weights += w->n, self->report.bits_quantized += 2 * w->n + 32 * w->rows;
  status = basin.tensor->from_data(w->values, info->sizes, (uint32_t)info->n_dims, BASIN_FLOAT32, weight, &rounded);
  if (status == BASIN_OK) status = basin.autograd->detach(weight, &plain);
  if (status == BASIN_OK) status = basin.ops->copy_(plain, rounded);
  basin_release(rounded), basin_release(plain);
  return status;
}

static basin_status round_weight(struct self* self, basin_tensor* weight, const char* name, basin_state* state) {
  struct weight w = {0};
  basin_tensor_info info = {sizeof info};
  basin_status status;
  BASIN_TRY(basin.tensor->info(weight, &info));
  w.n = info.numel, w.rows = info.sizes[0];
  w.values = calloc((size_t)w.n, sizeof *w.values);
  w.scales = calloc((size_t)w.rows, sizeof *w.scales);
  w.codes = calloc((size_t)((w.n + 3) / 4), 1);
  status = w.values && w.scales && w.codes ? BASIN_OK : basin_fail(BASIN_ERROR_MEMORY, "out of memory");
  if (status == BASIN_OK)
    status = basin.tensor->copy_to(weight, BASIN_FLOAT32, w.values, (uint64_t)w.n * sizeof *w.values);
  if (status == BASIN_OK) status = keep(self, &w, name, state);
  if (status == BASIN_OK) status = replace(self, &w, weight, &info);
  basin_release(w.packed), basin_release(w.factors), basin_release(w.known);
  free(w.values), free(w.scales), free(w.codes);
  return status;
}

/* Once, on a copy of the model: what the codes stand for goes into the weights, codes and scales into the state. */
static basin_status attach(void* object, basin_model* model, basin_state* state) {
  struct self* self = object;
  const uint32_t n = basin.layer->layer_count(model);
  uint32_t i;
  for (i = 0; i < n; i++) {
    basin_layer_info layer = {sizeof layer};
    BASIN_TRY(basin.layer->layer_info(basin.layer->layer_at(model, i), &layer));
    if (layer.spec->kind == BASIN_LAYER_LINEAR || layer.spec->kind == BASIN_LAYER_CONV)
      BASIN_TRY(round_weight(self, layer.weight, layer.spec->name, state));
    /* An older host may lack progress; it fails after Ctrl-C. */
    if (BASIN_HAS(basin.log, progress)) BASIN_TRY(basin.log->progress("layers", (int64_t)i + 1, n));
  }
  if (self->report.layers == 0)
    return basin_fail(BASIN_ERROR_ARGUMENT, "This model has no layer with weights to quantize.");
  return BASIN_OK;
}

static basin_status report(void* object, basin_quantizer_report* out) {
  const struct self* self = object;
  BASIN_FILL(out, self->report);
  return BASIN_OK;
}

static const basin_quantizer_functions functions = {sizeof functions, create, destroy, attach, report};
BASIN_C_PLUGIN(BASIN_QUANTIZER_INTERFACE, "my_quantizer", "0.1.0", "Apache-2.0",
               "Ternary weights after training (Li and Liu 2016, arXiv 1605.04711).", fields, functions,
               (basin.layer && basin.state && basin.tensor && basin.ops && basin.autograd))
