/* layer.h: a model's layers and blocks, which the host owns and runs, and hooks around them.
 *
 * A model builds its parts through the host: layers are cut where fusion happens, so that one fast kernel serves every
 * model; blocks are named, callable parts that the host may run again, skip or watch. A hook wraps a layer or a block:
 * it sees all inputs, may change them, call the original, or replace it. The model is unaware. */
#ifndef BASIN_LAYER_H
#define BASIN_LAYER_H
#include "random.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct basin_builder basin_builder; /* while a model is built */
typedef struct basin_layer basin_layer;     /* borrowed until the model is gone */
typedef struct basin_block basin_block;     /* borrowed until the model is gone */

/* Kinds of layer, their parameters, and the inputs of a call (in order; trailing ones may be left out; null: absent) */
enum {
  BASIN_LAYER_LINEAR = 1,    /* weight [out,in], bias [out]              inputs: x [...,in] */
  BASIN_LAYER_CONV = 2,      /* weight [out,in/groups,k,k], bias [out]   inputs: x [B,in,H,W], residual (added) */
  BASIN_LAYER_NORM = 3,      /* group norm: weight [C], bias [C]         inputs: x [B,C,...], scale [B,C], shift [B,C];
                                activation(norm(x) (1 + scale) + shift) */
  BASIN_LAYER_EMBEDDING = 4, /* weight [in,out]                          inputs: index [B] (int64) */
  BASIN_LAYER_ATTENTION = 5, /* no parameters                            inputs: qkv [B,3C,H,W]; gives [B,C,H,W]. A hook
                                sees q, k, v [B,heads,T,C/heads] and gives that shape */
  BASIN_LAYER_CONCAT = 6,    /* no parameters                            inputs: the parts [B,Ci,H,W], joined in C */
  BASIN_LAYER_RESAMPLE = 7,  /* no parameters                            inputs: x; nearest x2, or 2x2 average */
  BASIN_LAYER_DROPOUT = 8,   /* no parameters                            inputs: x; off unless the context trains */
  BASIN_LAYER_ACTIVATION = 9 /* no parameters                            inputs: x */
};
enum { BASIN_ACTIVATION_NONE = 0, BASIN_ACTIVATION_SILU = 1, BASIN_ACTIVATION_RELU = 2 };
enum { BASIN_INIT_DEFAULT = 0, BASIN_INIT_ZERO = 1 }; /* PyTorch's defaults; zero weight and bias */
/* channels of qkv: [q,k,v][head][c]; [head][q,k,v][c] (legacy) */
enum { BASIN_QKV_BY_PART = 0, BASIN_QKV_BY_HEAD = 1 };
enum { BASIN_RESAMPLE_UP = 1, BASIN_RESAMPLE_DOWN = 2 };

typedef struct basin_layer_spec {
  uint32_t size;
  int32_t kind;
  const char* name; /* prefix of its parameters' names: "input_blocks.0.0" gives "input_blocks.0.0.weight" */
  int64_t in, out;  /* channels; NORM: in; EMBEDDING: rows, width */
  int64_t kernel, stride, padding, groups; /* CONV; groups also NORM (0 means 32) */
  int32_t bias;                            /* LINEAR, CONV: has one */
  int32_t init;                            /* BASIN_INIT_ */
  int32_t activation;                      /* NORM, ACTIVATION: BASIN_ACTIVATION_ */
  int32_t conv1d_weight;                   /* CONV, 1x1: the weight is named and shaped [out,in,1], as a Conv1d's */
  int32_t mode;                            /* ATTENTION: BASIN_QKV_; RESAMPLE: BASIN_RESAMPLE_ */
  int64_t heads;                           /* ATTENTION */
  double eps;                              /* NORM; 0 means 1e-5 */
  double probability;                      /* DROPOUT */
} basin_layer_spec;

typedef struct basin_layer_info {
  uint32_t size;
  uint32_t index;
  const basin_layer_spec* spec; /* borrowed until the model is gone, as all of these */
  basin_tensor* weight;         /* the float32 master, a view into the arena; null where there is none */
  basin_tensor* bias;
  const char* block; /* the innermost block it was built in; "" */
} basin_layer_info;

/* One call of a layer or block as a hook sees it. LINEAR, CONV, EMBEDDING: inputs x, weight, bias, residual; NORM: x,
 * weight, bias, scale, shift; others as above. Null: absent. */
typedef struct basin_call {
  uint32_t size;
  basin_layer* layer; /* null where it is a block */
  basin_block* block;
  const basin_context* context;
  basin_tensor* const* inputs; /* borrowed until the hook returns */
  uint32_t n_inputs, n_outputs;
  /* Runs what the hook wraps, with these inputs; outputs: new references. [any thread] */
  basin_status (*original)(const struct basin_call*, basin_tensor* const* inputs, uint32_t n_inputs,
                           basin_tensor** outputs, uint32_t n_outputs);
} basin_call;

/* [any thread] */
typedef struct basin_hook {
  uint32_t size;
  basin_status (*run)(void* user, const basin_call*, basin_tensor** outputs, uint32_t n_outputs); /* new references */
  void (*destroy)(void* user); /* when the hook is removed or the model is gone; may be null */
  void* user;
} basin_hook;

typedef basin_status (*basin_block_function)(void* user, const basin_context*, basin_tensor* const* inputs,
                                             uint32_t n_inputs, basin_tensor** outputs, uint32_t n_outputs);

#define BASIN_LAYER_INTERFACE "basin.layer.draft/2"
typedef struct basin_layer_interface {
  uint32_t size;
  /* --- while building --- */
  /* The spec is copied; the layer is borrowed until the model is gone. [run thread] */
  basin_status (*add)(basin_builder*, const basin_layer_spec*, basin_layer** out);
  /* A parameter outside every layer; `bound`: U(-bound, bound). A view into the arena: new reference. [run thread] */
  basin_status (*parameter)(basin_builder*, const char* name, const int64_t* sizes, uint32_t n_dims, double bound,
                            basin_tensor** out);
  /* Layers added until end_block belong to it. `run` is called with `user` when the block runs. The
   * block is borrowed until the model is gone. [run thread] */
  basin_status (*begin_block)(basin_builder*, const char* name, basin_block_function run, void* user,
                              basin_block** out);
  basin_status (*end_block)(basin_builder*); /* [run thread] */
  /* --- while running: outputs are new references --- [any thread] */
  basin_status (*forward)(basin_layer*, const basin_context*, basin_tensor* const* inputs, uint32_t n_inputs,
                          basin_tensor** out);
  basin_status (*run_block)(basin_block*, const basin_context*, basin_tensor* const* inputs, uint32_t n_inputs,
                            basin_tensor** outputs, uint32_t n_outputs);
  /* Marks a value worth seeing under a name; whoever listens gets it. */
  basin_status (*tap)(const basin_context*, const char* name, basin_tensor* value);
  /* --- looking at a model and hooking it: all borrowed until the model is gone --- [run thread] */
  uint32_t (*layer_count)(const basin_model*);
  basin_layer* (*layer_at)(const basin_model*, uint32_t index);
  basin_status (*layer_info)(const basin_layer*, basin_layer_info* out); /* caller's buffer */
  uint32_t (*block_count)(const basin_model*);
  basin_block* (*block_at)(const basin_model*, uint32_t index);
  const char* (*block_name)(const basin_block*);
  /* The last hook added runs outermost. The struct is copied; `id` removes it again. */
  basin_status (*hook_layer)(basin_layer*, const basin_hook*, uint64_t* id);
  basin_status (*hook_block)(basin_block*, const basin_hook*, uint64_t* id);
  basin_status (*unhook)(basin_model*, uint64_t id);
} basin_layer_interface;

#ifdef __cplusplus
}
#endif
#endif
