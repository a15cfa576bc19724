/* c/plugin.h: what every plugin in C would write again: the host's tables, options into fields, the entry. Not part of
 * the ABI but C99 over it, as the C++ layer (basin.hpp) is; a plugin may also be written with core.h alone.
 *
 *   struct self { double lr; ... };
 *   static const basin_field fields[] = {BASIN_NUMBER(struct self, lr, "0.1", 0, HUGE_VAL, "Learning rate.", NULL)};
 *   static basin_status create(const basin_options* given, void** out) {
 *     return basin_create(given, fields, BASIN_COUNT(fields), sizeof(struct self), destroy, out);
 *   }
 *   static const basin_optimizer_functions functions = {sizeof functions, create, destroy, start, step};
 *   BASIN_C_PLUGIN(BASIN_OPTIMIZER_INTERFACE, "mine", "0.1.0", "MIT", "Gradient descent.", fields, functions,
 *                  (basin.tensor && basin.ops && basin.parameters))
 *
 * The templates of `basin new KIND NAME --lang c` show it whole. */
#ifndef BASIN_C_PLUGIN_H
#define BASIN_C_PLUGIN_H
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../basin.h"

#define BASIN_COUNT(array) (sizeof(array) / sizeof *(array))

/* Passes a failure on. */
#define BASIN_TRY(call)                            \
  do {                                             \
    const basin_status basin_try_ = (call);        \
    if (basin_try_ != BASIN_OK) return basin_try_; \
  } while (0)

/* The host's tables, each under the name of its interface: basin.ops->add(...). Null where this host lacks one, and one
 * that is there may end before a function that is newer than the host: BASIN_HAS(basin.log, write) says whether it is
 * there. Defined by BASIN_C_PLUGIN, for all files of the plugin. */
typedef struct basin_tables {
  const basin_host* host;
  const basin_options_interface* options;
  const basin_log_interface* log;
  const basin_parallel_interface* parallel;
  const basin_tensor_interface* tensor;
  const basin_ops_interface* ops;
  const basin_autograd_interface* autograd;
  const basin_random_interface* random;
  const basin_state_interface* state;
  const basin_parameters_interface* parameters;
  const basin_layer_interface* layer;
  const basin_process_interface* process;
  const basin_optimizers_interface* optimizers;
  const basin_samplers_interface* samplers;
  const basin_validation_interface* validation;
  const basin_report_interface* report;
  const basin_image_interface* image;
  const basin_measurement_interface* measurement;
} basin_tables;
extern __attribute__((visibility("hidden"))) basin_tables basin;

/* return basin_fail(BASIN_ERROR_ARGUMENT, "What was expected, what came, what to do."); */
static inline basin_status basin_fail(basin_status status, const char* sentence) {
  basin.host->set_error(sentence);
  return status;
}

/* Fills a struct that the host lent. An older host may know less of it: no more is written than its size, which becomes
 * what was filled. BASIN_FILL(out, description); */
#define BASIN_FILL(out, from) basin_fill(out, &(from), sizeof(from))
static inline void basin_fill(void* out, const void* from, size_t size) {
  uint32_t filled;
  memcpy(&filled, out, sizeof filled);
  if (filled > size) filled = (uint32_t)size;
  memcpy(out, from, filled);
  memcpy(out, &filled, sizeof filled);
}

/* --- options: each is a field of the object --------------------------------------------------------------------- */

typedef struct basin_field {
  basin_parameter parameter;
  size_t offset; /* of the field in the object */
} basin_field;
#define BASIN_FIELD(type, self, field, default_value, minimum, maximum, choices, summary, unit)       \
  {                                                                                                   \
    {sizeof(basin_parameter), type, #field, default_value, minimum, maximum, choices, summary, unit}, \
        offsetof(self, field)                                                                         \
  }
/* An int64_t, a double, an int32_t of 0 or 1, and an int32_t that counts in `choices`, a null-terminated array. Options
 * of other types are read by hand, with basin.options. */
#define BASIN_INTEGER(self, field, default_value, minimum, maximum, summary, unit) \
  BASIN_FIELD(BASIN_TYPE_INTEGER, self, field, default_value, minimum, maximum, NULL, summary, unit)
#define BASIN_NUMBER(self, field, default_value, minimum, maximum, summary, unit) \
  BASIN_FIELD(BASIN_TYPE_NUMBER, self, field, default_value, minimum, maximum, NULL, summary, unit)
#define BASIN_BOOLEAN(self, field, default_value, summary) \
  BASIN_FIELD(BASIN_TYPE_BOOLEAN, self, field, default_value, -HUGE_VAL, HUGE_VAL, NULL, summary, NULL)
#define BASIN_CHOICE(self, field, default_value, choices, summary) \
  BASIN_FIELD(BASIN_TYPE_CHOICE, self, field, default_value, -HUGE_VAL, HUGE_VAL, choices, summary, NULL)

static inline basin_status basin_read_field(const basin_options* given, const basin_parameter* p, void* field) {
  const char* text = NULL;
  int32_t choice = 0;
  if (p->type == BASIN_TYPE_INTEGER) return basin.options->integer(given, p->name, field);
  if (p->type == BASIN_TYPE_NUMBER) return basin.options->number(given, p->name, field);
  if (p->type == BASIN_TYPE_BOOLEAN) return basin.options->boolean(given, p->name, field);
  BASIN_TRY(basin.options->string(given, p->name, &text));
  while (p->choices[choice + 1] && strcmp(p->choices[choice], text) != 0) choice++;
  memcpy(field, &choice, sizeof choice);
  return BASIN_OK;
}

/* A new object of `size` bytes, zeros but for its fields. `destroy` is given what a failure leaves. */
static inline basin_status basin_create(const basin_options* given, const basin_field* fields, size_t n_fields,
                                        size_t size, void (*destroy)(void*), void** out) {
  char* self = calloc(1, size);
  size_t i;
  if (!self) return basin_fail(BASIN_ERROR_MEMORY, "out of memory");
  for (i = 0; i < n_fields; i++) {
    const basin_status status = basin_read_field(given, &fields[i].parameter, self + fields[i].offset);
    if (status != BASIN_OK) return destroy(self), status;
  }
  *out = self;
  return BASIN_OK;
}

/* --- tensors ---------------------------------------------------------------------------------------------------- */

static inline void basin_release(basin_tensor* tensor) {
  if (tensor) basin.tensor->release(tensor);
}

/* One state tensor for each group of parameters, of its size and type, under "<group>.<name>": references of the
 * caller's in an array of its own, for basin_release_arenas. */
static inline basin_status basin_state_arenas(basin_parameters* parameters, basin_state* state, const char* name,
                                              basin_tensor*** out) {
  const uint32_t n = basin.parameters->group_count(parameters);
  uint32_t i;
  *out = calloc(n ? n : 1, sizeof **out);
  if (!*out) return basin_fail(BASIN_ERROR_MEMORY, "out of memory");
  for (i = 0; i < n; i++) {
    basin_parameter_group group = {0};
    basin_tensor_info info = {0};
    char full[160];
    group.size = sizeof group, info.size = sizeof info;
    BASIN_TRY(basin.parameters->group(parameters, i, &group));
    BASIN_TRY(basin.tensor->info(group.values, &info));
    snprintf(full, sizeof full, "%s.%s", group.name, name);
    BASIN_TRY(basin.state->tensor(state, full, info.sizes, (uint32_t)info.n_dims, info.dtype, *out + i));
  }
  return BASIN_OK;
}
static inline void basin_release_arenas(basin_tensor** arenas, uint32_t n) {
  uint32_t i;
  for (i = 0; arenas && i < n; i++) basin_release(arenas[i]);
  free(arenas);
}

/* --- the entry -------------------------------------------------------------------------------------------------- */

static inline void basin_find_tables(const basin_host* host) {
  basin.host = host;
  basin.options = host->get_interface(host, BASIN_OPTIONS_INTERFACE);
  basin.log = host->get_interface(host, BASIN_LOG_INTERFACE);
  basin.parallel = host->get_interface(host, BASIN_PARALLEL_INTERFACE);
  basin.tensor = host->get_interface(host, BASIN_TENSOR_INTERFACE);
  basin.ops = host->get_interface(host, BASIN_OPS_INTERFACE);
  basin.autograd = host->get_interface(host, BASIN_AUTOGRAD_INTERFACE);
  basin.random = host->get_interface(host, BASIN_RANDOM_INTERFACE);
  basin.state = host->get_interface(host, BASIN_STATE_INTERFACE);
  basin.parameters = host->get_interface(host, BASIN_PARAMETERS_INTERFACE);
  basin.layer = host->get_interface(host, BASIN_LAYER_INTERFACE);
  basin.process = host->get_interface(host, BASIN_PROCESS_INTERFACE);
  basin.optimizers = host->get_interface(host, BASIN_OPTIMIZERS_INTERFACE);
  basin.samplers = host->get_interface(host, BASIN_SAMPLERS_INTERFACE);
  basin.validation = host->get_interface(host, BASIN_VALIDATION_INTERFACE);
  basin.report = host->get_interface(host, BASIN_REPORT_INTERFACE);
  basin.image = host->get_interface(host, BASIN_IMAGE_INTERFACE);
  basin.measurement = host->get_interface(host, BASIN_MEASUREMENT_INTERFACE);
}

/* A plugin of one component of its name: the note, the tables and the entry, once in a plugin. `needs`: what the host
 * must have, as a condition on `basin`; options are asked for anyway. */
#define BASIN_C_PLUGIN(interface_id, name, version, licence, summary, fields, functions, needs)              \
  BASIN_NOTE(BASIN_PORTABLE, "");                                                                            \
  basin_tables basin;                                                                                        \
  BASIN_EXPORT basin_status basin_plugin_entry(const basin_host* host, const basin_plugin** out) {           \
    static const basin_parameter* parameters[BASIN_COUNT(fields)];                                           \
    static const basin_component component = {sizeof component, interface_id,        name,      summary,     \
                                              parameters,       BASIN_COUNT(fields), &functions};            \
    static const basin_component* const components[] = {&component};                                         \
    static const basin_plugin plugin = {                                                                     \
        sizeof plugin, BASIN_ABI_MAJOR, components, 1, name, version, licence, summary};                     \
    size_t i;                                                                                                \
    for (i = 0; i < BASIN_COUNT(fields); i++) parameters[i] = &(fields)[i].parameter;                        \
    basin_find_tables(host);                                                                                 \
    if (!basin.options || !(needs))                                                                          \
      return basin_fail(BASIN_ERROR_ABI,                                                                     \
                        "This plugin needs an interface that this Basin does not have: use a newer Basin."); \
    *out = &plugin;                                                                                          \
    return BASIN_OK;                                                                                         \
  }

#endif
