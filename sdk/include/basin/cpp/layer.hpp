// layer.hpp: what a model is built from. The host owns layers and blocks, runs them, and lets others hook them.
//
//   struct Mlp {
//     Layer first, second;
//     void build(Builder& b) { first = b.linear("first", 2, 64), second = b.linear("second", 64, 2, {.zero = true}); }
//     Tensor forward(const Context& c, Inputs in) { return second(c, first(c, in[0]).silu()); }
//   };
#pragma once
#include "autograd.hpp"
#include "random.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

class Layer {
 public:
  Layer() = default;
  explicit Layer(basin_layer* handle) : handle_(handle) {}
  explicit operator bool() const { return handle_; }
  basin_layer* handle() const { return handle_; }
  // The inputs of its kind, in order (BASIN_LAYER_ in layer.h); an empty Tensor is an absent one.
  template <class... Tensors>
  Tensor operator()(const Context& context, const Tensors&... inputs) const {
    basin_tensor* const in[] = {static_cast<const Tensor&>(inputs).handle()...};
    const Context* c = &context;
    return detail::make<&basin_layer_interface::forward>(handle_, c, in, uint32_t(sizeof...(inputs)));
  }

 private:
  basin_layer* handle_ = nullptr;
};

class Block {
 public:
  Block() = default;
  explicit Block(basin_block* handle) : handle_(handle) {}
  explicit operator bool() const { return handle_; }
  basin_block* handle() const { return handle_; }
  std::string name() const { return host_function<&basin_layer_interface::block_name>()(handle_); }
  template <class... Tensors>
  Tensor operator()(const Context& context, const Tensors&... inputs) const {
    basin_tensor* const in[] = {static_cast<const Tensor&>(inputs).handle()...};
    basin_tensor* out = nullptr;
    const Context* c = &context;
    call<&basin_layer_interface::run_block>(handle_, c, in, uint32_t(sizeof...(inputs)), &out, 1u);
    return Tensor::take(out);
  }

 private:
  basin_block* handle_ = nullptr;
};

// Marks a value worth seeing under a name; whoever listens gets it.
inline void tap(const Context& context, const std::string& name, const Tensor& value) {
  const Context* c = &context;
  call<&basin_layer_interface::tap>(c, name.c_str(), value.handle());
}

struct LinearOptions {
  bool bias = true, zero = false;  // zero: weight and bias begin as 0
};
struct ConvOptions {
  int64_t stride = 1, padding = -1, groups = 1;  // padding -1: half the kernel
  bool bias = true, zero = false;
  bool conv1d_weight = false;  // 1x1: the weight is [out,in,1], as a Conv1d's
};
struct NormOptions {
  int64_t groups = 32;
  double eps = 1e-5;
  int32_t activation = BASIN_ACTIVATION_NONE;
};

class Builder {
 public:
  explicit Builder(basin_builder* handle) : handle_(handle) {}

  Layer linear(const std::string& name, int64_t in, int64_t out, LinearOptions o = {}) {
    basin_layer_spec s = spec(BASIN_LAYER_LINEAR, name, in, out);
    s.bias = o.bias, s.init = o.zero ? BASIN_INIT_ZERO : BASIN_INIT_DEFAULT;
    return add(s);
  }
  Layer conv(const std::string& name, int64_t in, int64_t out, int64_t kernel, ConvOptions o = {}) {
    basin_layer_spec s = spec(BASIN_LAYER_CONV, name, in, out);
    s.kernel = kernel, s.stride = o.stride, s.padding = o.padding < 0 ? kernel / 2 : o.padding, s.groups = o.groups;
    s.bias = o.bias, s.init = o.zero ? BASIN_INIT_ZERO : BASIN_INIT_DEFAULT, s.conv1d_weight = o.conv1d_weight;
    return add(s);
  }
  Layer norm(const std::string& name, int64_t channels, NormOptions o = {}) {
    basin_layer_spec s = spec(BASIN_LAYER_NORM, name, channels, channels);
    s.groups = o.groups, s.eps = o.eps, s.activation = o.activation;
    return add(s);
  }
  Layer embedding(const std::string& name, int64_t rows, int64_t width) {
    return add(spec(BASIN_LAYER_EMBEDDING, name, rows, width));
  }
  // qkv [B,3C,H,W] -> [B,C,H,W]; layout BASIN_QKV_
  Layer attention(const std::string& name, int64_t channels, int64_t heads, int32_t layout) {
    basin_layer_spec s = spec(BASIN_LAYER_ATTENTION, name, channels, channels);
    s.heads = heads, s.mode = layout;
    return add(s);
  }
  Layer concat(const std::string& name) { return add(spec(BASIN_LAYER_CONCAT, name)); }
  Layer resample(const std::string& name, int32_t way) {  // BASIN_RESAMPLE_
    basin_layer_spec s = spec(BASIN_LAYER_RESAMPLE, name);
    s.mode = way;
    return add(s);
  }
  Layer dropout(const std::string& name, double probability) {
    basin_layer_spec s = spec(BASIN_LAYER_DROPOUT, name);
    s.probability = probability;
    return add(s);
  }
  Layer activation(const std::string& name, int32_t activation) {  // BASIN_ACTIVATION_
    basin_layer_spec s = spec(BASIN_LAYER_ACTIVATION, name);
    s.activation = activation;
    return add(s);
  }
  Layer add(const basin_layer_spec& s) {
    basin_layer* out = nullptr;
    const basin_layer_spec* p = &s;
    call<&basin_layer_interface::add>(handle_, p, &out);
    return Layer(out);
  }
  // A parameter outside every layer, begun as U(-bound, bound).
  Tensor parameter(const std::string& name, Sizes sizes, double bound) {
    return detail::make<&basin_layer_interface::parameter>(handle_, name.c_str(), sizes.data(), detail::count(sizes),
                                                           bound);
  }
  // A named part: build() adds its layers, part.forward(context, inputs) runs it. The part must stay where it is for as
  // long as the model lives.
  template <class Part, class Build>
  Block block(const std::string& name, Part& part, Build&& build) {
    basin_block* out = nullptr;
    const basin_block_function run = [](void* user, const basin_context* context, basin_tensor* const* in,
                                        uint32_t n_in, basin_tensor** results, uint32_t n_out) -> basin_status {
      return guard(
          [&] { detail::give(static_cast<Part*>(user)->forward(*context, Inputs(in, n_in)), results, n_out); });
    };
    call<&basin_layer_interface::begin_block>(handle_, name.c_str(), run, static_cast<void*>(&part), &out);
    build();
    call<&basin_layer_interface::end_block>(handle_);
    return Block(out);
  }
  basin_builder* handle() const { return handle_; }

 private:
  static basin_layer_spec spec(int32_t kind, const std::string& name, int64_t in = 0, int64_t out = 0) {
    basin_layer_spec s{};
    s.size = sizeof s, s.kind = kind, s.name = name.c_str(), s.in = in, s.out = out;
    return s;
  }
  basin_builder* handle_;
};

}  // namespace basin
#pragma GCC visibility pop
