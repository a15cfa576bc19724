// Features whose squared distance is LPIPS (Zhang et al. 2018, arXiv 1801.03924, eq. 1): with f_l the activations of
// layer l of a trunk, scaled to length 1 over their channels at each place, and w_l >= 0 the learned weights of the
// channels,
//
//   LPIPS(x, y) = sum over l of 1 / (H_l W_l) sum over places of |w_l^(1/2) (f_l(x) - f_l(y))|^2 = |g(x) - g(y)|^2
//
// with g the list of all (w_l / (H_l W_l))^(1/2) f_l. So means over pairs, neighbours and other distances need nothing
// but g. Trunks and names are torchvision's: AlexNet, VGG-16 and SqueezeNet 1.1 before their classifiers.
#include <basin/basin.hpp>
#include <filesystem>

namespace {
using namespace basin;

const Op relu{"aten::relu_(Tensor(a!) self) -> Tensor(a!)"};

struct Conv {
  Tensor weight, bias;  // [out,in,k,k], [out]
  int64_t stride, padding;
  Tensor operator()(const Tensor& x) const {  // and ReLU
    static const Op conv(
        "aten::conv2d(Tensor input, Tensor weight, Tensor? bias=None, SymInt[2] stride=1, SymInt[2] padding=0, "
        "SymInt[2] dilation=1, SymInt groups=1) -> Tensor");
    return relu(conv({x, weight, bias, {stride, stride}, {padding, padding}}));
  }
};

// One of: a pool; a convolution; SqueezeNet's fire module, which squeezes and expands in two ways side by side.
struct Step {
  int64_t pool = 0;         // its side: 3 or 2, of stride 2
  bool ceil = false;        // whether what is left over at the edge gets a place
  std::vector<Conv> convs;  // 1, or 3 of a fire module
  bool tapped = false;      // whether what it gives is a layer of LPIPS
  Tensor operator()(const Tensor& x) const {
    static const Op maximum(
        "aten::max_pool2d(Tensor self, int[2] kernel_size, int[2] stride=[], int[2] padding=0, int[2] dilation=1, bool "
        "ceil_mode=False) -> Tensor");
    if (pool) return maximum({x, {pool, pool}, {2, 2}, {0, 0}, {1, 1}, ceil});
    const Tensor h = convs[0](x);
    return convs.size() == 1 ? h : cat({convs[1](h), convs[2](h)}, 1);
  }
};

class Maker {
 public:
  explicit Maker(Builder& b) : b_(b) {}
  std::vector<Step> steps;
  std::vector<int64_t> channels;  // of the layers tapped
  void pool(int64_t side, bool ceil = false) { steps.push_back({side, ceil, {}, false}), ++index_; }
  // The activation behind a convolution has an index of its own in torchvision's list; a fire module has one alone.
  void conv(int64_t in, int64_t out, int64_t k, int64_t stride, int64_t padding, bool tapped) {
    steps.push_back({0, false, {one("", in, out, k, stride, padding)}, tapped});
    index_ += 2;
    if (tapped) channels.push_back(out);
  }
  void fire(int64_t in, int64_t squeezed, int64_t out, bool tapped) {
    steps.push_back({0,
                     false,
                     {one("squeeze.", in, squeezed, 1, 1, 0), one("expand1x1.", squeezed, out / 2, 1, 1, 0),
                      one("expand3x3.", squeezed, out / 2, 3, 1, 1)},
                     tapped});
    ++index_;
    if (tapped) channels.push_back(out);
  }

 private:
  Conv one(const std::string& part, int64_t in, int64_t out, int64_t k, int64_t stride, int64_t padding) {
    const std::string name = "features." + std::to_string(index_) + "." + part;
    const double bound = 1 / std::sqrt(static_cast<double>(in * k * k));
    return {b_.parameter(name + "weight", {out, in, k, k}, bound), b_.parameter(name + "bias", {out}, bound), stride,
            padding};
  }
  Builder& b_;
  int64_t index_ = 0;
};

struct LpipsFeatures {
  static constexpr const char* name = "lpips_features";
  static constexpr const char* summary =
      "Features whose squared distance is LPIPS; its weights are converted by a script.";
  std::string trunk, weights;

  static auto parameters() {
    return declare(choice("trunk", &LpipsFeatures::trunk, "alex", {"alex", "vgg", "squeeze"},
                          "The network: AlexNet, VGG-16 or SqueezeNet 1.1."),
                   file("weights", &LpipsFeatures::weights,
                        "Weights that scripts/convert_lpips.py wrote; without, the network is untrained.")
                       .optional());
  }

  std::vector<Step> steps;
  std::vector<Tensor> lin;  // w_l [C_l]

  void build(Builder& b) {
    Maker m(b);
    if (trunk == "alex") {
      m.conv(3, 64, 11, 4, 2, true), m.pool(3);
      m.conv(64, 192, 5, 1, 2, true), m.pool(3);
      m.conv(192, 384, 3, 1, 1, true), m.conv(384, 256, 3, 1, 1, true), m.conv(256, 256, 3, 1, 1, true);
    } else if (trunk == "vgg") {
      int64_t in = 3, stage = 0;
      for (const auto& [out, count] : {std::pair<int64_t, int>{64, 2}, {128, 2}, {256, 3}, {512, 3}, {512, 3}}) {
        if (stage++) m.pool(2);
        for (int i = 1; i <= count; ++i) m.conv(in, out, 3, 1, 1, i == count), in = out;
      }
    } else {
      m.conv(3, 64, 3, 2, 0, true), m.pool(3, true);
      m.fire(64, 16, 128, false), m.fire(128, 16, 128, true), m.pool(3, true);
      m.fire(128, 32, 256, false), m.fire(256, 32, 256, true), m.pool(3, true);
      m.fire(256, 48, 384, true), m.fire(384, 48, 384, true), m.fire(384, 64, 512, true), m.fire(512, 64, 512, true);
    }
    steps = std::move(m.steps);
    for (size_t l = 0; l < m.channels.size(); ++l)
      lin.push_back(b.parameter("lin" + std::to_string(l) + ".weight", {m.channels[l]}, 1));
  }

  ModelDescription describe() {
    ModelDescription d;
    d.inputs = {{"x", {3, -1, -1}}};
    d.outputs = {{"features", {-1}}};
    if (!weights.empty()) d.weights = std::filesystem::absolute(weights).string();
    return d;
  }

  std::vector<Tensor> forward(const Context&, const Inputs& in) {
    const int64_t least = trunk == "alex"  ? 31
                          : trunk == "vgg" ? 16
                                           : 17,
                  side = std::min(in[0].size(2), in[0].size(3));
    if (side < least)
      throw error("LPIPS with the trunk " + trunk + " needs images of at least " + std::to_string(least) + "x" +
                  std::to_string(least) + ", and these are " + std::to_string(in[0].size(2)) + "x" +
                  std::to_string(in[0].size(3)) + (trunk == "vgg" ? "." : ": the trunk vgg takes 16x16."));
    static const std::vector<float> shift{-0.030f, -0.088f, -0.188f}, scale{0.458f, 0.448f, 0.450f};  // ImageNet's
    Tensor h =
        (in[0] - Tensor::from(shift, in[0]).reshape({1, 3, 1, 1})) / Tensor::from(scale, in[0]).reshape({1, 3, 1, 1});
    std::vector<Tensor> layers;
    for (const Step& step : steps) {
      h = step(h);
      if (!step.tapped) continue;
      const Tensor length = (h * h).sum({1}, true).sqrt() + 1e-10;
      const Tensor w =
          (lin[layers.size()].clamp(0, HUGE_VAL) * (1.0 / static_cast<double>(h.size(2) * h.size(3)))).sqrt();
      layers.push_back((h / length * w.reshape({1, -1, 1, 1})).reshape({h.size(0), -1}));
    }
    return {cat(layers, 1)};
  }
};
}  // namespace

BASIN_PLUGIN("lpips_features", "0.1.0", "Apache-2.0", "The features of LPIPS.", basin::ModelComponent<LpipsFeatures>)
