// model.hpp: ModelComponent<T>.
//
//   void build(Builder&);                                              once: adds layers and blocks
//   ModelDescription describe();
//   std::vector<Tensor> forward(const Context&, const Inputs&);        or one Tensor; inputs and outputs as described
#pragma once
#include "../layer.hpp"
#include "component.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

// An input or output, without the batch dimension.
struct Port {
  std::string name;            // "x", "t", "label"; "prediction", "variance", "features"
  std::vector<int64_t> sizes;  // x [C,H,W]; -1: any size
  Type type = Type::float32;
  bool optional = false;  // an input that may be absent
  int64_t classes = 0;    // "label": how many
};

struct ModelDescription {
  int32_t target = BASIN_TARGET_NONE;  // BASIN_TARGET_
  std::vector<Port> inputs, outputs;
  double input_minimum = -1, input_maximum = 1;
  std::string weights;  // a safetensors file that the host loads after building, relative to the plugin's; "": none
};

namespace detail {
struct ModelKept {
  ModelDescription description;
  std::vector<basin_port> ports;
  std::vector<const basin_port*> inputs, outputs;

  void describe(ModelDescription d, basin_model_description* out) {
    description = std::move(d);
    ports.clear(), inputs.clear(), outputs.clear();
    ports.reserve(description.inputs.size() + description.outputs.size());
    for (const Port& p : description.inputs) inputs.push_back(add(p));
    for (const Port& p : description.outputs) outputs.push_back(add(p));
    basin_model_description own{};
    own.target = description.target;
    own.inputs = inputs.data(), own.n_inputs = static_cast<uint32_t>(inputs.size());
    own.outputs = outputs.data(), own.n_outputs = static_cast<uint32_t>(outputs.size());
    own.input_minimum = description.input_minimum, own.input_maximum = description.input_maximum;
    own.weights = description.weights.empty() ? nullptr : description.weights.c_str();
    fill(out, own);
  }

 private:
  const basin_port* add(const Port& p) {
    basin_port c{};
    c.size = sizeof c, c.name = p.name.c_str(), c.dtype = static_cast<int32_t>(p.type);
    if (p.sizes.size() > 4) throw error("Port '" + p.name + "' has more than 4 dimensions.");
    c.n_dims = static_cast<uint32_t>(p.sizes.size());
    for (size_t i = 0; i < p.sizes.size(); ++i) c.sizes[i] = p.sizes[i];
    c.optional = p.optional, c.classes = p.classes;
    return &ports.emplace_back(c);
  }
};
}  // namespace detail

template <class T>
struct ModelComponent {
  using Requires = detail::List<basin_options_interface, basin_tensor_interface, basin_ops_interface,
                                basin_autograd_interface, basin_layer_interface>;
  using Kept = detail::ModelKept;
  static constexpr basin_model_functions functions{
      sizeof(basin_model_functions),
      detail::create<T, Kept>,
      detail::destroy<T, Kept>,
      [](void* self, basin_builder* b) -> basin_status {
        return guard([&] {
          Builder builder(b);
          detail::self_of<T, Kept>(self).part.build(builder);
        });
      },
      [](void* self, basin_model_description* out) -> basin_status {
        return guard([&] {
          auto& s = detail::self_of<T, Kept>(self);
          s.extra.describe(s.part.describe(), out);
        });
      },
      [](void* self, const basin_context* c, basin_tensor* const* in, uint32_t n_in, basin_tensor** out,
         uint32_t n_out) -> basin_status {
        return guard(
            [&] { detail::give(detail::self_of<T, Kept>(self).part.forward(*c, Inputs(in, n_in)), out, n_out); });
      }};
  static const basin_component* describe() { return detail::describe<T>(BASIN_MODEL_INTERFACE, &functions); }
};

}  // namespace basin
#pragma GCC visibility pop
