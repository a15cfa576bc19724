// A small model in the SDK's C++, and one fault of the author's choice.
#include <basin/basin.hpp>

using namespace basin;

struct ToyModel {
  static constexpr const char* name = "toy_model";
  static constexpr const char* summary = "A convolution, a norm and a linear layer.";
  int64_t channels;
  std::string fault, weights;

  static auto parameters() {
    return declare(
        integer("channels", &ToyModel::channels, 4, "Width.").between(1, 64),
        choice("fault", &ToyModel::fault, "none",
               {"none", "no x", "no prediction", "target", "block", "twice", "shape", "nothing", "throw", "build"},
               "What is wrong with it."),
        string("weights", &ToyModel::weights, "", "A file it begins with."));
  }

  Layer in, norm, out[3], head;

  void build(Builder& b) {
    if (fault == "build") throw std::runtime_error("it cannot be built on a Monday");
    in = b.conv("in", 3, channels, 3);
    norm = b.norm("norm.0", channels, {1, 1e-5, BASIN_ACTIVATION_SILU});
    for (int i = 0; i < 3; i++) out[i] = b.conv("body." + std::to_string(i) + ".conv", channels, channels, 3);
    head = b.conv("out", channels, 3, 1, {1, 0});
    if (fault == "twice") b.conv("in", 3, 3, 1);
    if (fault == "block") {
      basin_block* block = nullptr;
      auto run = [](void*, const basin_context*, basin_tensor* const*, uint32_t, basin_tensor**,
                    uint32_t) -> basin_status { return BASIN_OK; };
      call<&basin_layer_interface::begin_block>(b.handle(), "middle", basin_block_function(run),
                                                static_cast<void*>(nullptr), &block);
    }
  }

  ModelDescription describe() {
    ModelDescription d;
    d.target = fault == "target" ? 77 : BASIN_TARGET_EPSILON;
    d.inputs = {{fault == "no x" ? "y" : "x", {3, -1, -1}}, {"t", {}}};
    d.outputs = {{fault == "no prediction" ? "guess" : "prediction", {3, -1, -1}}};
    d.weights = weights;
    return d;
  }

  std::vector<Tensor> forward(const Context& c, const Inputs& inputs) {
    if (fault == "throw") throw std::runtime_error("it lost its way");
    Tensor h = norm(c, in(c, inputs[0]));
    for (auto& layer : out) h = layer(c, h);
    h = head(c, h);
    if (fault == "nothing") return {Tensor()};
    if (fault == "shape") return {h.mean({1})};
    return {h};
  }
};

BASIN_PLUGIN("toy_model", "0.1.0", "Apache-2.0", "A model to try the host with.", ModelComponent<ToyModel>)
