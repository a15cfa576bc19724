/* tensor.h: tensors as opaque handles, and every operator of the engine by name. */
#ifndef BASIN_TENSOR_H
#define BASIN_TENSOR_H
#include "core.h"
#ifdef __cplusplus
extern "C" {
#endif

/* Basin's own numbers, never the engine's. A type that has no number yet is BASIN_OTHER_TYPE and may get one later. */
enum {
  BASIN_FLOAT32 = 1,
  BASIN_FLOAT64 = 2,
  BASIN_FLOAT16 = 3,
  BASIN_BFLOAT16 = 4,
  BASIN_INT8 = 5,
  BASIN_UINT8 = 6,
  BASIN_INT16 = 7,
  BASIN_INT32 = 8,
  BASIN_INT64 = 9,
  BASIN_BOOL = 10,
  BASIN_FLOAT8_E4M3 = 11,
  BASIN_OTHER_TYPE = 99
};
enum { BASIN_OTHER_DEVICE = 0, BASIN_CPU = 1, BASIN_CUDA = 2 };
enum { BASIN_CONTIGUOUS = 1, BASIN_CHANNELS_LAST = 2 };

typedef struct basin_op basin_op; /* lives as long as the process */

/* One argument or result of an operator: 16 bytes. Pointers are borrowed until the call returns; a tensor or an opaque
 * object among the results is a new reference. A list of scalars is INTS or FLOATS; INT also serves for a list of fixed
 * length ("int[2] stride"). A list among the results is spread out, one result for each element; a string is borrowed
 * until this thread's next call. */
enum {
  BASIN_ARG_DEFAULT = 0, /* the schema's default */
  BASIN_ARG_NONE = 1,
  BASIN_ARG_TENSOR = 2,
  BASIN_ARG_INT = 3,
  BASIN_ARG_FLOAT = 4,
  BASIN_ARG_BOOL = 5,
  BASIN_ARG_STRING = 6,
  BASIN_ARG_INTS = 7,
  BASIN_ARG_FLOATS = 8,
  BASIN_ARG_BOOLS = 9,
  BASIN_ARG_TENSORS = 10, /* a null element is an absent tensor */
  BASIN_ARG_DTYPE = 11,
  BASIN_ARG_DEVICE = 12,        /* `i` the kind, `aux` the index */
  BASIN_ARG_MEMORY_FORMAT = 13, /* BASIN_CONTIGUOUS, BASIN_CHANNELS_LAST */
  BASIN_ARG_OPAQUE = 14,        /* an object of the engine, such as packed weights; released with release_opaque */
  BASIN_ARG_STRINGS = 15        /* `strings` */
};
typedef struct basin_value {
  uint16_t tag;
  uint16_t aux;
  uint32_t count; /* of a list */
  union {
    int64_t i;
    double f;
    const char* s;
    basin_tensor* t;
    const int64_t* ints;
    const double* floats;
    const uint8_t* bools;
    basin_tensor* const* tensors;
    const char* const* strings;
    void* opaque;
  } u;
} basin_value;

#define BASIN_MAX_DIMS 12
typedef struct basin_tensor_info {
  uint32_t size;
  int32_t dtype, device, device_index;
  int32_t n_dims, requires_grad;
  int64_t numel;
  int64_t sizes[BASIN_MAX_DIMS], strides[BASIN_MAX_DIMS]; /* strides in elements */
  const void* data; /* read only; borrowed while the tensor lives and is not resized; null where there is no storage */
} basin_tensor_info;

#define BASIN_TENSOR_INTERFACE "basin.tensor/1"
typedef struct basin_tensor_interface {
  uint32_t size;
  void (*retain)(basin_tensor*);  /* one more reference; null is let be [any thread] */
  void (*release)(basin_tensor*); /* one less; null is let be [any thread] */
  basin_status (*info)(const basin_tensor*, basin_tensor_info* out); /* caller's buffer, its size set [any thread] */
  /* The memory for writing; tells caches and autograd that the values change: ask for it again before each change.
   * Borrowed until the tensor is resized or gone. [any thread] */
  basin_status (*mutable_data)(basin_tensor*, void** out);
  /* A tensor from its values in row-major order, copied to the device of `like` (null: the CPU): new reference.
   * [any thread] */
  basin_status (*from_data)(const void* data, const int64_t* sizes, uint32_t n_dims, int32_t dtype, basin_tensor* like,
                            basin_tensor** out);
  /* The values in row-major order into the caller's buffer of `bytes` bytes, converted to `dtype`. [any thread] */
  basin_status (*copy_to)(const basin_tensor*, int32_t dtype, void* buffer, uint64_t bytes);
  basin_status (*item)(const basin_tensor*, double* out); /* of one element; waits for the device [any thread] */

  /* An operator by the schema the plugin was written against, "aten::add.Tensor(Tensor self, Tensor other, *,
   * Scalar alpha=1) -> Tensor". Accepted when the engine's is the same or has added defaulted arguments. Refused:
   * operators that draw random numbers (random.h is their place). Look an operator up once: it is borrowed until the
   * process ends. [any thread] */
  basin_status (*find_op)(const char* schema, const basin_op** out);
  /* Trailing arguments may be left out. `n_results` in: room, out: count; results that there is no room for are an
   * error, but for room 0 (or null), which drops them. Gradients flow through. [any thread] */
  basin_status (*call)(const basin_op*, const basin_value* arguments, uint32_t n_arguments, basin_value* results,
                       uint32_t* n_results);
  void (*release_opaque)(void*); /* [any thread] */

  /* The current CUDA stream of the tensor's device as cudaStream_t, borrowed until the process ends; null on the
   * CPU. [any thread] */
  basin_status (*stream)(const basin_tensor*, void** out);
  /* DLPack: `out` is a DLManagedTensor*, a new reference that its own deleter frees. [any thread] */
  basin_status (*to_dlpack)(basin_tensor*, void** out);
  /* Takes it over, also where it fails; a tensor over the same memory: new reference. [any thread] */
  basin_status (*from_dlpack)(void* managed, basin_tensor** out);
} basin_tensor_interface;

/* Typed functions for the operators of inner loops: a few nanoseconds over a direct call where `call` takes a hundred.
 * Names and meaning are ATen's; every `out` is a new reference; a name with a trailing underscore works in place.
 * An optional tensor may be null. [any thread] */
#define BASIN_OPS_INTERFACE "basin.ops/1"
typedef struct basin_ops_interface {
  uint32_t size;
  basin_status (*add)(basin_tensor* a, basin_tensor* b, double alpha, basin_tensor** out); /* a + alpha b */
  basin_status (*sub)(basin_tensor* a, basin_tensor* b, basin_tensor** out);
  basin_status (*mul)(basin_tensor* a, basin_tensor* b, basin_tensor** out);
  basin_status (*div)(basin_tensor* a, basin_tensor* b, basin_tensor** out);
  basin_status (*add_scalar)(basin_tensor* a, double b, basin_tensor** out);
  basin_status (*mul_scalar)(basin_tensor* a, double b, basin_tensor** out);
  basin_status (*pow_scalar)(basin_tensor* a, double exponent, basin_tensor** out);
  basin_status (*add_)(basin_tensor* a, basin_tensor* b, double alpha); /* a += alpha b */
  basin_status (*mul_)(basin_tensor* a, basin_tensor* b);
  basin_status (*mul_scalar_)(basin_tensor* a, double b);
  basin_status (*add_scalar_)(basin_tensor* a, double b);
  basin_status (*lerp_)(basin_tensor* a, basin_tensor* b, double weight);                    /* a += weight (b - a) */
  basin_status (*addcmul_)(basin_tensor* a, basin_tensor* x, basin_tensor* y, double value); /* a += value x y */
  basin_status (*addcdiv_)(basin_tensor* a, basin_tensor* x, basin_tensor* y, double value); /* a += value x / y */
  basin_status (*copy_)(basin_tensor* a, basin_tensor* b);
  basin_status (*fill_)(basin_tensor* a, double value);
  basin_status (*clamp)(basin_tensor* a, double low, double high, basin_tensor** out);
  basin_status (*neg)(basin_tensor* a, basin_tensor** out);
  basin_status (*abs)(basin_tensor* a, basin_tensor** out);
  basin_status (*exp)(basin_tensor* a, basin_tensor** out);
  basin_status (*log)(basin_tensor* a, basin_tensor** out);
  basin_status (*sqrt)(basin_tensor* a, basin_tensor** out);
  basin_status (*cos)(basin_tensor* a, basin_tensor** out);
  basin_status (*sin)(basin_tensor* a, basin_tensor** out);
  basin_status (*round)(basin_tensor* a, basin_tensor** out); /* half to even */
  basin_status (*silu)(basin_tensor* a, basin_tensor** out);
  basin_status (*softmax)(basin_tensor* a, int64_t dim, basin_tensor** out);
  basin_status (*matmul)(basin_tensor* a, basin_tensor* b, basin_tensor** out);
  /* Over the dims listed (all for n = 0); dims kept where `keep`. */
  basin_status (*sum)(basin_tensor* a, const int64_t* dims, uint32_t n, int32_t keep, basin_tensor** out);
  basin_status (*mean)(basin_tensor* a, const int64_t* dims, uint32_t n, int32_t keep, basin_tensor** out);
  basin_status (*amax)(basin_tensor* a, const int64_t* dims, uint32_t n, int32_t keep, basin_tensor** out);
  basin_status (*amin)(basin_tensor* a, const int64_t* dims, uint32_t n, int32_t keep, basin_tensor** out);
  basin_status (*norm)(basin_tensor* a, basin_tensor** out); /* the 2-norm of all elements, added in double */
  basin_status (*reshape)(basin_tensor* a, const int64_t* sizes, uint32_t n, basin_tensor** out);
  basin_status (*permute)(basin_tensor* a, const int64_t* dims, uint32_t n, basin_tensor** out);
  basin_status (*narrow)(basin_tensor* a, int64_t dim, int64_t start, int64_t length, basin_tensor** out); /* a view */
  basin_status (*index_select)(basin_tensor* a, int64_t dim, basin_tensor* index, basin_tensor** out);
  basin_status (*cat)(basin_tensor* const* tensors, uint32_t n, int64_t dim, basin_tensor** out);
  basin_status (*to)(basin_tensor* a, int32_t dtype, basin_tensor** out);
  basin_status (*contiguous)(basin_tensor* a, basin_tensor** out);
  basin_status (*clone)(basin_tensor* a, basin_tensor** out);
  /* Filled with `value`; on the device of `like`, or on the CPU where `like` is null. */
  basin_status (*full)(const int64_t* sizes, uint32_t n, double value, int32_t dtype, basin_tensor* like,
                       basin_tensor** out);
} basin_ops_interface;

#ifdef __cplusplus
}
#endif
#endif
