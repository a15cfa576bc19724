/* One plugin in C99 with many faces: -DTOY_... chooses what is wrong with it; without, nothing is. */
#include <basin/basin.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "toy.h"

#ifndef TOY_VERSION
#define TOY_VERSION "1.0.0"
#endif
#ifndef TOY_INTERFACE
#define TOY_INTERFACE BASIN_AVERAGER_INTERFACE
#endif
#ifndef TOY_COMPONENT
#define TOY_COMPONENT "toy"
#endif
#ifndef TOY_SUMMARY
#define TOY_SUMMARY "Keeps what it was given."
#endif
#ifndef TOY_DEFAULT
#define TOY_DEFAULT "1e-4"
#endif
#ifndef TOY_MAJOR
#define TOY_MAJOR BASIN_ABI_MAJOR
#endif
#ifndef TOY_PLUGIN_SIZE
#define TOY_PLUGIN_SIZE sizeof(basin_plugin)
#endif
#ifndef TOY_FUNCTIONS_SIZE
#define TOY_FUNCTIONS_SIZE sizeof(basin_averager_functions)
#endif
#ifndef TOY_START
#define TOY_START start
#endif
#ifndef TOY_AVERAGE
#define TOY_AVERAGE average
#endif
#ifndef TOY_COMPONENTS
#define TOY_COMPONENTS 1
#endif

#ifdef TOY_NOTE_MAJOR
__attribute__((section(BASIN_NOTE_SECTION), used, aligned(4))) static const basin_note note = {
    6, 44, BASIN_NOTE_TYPE, BASIN_NOTE_NAME, BASIN_NOTE_MAGIC, TOY_NOTE_MAJOR, BASIN_PORTABLE, ""};
#elif defined TOY_ENGINE
BASIN_NOTE(BASIN_PINNED, TOY_ENGINE);
#elif !defined TOY_WITHOUT_NOTE
BASIN_NOTE(BASIN_PORTABLE, "");
#endif

static const basin_host* host;
static const basin_options_interface* options_of_host;
static int living;

#define TRY(call)                                     \
  do {                                                \
    basin_status status_ = (call);                    \
    if (status_ != BASIN_OK) return free(t), status_; \
  } while (0)

static basin_status create(const basin_options* o, void** self) {
  const basin_options_interface* get = options_of_host;
  struct toy* t = calloc(1, sizeof *t);
  const char* text;
  const int64_t* integers;
  const double* numbers;
  basin_object* child;
  double number;
  if (!t) return BASIN_ERROR_MEMORY;
  TRY(get->boolean(o, "boolean", &t->boolean));
  TRY(get->integer(o, "integer", &t->integer));
  TRY(get->number(o, "integer", &number));
  t->integer_as_number = (int64_t)number;
  TRY(get->number(o, "number", &t->number));
  TRY(get->string(o, "string", &text));
  strncpy(t->string, text, sizeof t->string - 1);
  TRY(get->string(o, "choice", &text));
  strncpy(t->choice, text, sizeof t->choice - 1);
  TRY(get->string(o, "file", &text));
  strncpy(t->file, text, sizeof t->file - 1);
  TRY(get->integers(o, "integers", &integers, &t->n_integers));
  if (t->n_integers > 0) memcpy(t->integers, integers, sizeof(int64_t) * (t->n_integers < 8 ? t->n_integers : 8));
  TRY(get->numbers(o, "numbers", &numbers, &t->n_numbers));
  if (t->n_numbers > 0) memcpy(t->numbers, numbers, sizeof(double) * (t->n_numbers < 8 ? t->n_numbers : 8));
  TRY(get->component(o, "base", &child));
  t->child = child;
  if (strcmp(t->string, "fail") == 0) {
    host->set_error("it was told to fail");
    free(t);
    return BASIN_ERROR_RUNTIME;
  }
  if (strcmp(t->string, "fail silently") == 0) return free(t), BASIN_ERROR_RUNTIME;
  if (strcmp(t->string, "interrupt") == 0) return free(t), BASIN_ERROR_INTERRUPTED;
  if (strcmp(t->string, "ask") == 0) TRY(get->number(o, "nothing", &t->number));
  if (strcmp(t->string, "mistake") == 0) TRY(get->integer(o, "string", &t->integer));
  living++;
  *self = t;
  return BASIN_OK;
}

static void destroy(void* self) {
  free(self);
  living--;
}

static basin_status update(void* self, const basin_context* context) {
  (void)self;
  *(int*)(intptr_t)context->step = living; /* the test gives an address */
  return BASIN_OK;
}

__attribute__((unused)) static basin_status start(void* self, basin_parameters* parameters, basin_state* state) {
  (void)self, (void)parameters, (void)state;
  return BASIN_OK;
}

__attribute__((unused)) static basin_status average(void* self, uint32_t group, basin_tensor** out) {
  (void)self, (void)group, (void)out;
  host->set_error("a toy has no average");
  return BASIN_ERROR_RUNTIME;
}

static const char* const choices[] = {"linear", "cosine", NULL};
static const char* const kind[] = {"averager", NULL};
#define P sizeof(basin_parameter)
static const basin_parameter boolean = {P, BASIN_TYPE_BOOLEAN, "boolean", "true", 0, 0, NULL, "A switch.", NULL};
static const basin_parameter integer = {P, BASIN_TYPE_INTEGER, "integer", "3", 1, 16, NULL, "A count.", "steps"};
static const basin_parameter number = {P, BASIN_TYPE_NUMBER, "number", TOY_DEFAULT, 0, HUGE_VAL, NULL, "A rate.", NULL};
static const basin_parameter string = {P, BASIN_TYPE_STRING, "string", "", 0, 0, NULL, "Words.", NULL};
static const basin_parameter choice = {P, BASIN_TYPE_CHOICE, "choice", "cosine", 0, 0, choices, "A shape.", NULL};
static const basin_parameter integers = {P, BASIN_TYPE_INTEGERS, "integers", "16, 8", 1, 64, NULL, "Sizes.", NULL};
static const basin_parameter numbers = {P,    BASIN_TYPE_NUMBERS, "numbers", "", -HUGE_VAL, HUGE_VAL,
                                        NULL, "Levels.",          NULL};
static const basin_parameter file = {P, BASIN_TYPE_FILE, "file", "", 0, 0, NULL, "A file.", NULL};
static const basin_parameter base = {P, BASIN_TYPE_COMPONENT, "base", "", 0, 0, kind, "What it wraps.", NULL};
static const basin_parameter* const parameters[] = {&boolean,  &integer, &number, &string, &choice,
                                                    &integers, &numbers, &file,   &base};

static const basin_averager_functions functions = {TOY_FUNCTIONS_SIZE, create, destroy, TOY_START, update, TOY_AVERAGE};
static const basin_component component = {
    sizeof(basin_component), TOY_INTERFACE, TOY_COMPONENT, TOY_SUMMARY, parameters, 9, &functions};
static const basin_parameter needed = {P, BASIN_TYPE_COMPONENT, "base", NULL, 0, 0, kind, "What it wraps.", NULL};
static const basin_parameter* const needs[] = {&needed};
static const basin_component second = {
    sizeof(basin_component), BASIN_OPTIMIZER_INTERFACE, "second", "Needs an averager.", needs, 1, &functions};
static const basin_component* const components[] = {&component, &second};
static const basin_plugin plugin = {TOY_PLUGIN_SIZE, TOY_MAJOR,   components,   TOY_COMPONENTS,
                                    "toy",           TOY_VERSION, "Apache-2.0", "A plugin to try the host with."};

#ifndef TOY_ENTRY
#define TOY_ENTRY basin_plugin_entry
#endif
BASIN_EXPORT basin_status TOY_ENTRY(const basin_host* h, const basin_plugin** out) {
  host = h;
  options_of_host = (const basin_options_interface*)h->get_interface(h, BASIN_OPTIONS_INTERFACE);
  *out = &plugin;
#ifdef TOY_NO_TABLE
  *out = NULL;
#endif
#ifdef TOY_ENTRY_FAILS
  h->set_error("the licence server is on holiday");
  return BASIN_ERROR_RUNTIME;
#endif
  return options_of_host ? BASIN_OK : BASIN_ERROR_ABI;
}
