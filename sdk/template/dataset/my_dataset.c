/* Two moons as pictures: a bright spot whose place lies on one of two half circles that reach into each other, the
 * labels. A data set of two dimensions in a space of many, made up when it is asked for.
 *
 * Item i is a function of (seed, i) alone, of four numbers: which moon, where on it, and how far off. A data set of
 * files reads item i here instead.
 */
#include <basin/basin.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

BASIN_NOTE(BASIN_PORTABLE, "");

/* What the entry function asks the host for. */
static const basin_host* host;
static const basin_options_interface* options;
static const basin_random_interface* randoms;
static const basin_parallel_interface* threads; /* null where the host has none: not needed */

struct self {
  int64_t count, size, seed;
  double noise;
  char reference[160];
};

static basin_status fail(basin_status status, const char* sentence) {
  host->set_error(sentence);
  return status;
}

/* The options: name, default, range, one sentence and the unit each. */
static const basin_parameter count = {sizeof count, BASIN_TYPE_INTEGER,   "count", "2000", 1, HUGE_VAL,
                                      NULL,         "How many pictures.", "images"};
static const basin_parameter size = {sizeof size, BASIN_TYPE_INTEGER,  "size",  "16", 4, 1024,
                                     NULL,        "Width and height.", "pixels"};
static const basin_parameter seed = {
    sizeof seed, BASIN_TYPE_INTEGER, "seed", "0", 0, HUGE_VAL, NULL, "Other pictures for another seed.", NULL};
static const basin_parameter noise = {sizeof noise,
                                      BASIN_TYPE_NUMBER,
                                      "noise",
                                      "0.05",
                                      0,
                                      0.2,
                                      NULL,
                                      "Standard deviation off the half circle of radius 1.",
                                      NULL};
static const basin_parameter* const parameters[] = {&count, &size, &seed, &noise};

static void destroy(void* object) { free(object); }

static basin_status create(const basin_options* given, void** out) {
  struct self* self = calloc(1, sizeof *self);
  basin_status status;
  if (!self) return fail(BASIN_ERROR_MEMORY, "out of memory");
  status = options->integer(given, "count", &self->count);
  if (status == BASIN_OK) status = options->integer(given, "size", &self->size);
  if (status == BASIN_OK) status = options->integer(given, "seed", &self->seed);
  if (status == BASIN_OK) status = options->number(given, "noise", &self->noise);
  if (status != BASIN_OK) return destroy(self), status;
  snprintf(self->reference, sizeof self->reference, "my_dataset %lldx%lld, %lld images, seed %lld",
           (long long)self->size, (long long)self->size, (long long)self->count, (long long)self->seed);
  *out = self;
  return BASIN_OK;
}

/* Finds and checks files, where there are any. */
static basin_status open_files(void* object) {
  (void)object;
  return BASIN_OK;
}

/* An older host may know less of the description than this plugin: no more than out->size bytes are its, and size becomes
 * what was filled. */
static basin_status describe(void* object, basin_dataset_description* out) {
  static const char* const names[] = {"upper", "lower"};
  const struct self* self = object;
  basin_dataset_description d = {sizeof d};
  const size_t room = out->size < sizeof d ? out->size : sizeof d;
  d.size = (uint32_t)room;
  d.count = self->count, d.channels = 3, d.height = self->size, d.width = self->size;
  d.dtype = BASIN_UINT8, d.classes = 2, d.class_names = names, d.reference = self->reference;
  memcpy(out, &d, room);
  return BASIN_OK;
}

/* One picture [3,size,size] and its label. */
static basin_status draw(const struct self* self, int64_t item, uint8_t* pixels, int64_t* label) {
  const double pi = 3.14159265358979323846, unit = (double)self->size / 4; /* pixels: the picture is 4 wide */
  basin_stream stream = {sizeof stream, BASIN_PURPOSE_DATA, 0, 0, 0};
  float u[2], off[2];
  double angle, column, row, width = 0.22 * unit;
  int64_t moon, r, c, channel;
  basin_status status;
  stream.seed = (uint64_t)self->seed;
  status = randoms->fill(&stream, BASIN_UNIFORM, item, u, 2);
  stream.slot = 1;
  if (status == BASIN_OK) status = randoms->fill(&stream, BASIN_NORMAL, item, off, 2);
  if (status != BASIN_OK) return status;
  moon = u[0] < 0.5f ? 0 : 1;
  angle = pi * u[1];
  column = ((moon ? 1 - cos(angle) : cos(angle)) + self->noise * off[0] + 1.5) * unit;
  row = (1.75 - (moon ? 0.5 - sin(angle) : sin(angle)) - self->noise * off[1]) * unit;
  for (r = 0; r < self->size; r++)
    for (c = 0; c < self->size; c++) {
      const double dx = ((double)c + 0.5 - column) / width, dy = ((double)r + 0.5 - row) / width;
      const uint8_t value = (uint8_t)lround(255 * exp(-0.5 * (dx * dx + dy * dy)));
      for (channel = 0; channel < 3; channel++) pixels[(channel * self->size + r) * self->size + c] = value;
    }
  if (label) *label = moon;
  return BASIN_OK;
}

struct reading {
  const struct self* self;
  const int64_t* indices;
  uint8_t* pixels;
  int64_t* labels; /* or null */
};

static basin_status fill(void* user, int64_t begin, int64_t end) {
  const struct reading* r = user;
  int64_t i;
  for (i = begin; i < end; i++) {
    const basin_status status = draw(r->self, r->indices[i], r->pixels + i * 3 * r->self->size * r->self->size,
                                     r->labels ? r->labels + i : NULL);
    if (status != BASIN_OK) return status;
  }
  return BASIN_OK;
}

/* uint8 [n,3,size,size], and labels [n] where they are wanted. On any thread. */
static basin_status read_items(void* object, const int64_t* indices, uint32_t n, void* values, int64_t* labels) {
  struct reading reading;
  reading.self = object, reading.indices = indices, reading.pixels = values, reading.labels = labels;
  if (BASIN_HAS(threads, run)) return threads->run(n, 64, fill, &reading); /* an older host may lack it */
  return fill(&reading, 0, n);
}

static const basin_dataset_functions functions = {sizeof functions, create, destroy, open_files, describe, read_items};
static const basin_component component = {sizeof component, BASIN_DATASET_INTERFACE,
                                          "my_dataset",     "A bright spot on one of two half circles, the classes.",
                                          parameters,       sizeof parameters / sizeof *parameters,
                                          &functions};
static const basin_component* const components[] = {&component};
static const basin_plugin plugin = {sizeof plugin, BASIN_ABI_MAJOR, components,   1,
                                    "my_dataset",  "0.1.0",         "Apache-2.0", "Two moons as pictures."};

BASIN_EXPORT basin_status basin_plugin_entry(const basin_host* from, const basin_plugin** out) {
  host = from;
  options = host->get_interface(host, BASIN_OPTIONS_INTERFACE);
  randoms = host->get_interface(host, BASIN_RANDOM_INTERFACE);
  threads = host->get_interface(host, BASIN_PARALLEL_INTERFACE);
  /* An interface that this host lacks is null. One that is there may end before a function this plugin calls:
   * BASIN_HAS says whether it is there. */
  if (!options || !randoms)
    return fail(BASIN_ERROR_ABI, "This plugin needs an interface that this Basin does not have: use a newer Basin.");
  *out = &plugin;
  return BASIN_OK;
}
