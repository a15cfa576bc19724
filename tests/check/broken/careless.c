/* An averager in C that never looks at a status, never asks whether the host has an interface, and keeps what it was
 * lent. */
#include <basin/basin.h>
#include <stdlib.h>

BASIN_NOTE(BASIN_PORTABLE, "");

static const basin_options_interface* options;
static const basin_parameters_interface* parameters;
static const basin_ops_interface* ops;

struct careless {
  const basin_options* kept;
  const char* mode;
  basin_tensor* values;
};

static basin_status create(const basin_options* o, void** self) {
  struct careless* c = calloc(1, sizeof *c);
  options->string(o, "mode", &c->mode); /* lent until create returns */
  c->kept = o;
  *self = c;
  return BASIN_OK;
}
static void destroy(void* self) { free(self); }

static basin_status start(void* self, basin_parameters* p, basin_state* s) {
  struct careless* c = self;
  basin_parameter_group g = {sizeof g, 0, 0, 0, 0, 0, 0};
  (void)s;
  parameters->group(p, 0, &g);
  c->values = g.values;
  return BASIN_OK;
}
static basin_status update(void* self, const basin_context* context) {
  (void)self;
  (void)context;
  return BASIN_OK;
}
static basin_status average(void* self, uint32_t group, basin_tensor** out) {
  struct careless* c = self;
  (void)group;
  ops->clone(c->values, out);
  return BASIN_OK;
}

/* Reads the options when they are gone. */
static basin_status late_update(void* self, const basin_context* context) {
  struct careless* c = self;
  const char* mode;
  (void)context;
  return options->string(c->kept, "mode", &mode);
}
/* Reads the text of one. */
static basin_status later_update(void* self, const basin_context* context) {
  struct careless* c = self;
  (void)context;
  return c->mode[0] == '?' ? BASIN_ERROR_ARGUMENT : BASIN_OK;
}
/* Fails, and does not say why. */
static basin_status silent_update(void* self, const basin_context* context) {
  (void)self;
  (void)context;
  return BASIN_ERROR_RUNTIME;
}

#define P sizeof(basin_parameter)
static const basin_parameter mode = {P, BASIN_TYPE_STRING, "mode", "plain", 0, 0, NULL, "Words to keep.", NULL};
static const basin_parameter* const all[] = {&mode};
#define F sizeof(basin_averager_functions)
static const basin_averager_functions f = {F, create, destroy, start, update, average};
static const basin_averager_functions late_f = {F, create, destroy, start, late_update, average};
static const basin_averager_functions later_f = {F, create, destroy, start, later_update, average};
static const basin_averager_functions silent_f = {F, create, destroy, start, silent_update, average};
#define C sizeof(basin_component)
static const basin_component careless = {C, BASIN_AVERAGER_INTERFACE, "careless", "Looks at no status.", all, 1, &f};
static const basin_component late = {C, BASIN_AVERAGER_INTERFACE, "late", "Keeps its options.", all, 1, &late_f};
static const basin_component later = {C, BASIN_AVERAGER_INTERFACE, "later", "Keeps a text.", all, 1, &later_f};
static const basin_component silent = {C, BASIN_AVERAGER_INTERFACE, "silent", "Says nothing.", all, 1, &silent_f};
static const basin_component* const components[] = {&careless, &late, &later, &silent};
static const basin_plugin plugin = {
    sizeof(basin_plugin), BASIN_ABI_MAJOR, components,   4,
    "careless",           "0.1.0",         "Apache-2.0", "For the tests of basin check."};

BASIN_EXPORT basin_status basin_plugin_entry(const basin_host* h, const basin_plugin** out) {
  options = h->get_interface(h, BASIN_OPTIONS_INTERFACE);
  parameters = h->get_interface(h, BASIN_PARAMETERS_INTERFACE);
  ops = h->get_interface(h, BASIN_OPS_INTERFACE);
  *out = &plugin;
  return BASIN_OK;
}
