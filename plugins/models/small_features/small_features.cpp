// Features for distances between sets of images (fid, kid) until a user brings Inception's weights: a small
// convolutional classifier of CIFAR-10 that Basin trained itself (scripts/train_features.lua). Its features are the 32
// numbers before the last layer: few, so that few images fill their covariance.
//
// A distance in these features says which of two models is better under them. It is not the published FID.
#include <basin/basin.hpp>

#include <filesystem>

using namespace basin;

struct SmallFeatures {
  static constexpr const char* name = "small_features";
  static constexpr const char* summary =
      "32 features of an image, by a small classifier that Basin trained on CIFAR-10; not Inception.";
  std::string weights, layer;
  bool pretrained;

  static auto parameters() {
    return declare(
        file("weights", &SmallFeatures::weights, "Weights to use instead of those beside the plugin.").optional(),
        boolean("pretrained", &SmallFeatures::pretrained, true, "Begin with weights; false: untrained, to train it."),
        choice("layer", &SmallFeatures::layer, "features", {"features", "logits"},
               "The features: 32 numbers, or the logits of ten classes (for inception_score)."));
  }

  static constexpr int64_t side = 32;  // every image is brought to this size first
  Layer conv1, norm1, conv2, norm2, conv3, norm3, features, logits;

  void build(Builder& b) {
    const NormOptions norm{8, 1e-5, BASIN_ACTIVATION_SILU};
    conv1 = b.conv("conv1", 3, 32, 3), norm1 = b.norm("norm1", 32, norm);
    conv2 = b.conv("conv2", 32, 64, 3, {2}), norm2 = b.norm("norm2", 64, norm);
    conv3 = b.conv("conv3", 64, 96, 3, {2}), norm3 = b.norm("norm3", 96, norm);
    features = b.linear("features", 96, 32);
    logits = b.linear("logits", 32, 10);
  }

  ModelDescription describe() {
    ModelDescription d;
    d.inputs = {{"x", {3, -1, -1}}};
    d.outputs = {{"features", {layer == "logits" ? 10 : 32}}, {"prediction", {10}}};  // the logits of the ten classes
    if (pretrained)
      d.weights = weights.empty() ? "small_features.safetensors" : std::filesystem::absolute(weights).string();
    return d;
  }

  std::vector<Tensor> forward(const Context& c, const Inputs& in) {
    Tensor h = resized(in[0]);                     // [B,3,32,32]
    h = norm1(c, conv1(c, h));                     // [B,32,32,32]
    h = norm2(c, conv2(c, h));                     // [B,64,16,16]
    h = norm3(c, conv3(c, h));                     // [B,96,8,8]
    const Tensor f = features(c, h.mean({2, 3}));  // [B,32]
    const Tensor scores = logits(c, f.silu());     // [B,10]
    return {layer == "logits" ? scores : f, scores};
  }

 private:
  static Tensor resized(const Tensor& x) {
    static const Op bilinear(
        "aten::_upsample_bilinear2d_aa(Tensor self, SymInt[2] output_size, bool align_corners, float? scales_h=None, "
        "float? scales_w=None) -> Tensor");
    if (x.size(2) == side && x.size(3) == side) return x;
    return bilinear({x, {side, side}, false});
  }
};

BASIN_PLUGIN("small_features", "0.1.0", "Apache-2.0", "A small feature extractor of Basin's own, for FID and KID.",
             basin::ModelComponent<SmallFeatures>)
