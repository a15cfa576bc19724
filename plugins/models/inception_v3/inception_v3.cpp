// The Inception network that FID is defined by (Szegedy et al. 2016, arXiv 1512.00567; the 2015 graph with 1008 classes;
// Heusel et al. 2017, arXiv 1706.08500), with the batch norms folded into the convolutions: W' = W g / sqrt(v + eps),
// b' = b - m g / sqrt(v + eps). Names are torchvision's. It differs from torchvision's network in Mixed_5, 6b-e and 7b,
// whose average pools leave the padding out, and in Mixed_7c, whose pool takes the maximum.
//
// An image of any size is brought to 299x299 first, in one of three ways that programs differ in (prepare()).
#include <basin/basin.hpp>
#include <cmath>
#include <filesystem>

namespace {
using namespace basin;

struct Conv {
  Tensor weight, bias;  // [out,in,kh,kw], [out]
  std::array<int64_t, 2> stride, padding;
  Tensor operator()(const Tensor& x) const {
    static const Op conv(
        "aten::conv2d(Tensor input, Tensor weight, Tensor? bias=None, SymInt[2] stride=1, SymInt[2] padding=0, "
        "SymInt[2] dilation=1, SymInt groups=1) -> Tensor");
    static const Op relu("aten::relu_(Tensor(a!) self) -> Tensor(a!)");
    return relu(conv(x, weight, bias, Sizes(stride.data(), 2), Sizes(padding.data(), 2)));
  }
};

enum class Pool { none, average, maximum, halve };  // 3x3; of stride 1 with padding, but `halve`: a maximum of stride 2
Tensor pooled(const Tensor& x, Pool pool) {
  static const Op average(
      "aten::avg_pool2d(Tensor self, int[2] kernel_size, int[2] stride=[], int[2] padding=0, bool ceil_mode=False, "
      "bool count_include_pad=True, int? divisor_override=None) -> Tensor");
  static const Op maximum(
      "aten::max_pool2d(Tensor self, int[2] kernel_size, int[2] stride=[], int[2] padding=0, int[2] dilation=1, bool "
      "ceil_mode=False) -> Tensor");
  if (pool == Pool::average) return average({x, {3, 3}, {1, 1}, {1, 1}, false, false});
  if (pool == Pool::maximum) return maximum({x, {3, 3}, {1, 1}, {1, 1}});
  if (pool == Pool::halve) return maximum({x, {3, 3}, {2, 2}});
  return x;
}

// Convolutions one after another, after a pool perhaps; `fork`: two more, side by side, of what they give.
struct Branch {
  Pool pool = Pool::none;
  std::vector<Conv> chain, fork;
  Tensor operator()(const Tensor& x) const {
    Tensor h = pooled(x, pool);
    for (const Conv& conv : chain) h = conv(h);
    return fork.empty() ? h : cat({fork[0](h), fork[1](h)}, 1);
  }
};

struct Mixed {
  std::vector<Branch> branches;
  Tensor operator()(const Tensor& x) const {
    std::vector<Tensor> parts;
    for (const Branch& branch : branches) parts.push_back(branch(x));
    return cat(parts, 1);
  }
};

// Adds convolutions under a block's name. `k`: height and width of the kernel; padding keeps the size unless stride is 2.
struct Maker {
  Builder& b;
  std::string block;
  Conv conv(const std::string& name, int64_t in, int64_t out, std::array<int64_t, 2> k, int64_t stride = 1,
            bool pad = true) const {
    const std::string full = (block.empty() ? name : block + "." + name) + ".conv.";
    const double bound = 1 / std::sqrt(static_cast<double>(in * k[0] * k[1]));
    pad = pad && stride == 1;
    return {b.parameter(full + "weight", {out, in, k[0], k[1]}, bound),
            b.parameter(full + "bias", {out}, bound),
            {stride, stride},
            {pad ? k[0] / 2 : 0, pad ? k[1] / 2 : 0}};
  }
};

Mixed mixed_a(const Maker& m, int64_t in, int64_t pool) {  // in -> 224 + pool
  return {{{Pool::none, {m.conv("branch1x1", in, 64, {1, 1})}, {}},
           {Pool::none, {m.conv("branch5x5_1", in, 48, {1, 1}), m.conv("branch5x5_2", 48, 64, {5, 5})}, {}},
           {Pool::none,
            {m.conv("branch3x3dbl_1", in, 64, {1, 1}), m.conv("branch3x3dbl_2", 64, 96, {3, 3}),
             m.conv("branch3x3dbl_3", 96, 96, {3, 3})},
            {}},
           {Pool::average, {m.conv("branch_pool", in, pool, {1, 1})}, {}}}};
}
Mixed mixed_b(const Maker& m, int64_t in) {  // in -> 480 + in, half the size
  return {{{Pool::none, {m.conv("branch3x3", in, 384, {3, 3}, 2)}, {}},
           {Pool::none,
            {m.conv("branch3x3dbl_1", in, 64, {1, 1}), m.conv("branch3x3dbl_2", 64, 96, {3, 3}),
             m.conv("branch3x3dbl_3", 96, 96, {3, 3}, 2)},
            {}},
           {Pool::halve, {}, {}}}};
}
Mixed mixed_c(const Maker& m, int64_t c) {  // 768 -> 768, c channels inside
  return {{{Pool::none, {m.conv("branch1x1", 768, 192, {1, 1})}, {}},
           {Pool::none,
            {m.conv("branch7x7_1", 768, c, {1, 1}), m.conv("branch7x7_2", c, c, {1, 7}),
             m.conv("branch7x7_3", c, 192, {7, 1})},
            {}},
           {Pool::none,
            {m.conv("branch7x7dbl_1", 768, c, {1, 1}), m.conv("branch7x7dbl_2", c, c, {7, 1}),
             m.conv("branch7x7dbl_3", c, c, {1, 7}), m.conv("branch7x7dbl_4", c, c, {7, 1}),
             m.conv("branch7x7dbl_5", c, 192, {1, 7})},
            {}},
           {Pool::average, {m.conv("branch_pool", 768, 192, {1, 1})}, {}}}};
}
Mixed mixed_d(const Maker& m) {  // 768 -> 1280, half the size
  return {{{Pool::none, {m.conv("branch3x3_1", 768, 192, {1, 1}), m.conv("branch3x3_2", 192, 320, {3, 3}, 2)}, {}},
           {Pool::none,
            {m.conv("branch7x7x3_1", 768, 192, {1, 1}), m.conv("branch7x7x3_2", 192, 192, {1, 7}),
             m.conv("branch7x7x3_3", 192, 192, {7, 1}), m.conv("branch7x7x3_4", 192, 192, {3, 3}, 2)},
            {}},
           {Pool::halve, {}, {}}}};
}
Mixed mixed_e(const Maker& m, int64_t in, Pool pool) {  // in -> 2048
  return {{{Pool::none, {m.conv("branch1x1", in, 320, {1, 1})}, {}},
           {Pool::none,
            {m.conv("branch3x3_1", in, 384, {1, 1})},
            {m.conv("branch3x3_2a", 384, 384, {1, 3}), m.conv("branch3x3_2b", 384, 384, {3, 1})}},
           {Pool::none,
            {m.conv("branch3x3dbl_1", in, 448, {1, 1}), m.conv("branch3x3dbl_2", 448, 384, {3, 3})},
            {m.conv("branch3x3dbl_3a", 384, 384, {1, 3}), m.conv("branch3x3dbl_3b", 384, 384, {3, 1})}},
           {pool, {m.conv("branch_pool", in, 192, {1, 1})}, {}}}};
}

constexpr int64_t kSide = 299;

// TensorFlow 1's bilinear resizing along one dimension: position i of the result is i * size / 299 of x, not moved by
// half a pixel as everywhere else.
Tensor resized_as_tensorflow_1(const Tensor& x, int64_t dim) {
  const int64_t size = x.size(dim);
  std::vector<int64_t> low(kSide), high(kSide);
  std::vector<float> weight(kSide);
  for (int64_t i = 0; i < kSide; ++i) {
    const float at = static_cast<float>(i) * (static_cast<float>(size) / static_cast<float>(kSide));
    const auto k = static_cast<size_t>(i);
    low[k] = static_cast<int64_t>(at), high[k] = std::min(low[k] + 1, size - 1);
    weight[k] = at - static_cast<float>(low[k]);
  }
  const Tensor w = Tensor::from(weight, x).reshape(dim == 2 ? Sizes{kSide, 1} : Sizes{1, kSide});
  const Tensor a = x.index_select(dim, Tensor::from(low, x)), b = x.index_select(dim, Tensor::from(high, x));
  return a + (b - a) * w;
}

struct InceptionV3 {
  static constexpr const char* name = "inception_v3";
  static constexpr const char* summary =
      "The Inception network of 2015 that FID is defined by; its weights are converted by a script.";
  std::string weights, resize, layer;

  static auto parameters() {
    return declare(
        file("weights", &InceptionV3::weights,
             "Weights that scripts/convert_inception.py wrote; without, the network is untrained.")
            .optional(),
        choice("resize", &InceptionV3::resize, "tensorflow", {"tensorflow", "pytorch", "clean"},
               "How images come to 299x299: as in the 2015 graph and torch-fidelity; pytorch-fid; clean-fid."),
        choice("layer", &InceptionV3::layer, "pool", {"pool", "spatial", "logits", "64", "192", "768"},
               "The features: 2048 averages (FID); 7 channels of 17x17 in the middle (sFID); the logits of 1008 "
               "classes without their bias (Inception Score); or averages of an earlier layer, for few images: after "
               "the first or the second max pool, or before the 2015 graph's second classifier."));
  }

  std::vector<Conv> stem;
  std::vector<Mixed> mixed;
  Layer fc;

  void build(Builder& b) {
    const auto in = [&](const char* block) { return Maker{b, block}; };
    const Maker top = in("");
    stem = {top.conv("Conv2d_1a_3x3", 3, 32, {3, 3}, 2), top.conv("Conv2d_2a_3x3", 32, 32, {3, 3}, 1, false),
            top.conv("Conv2d_2b_3x3", 32, 64, {3, 3}), top.conv("Conv2d_3b_1x1", 64, 80, {1, 1}),
            top.conv("Conv2d_4a_3x3", 80, 192, {3, 3}, 1, false)};
    mixed = {mixed_a(in("Mixed_5b"), 192, 32),
             mixed_a(in("Mixed_5c"), 256, 64),
             mixed_a(in("Mixed_5d"), 288, 64),
             mixed_b(in("Mixed_6a"), 288),
             mixed_c(in("Mixed_6b"), 128),
             mixed_c(in("Mixed_6c"), 160),
             mixed_c(in("Mixed_6d"), 160),
             mixed_c(in("Mixed_6e"), 192),
             mixed_d(in("Mixed_7a")),
             mixed_e(in("Mixed_7b"), 1280, Pool::average),
             mixed_e(in("Mixed_7c"), 2048, Pool::maximum)};
    fc = b.linear("fc", 2048, 1008);
  }

  ModelDescription describe() {
    ModelDescription d;
    d.inputs = {{"x", {3, -1, -1}}};
    d.outputs = {{"features",
                  {layer == "pool"      ? 2048
                   : layer == "spatial" ? 2023
                   : layer == "logits"  ? 1008
                                        : std::stoi(layer)}},
                 {"prediction", {1008}}};  // logits of the classes
    if (!weights.empty()) d.weights = std::filesystem::absolute(weights).string();
    return d;
  }

  std::vector<Tensor> forward(const Context& c, const Inputs& in) {
    Tensor h = stem[0](prepare(in[0]));            // [B,32,149,149]
    h = pooled(stem[2](stem[1](h)), Pool::halve);  // [B,64,73,73]
    Tensor inner;                                  // the features, where they are of a layer within
    if (layer == "64") inner = h.mean({2, 3});
    h = pooled(stem[4](stem[3](h)), Pool::halve);  // [B,192,35,35]
    if (layer == "192") inner = h.mean({2, 3});
    for (size_t i = 0; i < mixed.size(); ++i) {
      constexpr size_t kMixed6d = 6, kMixed6e = 7;
      if (i == kMixed6d && layer == "spatial")  // "mixed_6" of the 2015 graph; its first convolution's channels
        inner = mixed[i].branches[0](h).narrow(1, 0, 7).permute({0, 2, 3, 1}).reshape({-1, 2023});
      h = mixed[i](h);  // [B,288,35,35], [B,768,17,17], [B,2048,8,8] at the ends of 5, 6, 7
      if (i == kMixed6e && layer == "768") inner = h.mean({2, 3});
    }
    const Tensor pool = h.mean({2, 3});  // [B,2048]
    const Tensor logits = fc(c, pool);   // [B,1008]
    if (layer == "logits") return {logits - fc(c, Tensor::zeros({1, 2048}, Type::float32, pool)), logits};
    return {inner ? inner : pool, logits};
  }

 private:
  // x [B,3,H,W] in [-1,1], p = 127.5 (x + 1) its pixels. pytorch: x, bilinear. tensorflow: (p - 128) / 128, bilinear as in
  // TensorFlow 1. clean: the same of p, bicubic with antialiasing as Pillow does it, clipped to 0 .. 255.
  Tensor prepare(const Tensor& x) const {
    static const Op bilinear(
        "aten::upsample_bilinear2d(Tensor self, SymInt[2] output_size, bool align_corners, float? scales_h=None, "
        "float? "
        "scales_w=None) -> Tensor");
    static const Op bicubic(
        "aten::_upsample_bicubic2d_aa(Tensor self, SymInt[2] output_size, bool align_corners, float? scales_h=None, "
        "float? scales_w=None) -> Tensor");
    if (resize == "pytorch") return bilinear({x, {kSide, kSide}, false});
    Tensor p = (x + 1) * 127.5;
    if (resize == "clean") p = bicubic({p, {kSide, kSide}, false}).clamp(0, 255);
    else p = resized_as_tensorflow_1(resized_as_tensorflow_1(p, 2), 3);
    return (p - 128) * (1.0 / 128);
  }
};
}  // namespace

BASIN_PLUGIN("inception_v3", "0.2.0", "Apache-2.0", "The extractor that FID is defined by.",
             basin::ModelComponent<InceptionV3>)
