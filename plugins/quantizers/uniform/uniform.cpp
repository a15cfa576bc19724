// Uniform quantization of weights after training, without calibration (codes.hpp has the formulas). When it is
// attached, it turns each weight into packed codes and scales in the model's state and writes what the codes stand for
// into the weight, where perturbations and casts find it. A model that was loaded with its codes is not quantized again.
#include <basin/basin.hpp>

#include "codes.hpp"

namespace {
using namespace basin;

struct UniformQuantizer {
  static constexpr const char* name = "uniform";
  static constexpr const char* summary = "Weights rounded to 2 to 8 bits, evenly spaced, after training.";
  int64_t bits;
  double clip;
  std::string scheme, granularity, which;

  static auto parameters() {
    return declare(
        integer("bits", &UniformQuantizer::bits, 8, "Bits of a weight.").between(2, 8).unit("bits"),
        choice("scheme", &UniformQuantizer::scheme, "symmetric", {"symmetric", "affine"},
               "Levels around 0, or between the smallest and the largest value."),
        choice("granularity", &UniformQuantizer::granularity, "channel", {"channel", "tensor"},
               "One scale for each output channel, or for the whole weight."),
        number("clip", &UniformQuantizer::clip, 0,
               "Values are clipped to [-clip, clip], which is the range of every scale; 0: the range of the values.")
            .between(0, 1e30),
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
      const bool weight = layer.weight && (matrix || which == "all"), bias = layer.bias && which == "all";
      if (weight) quantize_tensor(layer.weight, layer.name + ".weight", state);
      if (bias) quantize_tensor(layer.bias, layer.name + ".bias", state);
      report_.layers += weight || bias;
      progress("layers", static_cast<int64_t>(i) + 1, static_cast<int64_t>(layers.size()));
    }
    if (!report_.layers) throw error("This model has no layer with weights to quantize.");
  }

 private:
  // w [out,...] or [n]: its codes into the state, or out of it; what they stand for into w.
  void quantize_tensor(const Tensor& w, const std::string& name, const State& state) {
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
      const float fixed[] = {static_cast<float>(-clip), static_cast<float>(clip)};
      for (int64_t r = 0; r < rows; ++r) {
        const quantize::Scale s = clip > 0 ? quantize::find_scale(fixed, 2, bits, symmetric)
                                           : quantize::find_scale(&values[r * row], row, bits, symmetric);
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
    w.detach().copy_(Tensor::from(rounded.data(), sizes));
  }
};

}  // namespace

BASIN_PLUGIN("uniform_quantizer", "0.2.0", "Apache-2.0", "Uniform quantization of weights.",
             QuantizerComponent<UniformQuantizer>)
