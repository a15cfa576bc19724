// Ternary weights (Li and Liu 2016, arXiv 1605.04711, eq. 5 and 6): each weight of linear and convolution layers
// becomes -a, 0 or a, with one a for each output channel.
//
//   threshold d = 0.7 mean |w|,   a = mean of |w| where |w| > d,   code = sign(w) where |w| > d, else 0
#include <basin/basin.hpp>
#include <cmath>

namespace {
using namespace basin;

struct MyQuantizer {
  static constexpr const char* name = "my_quantizer";
  static constexpr const char* summary = "Ternary weights after training (Li and Liu 2016, arXiv 1605.04711).";

  // The options: each line declares one, says its default and range, and fills the field.
  double threshold;
  static auto parameters() {
    return declare(
        number("threshold", &MyQuantizer::threshold, 0.7, "Weights below this part of the mean |w| become 0.")
            .between(0, 2));
  }

  QuantizerReport report_;
  QuantizerReport report() const { return report_; }

  // Once, on a copy of the model: what the codes stand for goes into the weights, codes and scales into the state.
  void attach(Model model, State state) {
    const std::vector<LayerInfo> layers = model.layers();
    for (size_t i = 0; i < layers.size(); ++i) {
      const LayerInfo& layer = layers[i];
      if (layer.kind == BASIN_LAYER_LINEAR || layer.kind == BASIN_LAYER_CONV) {
        round(layer.weight, layer.name + ".weight", state);
        ++report_.layers;
      }
      // Progress is not among what a quantizer needs, so ask: an older host may lack it. It throws after Ctrl-C.
      if (host_has<&basin_log_interface::progress>())
        progress("layers", static_cast<int64_t>(i) + 1, static_cast<int64_t>(layers.size()));
    }
    if (!report_.layers) throw error("This model has no layer with weights to quantize.");
  }

 private:
  // w [out,...]. A model that was loaded with its codes is not rounded again.
  void round(const Tensor& w, const std::string& name, const State& state) {
    const std::vector<int64_t> sizes = w.sizes();
    const std::vector<float> values = w.values<float>();
    const int64_t n = w.numel(), rows = sizes[0], row = n / rows;
    const Tensor packed = state.tensor(name + ".codes", {(n + 3) / 4}, Type::uint8);  // four codes of 2 bits a byte
    const Tensor scales = state.tensor(name + ".scales", {rows});
    const Tensor known = state.tensor(name + ".known", {}, Type::uint8);  // 0 only before the first time
    if (known.item() == 0) {
      std::vector<uint8_t> codes(static_cast<size_t>((n + 3) / 4));
      std::vector<float> a(static_cast<size_t>(rows));
      for (int64_t r = 0; r < rows; ++r) {
        double sum = 0, above = 0;
        int64_t count = 0;
        for (int64_t k = r * row; k < (r + 1) * row; ++k) sum += std::fabs(values[k]);
        const double d = threshold * sum / static_cast<double>(row);
        for (int64_t k = r * row; k < (r + 1) * row; ++k) {
          if (std::fabs(values[k]) <= d) continue;
          above += std::fabs(values[k]), ++count;
          codes[k / 4] |= static_cast<uint8_t>((values[k] > 0 ? 1 : 2) << (k % 4 * 2));
        }
        a[r] = count ? static_cast<float>(above / static_cast<double>(count)) : 0;
      }
      packed.copy_(Tensor::from(codes)), scales.copy_(Tensor::from(a)), known.fill_(1);
    }

    const std::vector<uint8_t> codes = packed.values<uint8_t>();
    const std::vector<float> a = scales.values<float>();
    std::vector<float> rounded(values.size());
    for (int64_t k = 0; k < n; ++k) {
      const int code = codes[k / 4] >> (k % 4 * 2) & 3;
      rounded[k] = code == 0 ? 0 : code == 1 ? a[k / row] : -a[k / row];
      report_.squared_error += (double(values[k]) - rounded[k]) * (double(values[k]) - rounded[k]);
    }
    report_.weights += n, report_.bits_quantized += 2 * n + 32 * rows;
    w.detach().copy_(Tensor::from(rounded.data(), sizes));
  }
};

}  // namespace

BASIN_PLUGIN("my_quantizer", "0.1.0", "Apache-2.0", "Ternary weights.", QuantizerComponent<MyQuantizer>)
