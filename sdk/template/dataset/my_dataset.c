/* Two moons as pictures: a bright spot whose place lies on one of two half circles that reach into each other, the
 * labels. A data set of two dimensions in a space of many, made up when it is asked for.
 *
 * Item i is a function of (seed, i) alone, of four numbers: which moon, where on it, and how far off. A data set of
 * files reads item i here instead.
 */
#include <basin/c/plugin.h>
#include <math.h>

struct self {
  int64_t count, size, seed;
  double noise;
  char reference[160];
};

/* The options, each a field of self: default, range, one sentence, unit. */
static const basin_field fields[] = {
    BASIN_INTEGER(struct self, count, "2000", 1, HUGE_VAL, "How many pictures.", "images"),
    BASIN_INTEGER(struct self, size, "16", 4, 1024, "Width and height.", "pixels"),
    BASIN_INTEGER(struct self, seed, "0", 0, HUGE_VAL, "Other pictures for another seed.", NULL),
    BASIN_NUMBER(struct self, noise, "0.05", 0, 0.2, "Standard deviation off the half circle of radius 1.", NULL),
};

static void destroy(void* object) { free(object); }

static basin_status create(const basin_options* given, void** out) {
  struct self* self;
  BASIN_TRY(basin_create(given, fields, BASIN_COUNT(fields), sizeof *self, destroy, out));
  self = *out;
  snprintf(self->reference, sizeof self->reference, "my_dataset %lldx%lld, %lld images, seed %lld",
           (long long)self->size, (long long)self->size, (long long)self->count, (long long)self->seed);
  return BASIN_OK;
}

/* Finds and checks files, where there are any. */
static basin_status open_files(void* object) {
  (void)object;
  return BASIN_OK;
}

static basin_status describe(void* object, basin_dataset_description* out) {
  static const char* const names[] = {"upper", "lower"};
  const struct self* self = object;
  basin_dataset_description d = {0};
  d.count = self->count, d.channels = 3, d.height = self->size, d.width = self->size;
  d.dtype = BASIN_UINT8, d.classes = 2, d.class_names = names, d.reference = self->reference;
  BASIN_FILL(out, d);
  return BASIN_OK;
}

/* One picture [3,size,size] and its label. */
static basin_status draw(const struct self* self, int64_t item, uint8_t* pixels, int64_t* label) {
  const double pi = 3.14159265358979323846, unit = (double)self->size / 4; /* pixels: the picture is 4 wide */
  basin_stream stream = {sizeof stream, BASIN_PURPOSE_DATA, 0, 0, 0};
  float u[2], off[2];
  double angle, column, row, width = 0.22 * unit;
  int64_t moon, r, c, channel;
  stream.seed = (uint64_t)self->seed;
  BASIN_TRY(basin.random->fill(&stream, BASIN_UNIFORM, item, u, 2));
  stream.slot = 1;
  BASIN_TRY(basin.random->fill(&stream, BASIN_NORMAL, item, off, 2));
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
  for (i = begin; i < end; i++)
    BASIN_TRY(draw(r->self, r->indices[i], r->pixels + i * 3 * r->self->size * r->self->size,
                   r->labels ? r->labels + i : NULL));
  return BASIN_OK;
}

/* uint8 [n,3,size,size], and labels [n] where they are wanted. On any thread. */
static basin_status read_items(void* object, const int64_t* indices, uint32_t n, void* values, int64_t* labels) {
  struct reading reading;
  reading.self = object, reading.indices = indices, reading.pixels = values, reading.labels = labels;
  if (BASIN_HAS(basin.parallel, run)) return basin.parallel->run(n, 64, fill, &reading); /* an older host may lack it */
  return fill(&reading, 0, n);
}

static const basin_dataset_functions functions = {sizeof functions, create, destroy, open_files, describe, read_items};
BASIN_C_PLUGIN(BASIN_DATASET_INTERFACE, "my_dataset", "0.1.0", "Apache-2.0",
               "A bright spot on one of two half circles, the classes.", fields, functions, basin.random)
