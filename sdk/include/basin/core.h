/* core.h: the one symbol a plugin exports, and what it declares through it. C99, no dependencies.
 *
 * Conventions of every Basin header (docs/abi.md has the law in full, and a test holds the headers to it)
 *   Ownership, said on every pointer:  new reference        the receiver releases it
 *                                      borrowed until EVENT the receiver must not keep it past EVENT
 *                                      caller's buffer      the caller owns the memory that is filled
 *     What is passed in is borrowed until the call returns, where nothing else is said; a number that is given through
 *     a pointer goes into the caller's buffer.
 *   Threads, said on every function:   [any thread] or [run thread] (the one that runs the script);
 *                                      [any thread, one at a time] where calls for one object never overlap
 *   What is said above a struct, or in a line with dashes, holds for every function below it that says nothing else.
 *   Structs are led by their size, grow only at the end, and have no padding there; arrays of structs are arrays of
 *   pointers; enumerators are numbered by hand. A number of an enum that one does not know stands for something newer.
 *   A function that can fail returns basin_status and leaves a sentence in last_error(). Strings are UTF-8,
 *   NUL-terminated. Booleans are int32_t: 0 or 1; other numbers are kept for later.
 * Sizes
 *   Who owns a struct's memory sets `size` to the sizeof it was compiled with. Who reads it looks at no more than that:
 *   what lies behind reads as zero, and zero means what was meant before the member was there. Who fills it fills no
 *   more than that and sets `size` to what was filled, so that BASIN_HAS tells the owner. Who copies a struct by value
 *   sets the copy's size to no more than was copied.
 */
#ifndef BASIN_CORE_H
#define BASIN_CORE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of what every plugin and host share without asking: this file but for its three interfaces. 0 were the drafts. */
#define BASIN_ABI_MAJOR 1
#define BASIN_ENTRY_SYMBOL "basin_plugin_entry"
#define BASIN_EXPORT __attribute__((visibility("default")))

/* Whether a struct from the other side of the border is there and long enough to hold `member`. A struct grows at its
 * end, so this is how a plugin asks for what an older host may lack: if (BASIN_HAS(logs, write)) logs->write(...); */
#define BASIN_HAS(pointer, member) \
  ((pointer) && (pointer)->size >= (size_t)((const char*)(&(pointer)->member + 1) - (const char*)(pointer)))

typedef int32_t basin_status; /* one that is not known here: treat it as BASIN_ERROR_RUNTIME */
enum {
  BASIN_OK = 0,
  BASIN_ERROR_ARGUMENT = 1,    /* the caller's fault: a wrong value, shape or type */
  BASIN_ERROR_NOT_FOUND = 2,   /* no operator, option or interface of that name */
  BASIN_ERROR_RUNTIME = 3,     /* anything that went wrong while computing */
  BASIN_ERROR_MEMORY = 4,      /* out of memory, on the host or on the device */
  BASIN_ERROR_ABI = 5,         /* the two sides do not understand each other */
  BASIN_ERROR_INTERRUPTED = 6, /* Ctrl-C: pass it on at once */
  BASIN_ERROR_IO = 7           /* a file or folder */
};

/* Opaque things of the host. */
typedef struct basin_tensor basin_tensor;   /* reference counted (tensor.h) */
typedef struct basin_options basin_options; /* checked options of one component (below) */
typedef struct basin_object basin_object;   /* a component given as an option: a base optimizer, a feature model */
typedef struct basin_state basin_state;     /* named tensors that checkpoints hold (state.h) */
typedef struct basin_parameters basin_parameters; /* a model's parameters in flat arenas (parameters.h) */
typedef struct basin_model basin_model;           /* a model: its layers and blocks (layer.h) */

typedef struct basin_host {
  uint32_t size;
  uint32_t abi_major;
  /* A struct led by its size, for example BASIN_TENSOR_INTERFACE; null where this host lacks it. Lives as long as the
   * process. [any thread] */
  const void* (*get_interface)(const struct basin_host* host, const char* id);
  /* The sentence that belongs to the last failure on this thread; borrowed until the next call on it. [any thread] */
  const char* (*last_error)(void);
  /* Sets it, before a plugin's function returns a failure; copied. [any thread] */
  void (*set_error)(const char* sentence);
} basin_host;

/* --- declared parameters: the one table behind checked options, help, completion and the reference --------------- */

enum {
  BASIN_TYPE_BOOLEAN = 1,
  BASIN_TYPE_INTEGER = 2,
  BASIN_TYPE_NUMBER = 3,
  BASIN_TYPE_STRING = 4,
  BASIN_TYPE_CHOICE = 5, /* a string out of `choices` */
  BASIN_TYPE_INTEGERS = 6,
  BASIN_TYPE_NUMBERS = 7,
  BASIN_TYPE_FILE = 8,      /* an existing file */
  BASIN_TYPE_FOLDER = 9,    /* an existing folder */
  BASIN_TYPE_COMPONENT = 10 /* another component; `choices` holds the one kind, for example "optimizer" */
};

typedef struct basin_parameter {
  uint32_t size;
  int32_t type;
  const char* name;
  const char* default_value;  /* as a script writes it: "1e-4", "true", "cosine", "16, 8"; null: required; "": empty */
  double minimum, maximum;    /* inclusive; -HUGE_VAL and HUGE_VAL where there is no bound; of each element of a list */
  const char* const* choices; /* null-terminated, or null */
  const char* summary;        /* one sentence, with the source where there is one */
  const char* unit;           /* "steps", "images", "rad"; or null */
} basin_parameter;

typedef struct basin_component {
  uint32_t size;
  const char* interface; /* of the kind: BASIN_OPTIMIZER_INTERFACE */
  const char* name;      /* "adam" */
  const char* summary;   /* one sentence */
  const basin_parameter* const* parameters;
  uint32_t n_parameters;
  const void* functions; /* the kind's struct of functions, led by its size */
} basin_component;

typedef struct basin_plugin {
  uint32_t size;
  uint32_t abi_major; /* BASIN_ABI_MAJOR */
  const basin_component* const* components;
  uint32_t n_components;
  const char* name;
  const char* version;
  const char* license; /* an SPDX identifier */
  const char* summary;
} basin_plugin;

/* The exported symbol. `out`: lives as long as the process. Must be quick and without side effects. [run thread] */
typedef basin_status (*basin_plugin_entry_function)(const basin_host* host, const basin_plugin** out);

/* --- the note: what a file says of itself before anything in it runs ---------------------------------------------- */

/* An ELF note (SHT_NOTE, 4-byte aligned) in the section BASIN_NOTE_SECTION of every plugin: name "Basin", type 1. The
 * host reads it from the file, so that a plugin it cannot load is refused in a sentence. In C: BASIN_NOTE, once a
 * plugin; in C++, BASIN_PLUGIN does it. Later notes only grow at the end: `desc_size` says how much there is. */
#define BASIN_NOTE_SECTION ".note.basin"
#define BASIN_NOTE_NAME "Basin"
#define BASIN_NOTE_TYPE 1
#define BASIN_NOTE_MAGIC 0x6E736142u /* "Basn" in a little-endian file */
enum { BASIN_PORTABLE = 1, BASIN_PINNED = 2 };
typedef struct basin_note {
  uint32_t name_size; /* the ELF header: 6, with the NUL */
  uint32_t desc_size; /* of what follows `name`: 44 */
  uint32_t type;      /* BASIN_NOTE_TYPE */
  char name[8];       /* BASIN_NOTE_NAME, padded to a multiple of 4 */
  uint32_t magic;     /* BASIN_NOTE_MAGIC */
  uint32_t abi_major; /* BASIN_ABI_MAJOR it was built with */
  uint32_t kind;      /* BASIN_PORTABLE, BASIN_PINNED */
  char engine[32];    /* pinned: the LibTorch it was built with, "2.11.0"; portable: "" */
} basin_note;
#define BASIN_NOTE_CONTENT(kind, engine) \
  { 6, 44, BASIN_NOTE_TYPE, BASIN_NOTE_NAME, BASIN_NOTE_MAGIC, BASIN_ABI_MAJOR, kind, engine }
#define BASIN_NOTE(kind, engine)                                                                                   \
  __attribute__((section(BASIN_NOTE_SECTION), used, aligned(4))) static const basin_note basin_note_of_this_file = \
      BASIN_NOTE_CONTENT(kind, engine)

/* The first two members of every kind's struct of functions: `size`, create, destroy.
 *   create   makes the object from its checked options (borrowed until create returns); nothing heavy yet. [run thread]
 *   destroy  frees it. [any thread] */

/* --- options ---------------------------------------------------------------------------------------------------- */

/* Every declared parameter has a value here, the default where the script gave none. An optional FILE, FOLDER, STRING
 * or COMPONENT left out is "" or null. Text and lists are borrowed until create returns, objects are borrowed until
 * destroy. BASIN_ERROR_NOT_FOUND for a name that was not declared. [any thread] */
#define BASIN_OPTIONS_INTERFACE "basin.options/1"
typedef struct basin_options_interface {
  uint32_t size;
  basin_status (*boolean)(const basin_options*, const char* name, int32_t* out);
  basin_status (*integer)(const basin_options*, const char* name, int64_t* out);
  basin_status (*number)(const basin_options*, const char* name, double* out);
  basin_status (*string)(const basin_options*, const char* name, const char** out); /* STRING CHOICE FILE FOLDER */
  basin_status (*integers)(const basin_options*, const char* name, const int64_t** out, uint32_t* n);
  basin_status (*numbers)(const basin_options*, const char* name, const double** out, uint32_t* n);
  basin_status (*component)(const basin_options*, const char* name, basin_object** out);
} basin_options_interface;

/* --- log -------------------------------------------------------------------------------------------------------- */

#define BASIN_LOG_INTERFACE "basin.log/1"
enum { BASIN_LOG_INFO = 1, BASIN_LOG_WARNING = 2 };
typedef struct basin_log_interface {
  uint32_t size;
  /* One line in the run's log, under the plugin's name; without a line break at its end. [any thread] */
  void (*write)(int32_t severity, const char* line);
  /* `done` of `total` units of `what` ("noise levels"); returns BASIN_ERROR_INTERRUPTED after Ctrl-C. [run thread] */
  basin_status (*progress)(const char* what, int64_t done, int64_t total);
} basin_log_interface;

/* --- parallel --------------------------------------------------------------------------------------------------- */

#define BASIN_PARALLEL_INTERFACE "basin.parallel/1"
typedef struct basin_parallel_interface {
  uint32_t size;
  /* body(user, begin, end) over [0, n) in slices of at least `grain`, on the host's own threads; the first failure is
   * returned when all slices have ended. Recording is on or off in body as it is here. Inside another body it runs on
   * the calling thread, whole. Do not start threads of your own. [any thread] */
  basin_status (*run)(int64_t n, int64_t grain, basin_status (*body)(void* user, int64_t begin, int64_t end),
                      void* user);
} basin_parallel_interface;

#ifdef __cplusplus
}
#endif
#endif
