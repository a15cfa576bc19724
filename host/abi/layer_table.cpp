// The layer interface's table.
#include "abi/border.hpp"
#include "abi/hooks.hpp"
#include "abi/interfaces.hpp"
#include "abi/named.hpp"

namespace basin {
namespace {

basin_status add(basin_builder* builder, const basin_layer_spec* spec, basin_layer** out) {
  return guard([&] { *out = needed(builder, "The builder")->add_layer(take(spec, "The layer's description")); });
}

basin_status parameter(basin_builder* builder, const char* name, const int64_t* sizes, uint32_t n_dims, double bound,
                       basin_tensor** out) {
  return guard([&] {
    if (!(bound >= 0))
      throw Error("The bound of a parameter's initial values is at least 0, but " + std::to_string(bound) +
                  " was given.");
    const Init init = bound > 0 ? Init{Init::uniform, bound} : Init{Init::constant, 0};
    *out = own(needed(builder, "The builder")
                   ->parameters.add(needed(name, "The parameter's name"), ints(sizes, n_dims), init));
  });
}

basin_status begin_block(basin_builder* builder, const char* name, basin_block_function run, void* user,
                         basin_block** out) {
  return guard(
      [&] { *out = needed(builder, "The builder")->begin_block(needed(name, "The block's name"), run, user); });
}

basin_status forward(basin_layer* layer, const basin_context* context, basin_tensor* const* inputs, uint32_t n_inputs,
                     basin_tensor** out) {
  return guard([&] {
    needed(layer, "The layer");
    with_name(("layer '" + layer->name + "'").c_str(),
              [&] { *out = own(run_layer(*layer, context, share_all(inputs, n_inputs))); });
  });
}

basin_status run(basin_block* block, const basin_context* context, basin_tensor* const* inputs, uint32_t n_inputs,
                 basin_tensor** outputs, uint32_t n_outputs) {
  return guard([&] {
    auto results = run_block(*needed(block, "The block"), context, share_all(inputs, n_inputs), n_outputs);
    for (uint32_t i = 0; i < n_outputs; ++i) outputs[i] = own(std::move(results[i]));
  });
}

basin_status tap(const basin_context* context, const char* name, basin_tensor* value) {
  return guard([&] {
    const Context* host = Context::of(context);
    if (host && host->on_tap) host->on_tap(needed(name, "The tap's name"), in(value));
  });
}

basin_status layer_info(const basin_layer* layer, basin_layer_info* out) {
  return guard([&] {
    const basin_layer& l = *needed(layer, "The layer");
    give(out, {0, l.index, &l.spec, lend(l.weight), lend(l.bias), l.block.c_str()}, "The buffer for a layer");
  });
}

}  // namespace

const basin_layer_interface layer_interface = {
    .size = sizeof(basin_layer_interface),
    .add = add,
    .parameter = parameter,
    .begin_block = begin_block,
    .end_block = [](basin_builder* builder) { return guard([&] { needed(builder, "The builder")->end_block(); }); },
    .forward = forward,
    .run_block = run,
    .tap = tap,
    .layer_count = [](const basin_model* m) { return m ? static_cast<uint32_t>(m->layers.size()) : 0; },
    .layer_at = [](const basin_model* m,
                   uint32_t i) { return m && i < m->layers.size() ? m->layers[i].get() : nullptr; },
    .layer_info = layer_info,
    .block_count = [](const basin_model* m) { return m ? static_cast<uint32_t>(m->blocks.size()) : 0; },
    .block_at = [](const basin_model* m,
                   uint32_t i) { return m && i < m->blocks.size() ? m->blocks[i].get() : nullptr; },
    .block_name = [](const basin_block* block) { return block ? block->name.c_str() : ""; },
    .hook_layer =
        [](basin_layer* layer, const basin_hook* hook, uint64_t* id) {
          return guard([&] {
            const uint64_t added = needed(layer, "The layer")->model->add_hook(layer->hooks, take(hook, "The hook"));
            if (id) *id = added;
          });
        },
    .hook_block =
        [](basin_block* block, const basin_hook* hook, uint64_t* id) {
          return guard([&] {
            const uint64_t added = needed(block, "The block")->model->add_hook(block->hooks, take(hook, "The hook"));
            if (id) *id = added;
          });
        },
    .unhook = [](basin_model* model,
                 uint64_t id) { return guard([&] { needed(model, "The model")->remove_hook(id); }); },
};

}  // namespace basin
