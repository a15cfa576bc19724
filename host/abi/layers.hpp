// Layers and blocks as the host holds them, hooks around them, and how they run.
#pragma once
#include <basin/layer.h>

#include "abi/context.hpp"
#include "abi/parameters.hpp"

namespace basin {
// A copy of a plugin's hook; destroys `user` with itself. A run holds the hooks that it found: one may remove itself.
struct Hook {
  uint64_t id;
  basin_hook hook;
  Hook(uint64_t id, const basin_hook& hook) : id(id), hook(hook) {}
  ~Hook() {
    if (hook.destroy) hook.destroy(hook.user);
  }
  Hook(const Hook&) = delete;
  Hook& operator=(const Hook&) = delete;
};
using Hooks = std::vector<std::shared_ptr<const Hook>>;
}  // namespace basin

struct basin_layer {
  basin_layer_spec spec;  // its name points into `name`
  std::string name, block;
  uint32_t index = 0;
  basin_model* model = nullptr;
  at::Tensor weight, bias;  // the leaves; undefined where there are none
  basin::Hooks hooks;
  // A cast to bf16 serves while the weight's version stands and nothing is recorded.
  struct Cast {
    at::Tensor weight, bias;
    uint64_t version = ~0ull;
  } cast;
  std::mutex cast_mutex;
};

struct basin_block {
  std::string name;
  basin_model* model = nullptr;
  basin_block_function run = nullptr;
  void* user = nullptr;
  basin::Hooks hooks;
};

// A model's layers, blocks and parameters; also its builder.
struct basin_model {
  basin::Parameters parameters;
  std::vector<std::unique_ptr<basin_layer>> layers;
  std::vector<std::unique_ptr<basin_block>> blocks;
  std::vector<basin_block*> open_blocks;  // while building
  uint64_t next_hook = 1;
  basin_model() = default;
  ~basin_model();  // the hooks' destroy first: it may still look at layers

  basin_layer* add_layer(const basin_layer_spec& spec);
  basin_block* begin_block(const std::string& name, basin_block_function run, void* user);
  void end_block();
  uint64_t add_hook(basin::Hooks& to, const basin_hook& hook);  // its id
  void remove_hook(uint64_t id);
};

struct basin_builder : basin_model {};  // the same thing while it is built

namespace basin {
using Layer = basin_layer;
using Layers = basin_model;

// One layer: hooks from the outermost inward, then the layer itself. Seed, step, sample ids and training come from the
// ABI's context, which a plugin may have made itself; precision and taps from the host's behind it. Null: fp32
// inference.
Tensor run_layer(Layer& layer, const basin_context* context, at::TensorList inputs);
inline Tensor run_layer(Layer& layer, const Context* context, at::TensorList inputs) {
  return run_layer(layer, context ? context->get() : nullptr, inputs);
}
}  // namespace basin
