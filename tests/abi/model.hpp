// A small model, built as a plugin builds one.
#pragma once
#include "support.hpp"

inline basin_layer_spec spec(int32_t kind, const char* name, int64_t in = 0, int64_t out = 0) {
  basin_layer_spec s{};
  s.size = sizeof s;
  s.kind = kind;
  s.name = name;
  s.in = in;
  s.out = out;
  s.bias = 1;
  return s;
}
inline basin_layer_spec conv_spec(const char* name, int64_t in, int64_t out, int64_t kernel = 3, int64_t stride = 1) {
  basin_layer_spec s = spec(BASIN_LAYER_CONV, name, in, out);
  s.kernel = kernel;
  s.stride = stride;
  s.padding = kernel / 2;
  return s;
}

struct TestModel : basin_builder {
  basin_layer* add(const basin_layer_spec& s) {
    basin_layer* layer = nullptr;
    ok(::layers().add(this, &s, &layer));
    return layer;
  }
  void finish(at::MemoryFormat format = at::MemoryFormat::Contiguous, uint64_t seed = 1) {
    parameters.lay_out(at::kCPU, format);
    parameters.initialize(seed);
  }
};

inline at::Tensor forward(basin_layer* layer, const basin_context* context, std::vector<at::Tensor> inputs) {
  std::vector<basin_tensor*> handles;
  for (const auto& t : inputs) handles.push_back(basin::lend(t));
  Handle out;
  ok(layers().forward(layer, context, handles.data(), static_cast<uint32_t>(handles.size()), &out));
  return out.tensor();
}
