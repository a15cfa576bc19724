/* dataset.h: the contract of a data set: how many items, of which shape, and their values into the host's buffers. */
#ifndef BASIN_DATASET_H
#define BASIN_DATASET_H
#include "random.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct basin_dataset_description {
  uint32_t size;
  int64_t count;
  int64_t channels, height, width;
  int32_t dtype;                  /* UINT8: 0..255, mapped to [-1, 1] by x/127.5 - 1; FLOAT32: as it is, no flips */
  int64_t classes;                /* 0: no labels */
  const char* const* class_names; /* `classes` names, or null; borrowed until destroy */
  const char* reference;    /* what the numbers may be compared with: "CIFAR-10 train, 50000 images"; until destroy */
  double gaussian_variance; /* s^2 where the data are N(mean, s^2 I) and the optimal loss is known; else 0 */
} basin_dataset_description;

#define BASIN_DATASET_INTERFACE "basin.dataset.draft/1"
typedef struct basin_dataset_functions {
  uint32_t size;
  basin_status (*create)(const basin_options*, void** self);
  void (*destroy)(void* self);
  /* Finds and checks files; may take a while. NOT_FOUND: what is there is no data set of this kind; any other failure:
   * it is one, with something wrong in it. [run thread] */
  basin_status (*open)(void* self);
  basin_status (*describe)(void* self, basin_dataset_description* out); /* caller's buffer [any thread] */
  /* Items `indices` into values [n,C,H,W] and, where not null, labels [n] (-1: none); caller's buffers. [any thread] */
  basin_status (*read)(void* self, const int64_t* indices, uint32_t n, void* values, int64_t* labels);
} basin_dataset_functions;

/* Image files for data sets. RGB, rows from the top, channels planar: [C,H,W]. */
#define BASIN_IMAGE_INTERFACE "basin.image.draft/2"
typedef struct basin_image_interface {
  uint32_t size;
  /* Decodes a file and brings it to [3,size,size] as guided-diffusion does: box halving while at least twice as large,
   * then bicubic, then the centre. Caller's buffer of 3*size*size bytes. [any thread] */
  basin_status (*read)(const char* path, int64_t size, uint8_t* out);
  /* The same from [3,H,W] pixels. [any thread] */
  basin_status (*resize)(const uint8_t* pixels, int64_t height, int64_t width, int64_t size, uint8_t* out);
  /* The same from the `count` bytes of a file, which errors call `name`. height and width, where not null: of the
   * picture as it was. size 0: only they are wanted, and out may be null. [any thread] */
  basin_status (*decode)(const void* bytes, uint64_t count, const char* name, int64_t size, uint8_t* out,
                         int64_t* height, int64_t* width);
} basin_image_interface;

#ifdef __cplusplus
}
#endif
#endif
