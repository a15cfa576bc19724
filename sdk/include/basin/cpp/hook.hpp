// hook.hpp: a finished model seen from outside: its layers, its blocks, and hooks around them.
//
//   for (const LayerInfo& layer : model.layers())
//     if (layer.kind == BASIN_LAYER_CONV)
//       model.hook(layer, [q](const Call& call) {
//         std::vector<Tensor> in = call.inputs();   // x, weight, bias, residual
//         in[1] = q;
//         return call.original(in);
//       });
#pragma once
#include "layer.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

struct LayerInfo {
  Layer layer;
  int32_t kind = 0;  // BASIN_LAYER_
  std::string name, block;
  const basin_layer_spec* spec = nullptr;
  Tensor weight, bias;  // the float32 masters; empty where there are none
  uint32_t index = 0;
};

// One call of a layer or block as a hook sees it.
class Call {
 public:
  Call(const basin_call* call, uint32_t n_outputs) : call_(call), n_outputs_(n_outputs) {}
  const Context& context() const { return *call_->context; }
  size_t n_inputs() const { return call_->n_inputs; }
  const Tensor& input(size_t i) const { return Inputs(call_->inputs, call_->n_inputs)[i]; }
  std::vector<Tensor> inputs() const {
    const Inputs in(call_->inputs, call_->n_inputs);
    return {in.begin(), in.end()};
  }
  // Runs what the hook wraps.
  std::vector<Tensor> original(Span<const Tensor> inputs) const {
    std::vector<Tensor> out(n_outputs_);
    check(call_->original(call_, detail::handles(inputs.data()), uint32_t(inputs.size()),
                          reinterpret_cast<basin_tensor**>(out.data()), n_outputs_));
    return out;
  }

 private:
  const basin_call* call_;
  uint32_t n_outputs_;
};

class Model {
 public:
  Model() = default;
  explicit Model(basin_model* handle) : handle_(handle) {}
  basin_model* handle() const { return handle_; }

  std::vector<LayerInfo> layers() const {
    std::vector<LayerInfo> all;
    const uint32_t n = host_function<&basin_layer_interface::layer_count>()(handle_);
    for (uint32_t i = 0; i < n; ++i) {
      LayerInfo l;
      l.layer = Layer(host_function<&basin_layer_interface::layer_at>()(handle_, i));
      basin_layer_info info{};
      info.size = sizeof info;
      call<&basin_layer_interface::layer_info>(static_cast<const basin_layer*>(l.layer.handle()), &info);
      l.kind = info.spec->kind, l.name = info.spec->name, l.block = info.block ? info.block : "", l.spec = info.spec;
      l.weight = Tensor::share(info.weight), l.bias = Tensor::share(info.bias), l.index = info.index;
      all.push_back(std::move(l));
    }
    return all;
  }
  std::vector<Block> blocks() const {
    std::vector<Block> all;
    const uint32_t n = host_function<&basin_layer_interface::block_count>()(handle_);
    for (uint32_t i = 0; i < n; ++i) all.emplace_back(host_function<&basin_layer_interface::block_at>()(handle_, i));
    return all;
  }

  // f(const Call&) gives a Tensor or a vector of them, on any thread. The last hook added runs outermost.
  template <class F>
  uint64_t hook(const LayerInfo& layer, F f) const {
    return add<&basin_layer_interface::hook_layer>(layer.layer.handle(), std::move(f));
  }
  template <class F>
  uint64_t hook(const Block& block, F f) const {
    return add<&basin_layer_interface::hook_block>(block.handle(), std::move(f));
  }
  void unhook(uint64_t id) const { call<&basin_layer_interface::unhook>(handle_, id); }

 private:
  template <auto Member, class Part, class F>
  static uint64_t add(Part* part, F f) {
    basin_hook h{};
    h.size = sizeof h;
    h.run = [](void* user, const basin_call* c, basin_tensor** out, uint32_t n) {
      return guard([&] { detail::give((*static_cast<F*>(user))(Call(c, n)), out, n); });
    };
    h.destroy = [](void* user) { delete static_cast<F*>(user); };
    h.user = new F(std::move(f));
    uint64_t id = 0;
    const basin_hook* p = &h;
    call<Member>(part, p, &id);
    return id;
  }
  basin_model* handle_ = nullptr;
};

}  // namespace basin
#pragma GCC visibility pop
