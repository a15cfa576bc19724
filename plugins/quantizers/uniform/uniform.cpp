// Uniform quantization of weights after training, without calibration (codes.hpp has the formulas). When it is
// attached, it turns each weight into packed codes and scales in the model's state, and hooks the layer to compute with
// what the codes stand for. A model that was loaded with its codes is not quantized again.
#include <basin/basin.hpp>
#include <memory>
#include <mutex>

#include "codes.hpp"

namespace {
using namespace basin;

// A tensor that takes a weight's place; follows the model to another device.
class Replacement {
 public:
  explicit Replacement(Tensor tensor) : tensor_(std::move(tensor)) {}
  Tensor on(const Tensor& like) {
    const std::lock_guard lock(mutex_);
    const basin_tensor_info here = tensor_.info(), there = like.info();
    if (here.device != there.device || here.device_index != there.device_index) {
      const Tensor moved = like.detach().clone();
      moved.copy_(tensor_);
      tensor_ = moved;
    }
    return tensor_;
  }

 private:
  std::mutex mutex_;
  Tensor tensor_;
};

struct UniformQuantizer {
  static constexpr const char* name = "uniform";
  static constexpr const char* summary = "Weights rounded to 2 to 8 bits, evenly spaced, after training.";
  int64_t bits;
  std::string scheme, granularity, which;

  static auto parameters() {
    return declare(
        integer("bits", &UniformQuantizer::bits, 8, "Bits of a weight.").between(2, 8).unit("bits"),
        choice("scheme", &UniformQuantizer::scheme, "symmetric", {"symmetric", "affine"},
               "Levels around 0, or between the smallest and the largest value."),
        choice("granularity", &UniformQuantizer::granularity, "channel", {"channel", "tensor"},
               "One scale for each output channel, or for the whole weight."),
        choice("which", &UniformQuantizer::which, "weights", {"weights", "all"},
               "Weights of linear and convolution layers, or every parameter: norms, embeddings and biases, too."));
  }

  QuantizerReport report_;
  QuantizerReport report() const { return report_; }

  void attach(Model model, State state) {
    const std::vector<LayerInfo> layers = model.layers();
    for (size_t i = 0; i < layers.size(); ++i) {
      const LayerInfo& layer = layers[i];
      const bool matrix = layer.kind == BASIN_LAYER_LINEAR || layer.kind == BASIN_LAYER_CONV;
      std::shared_ptr<Replacement> weight, bias;
      if (layer.weight && (matrix || which == "all")) weight = replace(layer.weight, layer.name + ".weight", state);
      if (layer.bias && which == "all") bias = replace(layer.bias, layer.name + ".bias", state);
      if (!weight && !bias) continue;
      ++report_.layers;
      model.hook(layer, [weight, bias](const Call& call) {
        std::vector<Tensor> in = call.inputs();  // x, weight, bias, ...
        if (weight) in.at(1) = weight->on(in[1]);
        if (bias) in.at(2) = bias->on(in[2]);
        return call.original(in);
      });
      progress("layers", static_cast<int64_t>(i) + 1, static_cast<int64_t>(layers.size()));
    }
    if (!report_.layers) throw error("This model has no layer with weights to quantize.");
  }

 private:
  // w [out,...] or [n]: its codes into the state, or out of it; gives what they stand for.
  std::shared_ptr<Replacement> replace(const Tensor& w, const std::string& name, const State& state) {
    const bool symmetric = scheme == "symmetric";
    const std::vector<int64_t> sizes = w.sizes();
    const std::vector<float> values = w.values<float>();
    const int64_t n = static_cast<int64_t>(values.size());
    const int64_t rows = granularity == "channel" && sizes.size() > 1 ? sizes[0] : 1, row = n / rows;

    for (float v : values)
      if (!std::isfinite(v)) throw error("'" + name + "' holds a value that is not finite: a model that diverged.");

    const Tensor packed = state.tensor(name + ".codes", {(n * bits + 7) / 8}, Type::uint8);
    const Tensor scales = state.tensor(name + ".scales", {rows}, Type::float32);  // 0 only before the first time
    const Tensor zeros = state.tensor(name + ".zeros", {rows}, Type::uint8);
    if (scales.values<float>()[0] == 0) {
      std::vector<uint8_t> codes(values.size()), zero(static_cast<size_t>(rows));
      std::vector<float> scale(static_cast<size_t>(rows));
      for (int64_t r = 0; r < rows; ++r) {
        const quantize::Scale s = quantize::find_scale(&values[r * row], row, bits, symmetric);
        scale[r] = s.scale, zero[r] = s.zero;
        for (int64_t k = r * row; k < (r + 1) * row; ++k) codes[k] = quantize::encode(values[k], s, bits, symmetric);
      }
      packed.copy_(Tensor::from(quantize::pack(codes, bits)));
      scales.copy_(Tensor::from(scale));
      zeros.copy_(Tensor::from(zero));
    }

    const std::vector<uint8_t> codes = quantize::unpack(packed.values<uint8_t>(), bits, n);
    const std::vector<float> scale = scales.values<float>();
    const std::vector<uint8_t> zero = zeros.values<uint8_t>();
    std::vector<float> rounded(values.size());
    for (int64_t k = 0; k < n; ++k) {
      rounded[k] = quantize::decode(codes[k], {scale[k / row], zero[k / row]});
      report_.squared_error += (double(values[k]) - rounded[k]) * (double(values[k]) - rounded[k]);
    }
    report_.weights += n;
    report_.bits_quantized += n * bits + rows * (symmetric ? 32 : 32 + 8);
    const Tensor replaced = w.detach().clone();  // the same strides
    replaced.copy_(Tensor::from(rounded.data(), sizes));
    return std::make_shared<Replacement>(replaced);
  }
};

}  // namespace

BASIN_PLUGIN("uniform_quantizer", "0.1.0", "Apache-2.0", "Uniform quantization of weights.",
             QuantizerComponent<UniformQuantizer>)
