// Building a model: layers with their parameters, blocks, hooks. What they compute is in layer_kinds.cpp.
#include "abi/layers.hpp"

using basin::Error;
using basin::Init;

namespace {

const char* kind_name(int32_t kind) {
  static constexpr const char* names[] = {"",          "linear", "convolution", "norm",    "embedding",
                                          "attention", "concat", "resample",    "dropout", "activation"};
  return kind >= BASIN_LAYER_LINEAR && kind <= BASIN_LAYER_ACTIVATION ? names[kind] : "unknown";
}

void demand(bool good, const basin_layer& layer, const std::string& what) {
  if (!good) throw Error(std::string(kind_name(layer.spec.kind)) + " layer '" + layer.name + "': " + what + ".");
}

void demand_channels(const basin_layer& l) {
  demand(l.spec.in > 0 && l.spec.out > 0, l,
         "channels in and out must be at least 1, but " + std::to_string(l.spec.in) + " and " +
             std::to_string(l.spec.out) + " were given");
}

// PyTorch's default: kaiming_uniform(a = sqrt 5) of the weight and the same bound for the bias, 1 / sqrt(fan_in)
Init default_init(const basin_layer_spec& spec, int64_t fan_in) {
  if (spec.init == BASIN_INIT_ZERO) return {Init::constant, 0};
  return {Init::uniform, 1 / std::sqrt(static_cast<double>(fan_in))};
}

void add_linear(basin_layer& l, basin_parameters& parameters) {
  const auto& s = l.spec;
  demand_channels(l);
  l.weight = parameters.add(l.name + ".weight", {s.out, s.in}, default_init(s, s.in));
  if (s.bias) l.bias = parameters.add(l.name + ".bias", {s.out}, default_init(s, s.in));
}

void add_conv(basin_layer& l, basin_parameters& parameters) {
  auto& s = l.spec;
  demand_channels(l);
  if (s.stride == 0) s.stride = 1;
  if (s.groups == 0) s.groups = 1;
  demand(s.kernel > 0 && s.stride > 0 && s.padding >= 0 && s.groups > 0, l,
         "kernel, stride and groups must be at least 1 and padding at least 0");
  demand(s.in % s.groups == 0 && s.out % s.groups == 0, l,
         std::to_string(s.groups) + " groups do not divide " + std::to_string(s.in) + " and " + std::to_string(s.out) +
             " channels");
  demand(!s.conv1d_weight || s.kernel == 1, l, "only a 1x1 convolution can hold a Conv1d's weight");
  const int64_t in = s.in / s.groups;
  const Init init = default_init(s, in * s.kernel * s.kernel);
  if (s.conv1d_weight) l.weight = parameters.add(l.name + ".weight", {s.out, in, 1}, init);
  else l.weight = parameters.add(l.name + ".weight", {s.out, in, s.kernel, s.kernel}, init);
  if (s.bias) l.bias = parameters.add(l.name + ".bias", {s.out}, init);
}

void add_norm(basin_layer& l, basin_parameters& parameters) {
  auto& s = l.spec;
  if (s.groups == 0) s.groups = 32;
  if (s.eps == 0) s.eps = 1e-5;
  demand(s.in > 0 && s.groups > 0 && s.in % s.groups == 0, l,
         std::to_string(s.groups) + " groups do not divide " + std::to_string(s.in) + " channels");
  demand(s.eps > 0, l, "eps must be above 0");
  l.weight = parameters.add(l.name + ".weight", {s.in}, {Init::constant, s.init == BASIN_INIT_ZERO ? 0. : 1.});
  l.bias = parameters.add(l.name + ".bias", {s.in}, {Init::constant, 0});
}

void add_embedding(basin_layer& l, basin_parameters& parameters) {
  const auto& s = l.spec;
  demand(s.in > 0 && s.out > 0, l, "rows and width must be at least 1");
  l.weight = parameters.add(l.name + ".weight", {s.in, s.out},
                            s.init == BASIN_INIT_ZERO ? Init{Init::constant, 0} : Init{Init::normal, 0});
}

void set_up(basin_layer& l, basin_parameters& parameters) {
  const auto& s = l.spec;
  demand(s.init == BASIN_INIT_DEFAULT || s.init == BASIN_INIT_ZERO, l, "init is BASIN_INIT_DEFAULT or BASIN_INIT_ZERO");
  demand(s.activation >= BASIN_ACTIVATION_NONE && s.activation <= BASIN_ACTIVATION_RELU, l,
         "activation is BASIN_ACTIVATION_NONE, SILU or RELU");
  switch (s.kind) {
    case BASIN_LAYER_LINEAR: return add_linear(l, parameters);
    case BASIN_LAYER_CONV: return add_conv(l, parameters);
    case BASIN_LAYER_NORM: return add_norm(l, parameters);
    case BASIN_LAYER_EMBEDDING: return add_embedding(l, parameters);
    case BASIN_LAYER_ATTENTION:
      demand(s.heads > 0, l, "heads must be at least 1");
      demand(s.mode == BASIN_QKV_BY_PART || s.mode == BASIN_QKV_BY_HEAD, l,
             "mode is BASIN_QKV_BY_PART or BASIN_QKV_BY_HEAD");
      return;
    case BASIN_LAYER_RESAMPLE:
      demand(s.mode == BASIN_RESAMPLE_UP || s.mode == BASIN_RESAMPLE_DOWN, l,
             "mode is BASIN_RESAMPLE_UP or BASIN_RESAMPLE_DOWN");
      return;
    case BASIN_LAYER_DROPOUT:
      demand(s.probability >= 0 && s.probability < 1, l,
             "probability must be at least 0 and below 1, but " + std::to_string(s.probability) + " was given");
      return;
    case BASIN_LAYER_CONCAT:
    case BASIN_LAYER_ACTIVATION: return;
  }
  throw Error("Layer '" + l.name + "': there is no kind " + std::to_string(s.kind) + " of layer.");
}

}  // namespace

basin_model::~basin_model() {
  for (auto& layer : layers) layer->hooks.clear();
  for (auto& block : blocks) block->hooks.clear();
}

basin_layer* basin_model::add_layer(const basin_layer_spec& spec) {
  auto layer = std::make_unique<basin_layer>();
  layer->spec = spec;
  layer->name = spec.name ? spec.name : "";
  layer->spec.name = layer->name.c_str();
  layer->spec.size = sizeof(basin_layer_spec);
  layer->block = open_blocks.empty() ? "" : open_blocks.back()->name;
  layer->index = static_cast<uint32_t>(layers.size());
  layer->model = this;
  set_up(*layer, parameters);
  layers.push_back(std::move(layer));
  return layers.back().get();
}

basin_block* basin_model::begin_block(const std::string& name, basin_block_function run, void* user) {
  if (name.empty()) throw Error("A block needs a name.");
  for (const auto& block : blocks)
    if (block->name == name) throw Error("Two blocks of a model are called '" + name + "'.");
  if (!run) throw Error("Block '" + name + "' has no function to run.");
  auto block = std::make_unique<basin_block>();
  block->name = name;
  block->model = this;
  block->run = run;
  block->user = user;
  open_blocks.push_back(block.get());
  blocks.push_back(std::move(block));
  return blocks.back().get();
}

void basin_model::end_block() {
  if (open_blocks.empty()) throw Error("end_block was called, but no block is open.");
  open_blocks.pop_back();
}

uint64_t basin_model::add_hook(basin::Hooks& to, const basin_hook& hook) {
  if (!hook.run) throw Error("A hook has no function to run.");
  to.push_back(std::make_shared<const basin::Hook>(next_hook, hook));
  return next_hook++;
}

void basin_model::remove_hook(uint64_t id) {
  const auto remove = [id](basin::Hooks& hooks) {
    return std::erase_if(hooks, [id](const auto& h) { return h->id == id; }) > 0;
  };
  for (auto& layer : layers)
    if (remove(layer->hooks)) return;
  for (auto& block : blocks)
    if (remove(block->hooks)) return;
  throw Error("This model has no hook " + std::to_string(id) + "; it was removed before, or is another model's.",
              BASIN_ERROR_NOT_FOUND);
}
