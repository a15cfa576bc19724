// A small convolutional denoiser: residual blocks at one resolution, each told the noise level by a scale and a shift
// after its norm, as ADM's are (Dhariwal and Nichol 2021, arXiv 2105.05233, eq. 3). It predicts epsilon, 0 at first.
//
//   h <- h + conv(silu(norm(h) (1 + scale(t)) + shift(t)))
#include <basin/basin.hpp>
#include <cmath>
#include <deque>

namespace {
using namespace basin;

struct MyModel {
  static constexpr const char* name = "my_model";
  static constexpr const char* summary = "A small convolutional denoiser at one resolution.";

  // The options: each line declares one, says its default and range, and fills the field.
  int64_t image, in_channels, channels, blocks;
  static auto parameters() {
    return declare(integer("image", &MyModel::image, 32, "Height and width of the images.").at_least(1).unit("pixels"),
                   integer("in_channels", &MyModel::in_channels, 3, "Channels of the images.").at_least(1),
                   integer("channels", &MyModel::channels, 32, "Channels inside.").between(8, 4096),
                   integer("blocks", &MyModel::blocks, 4, "Residual blocks.").at_least(1));
  }
  void check() const {
    if (channels % 8)
      throw error("option 'channels' must be a multiple of 8, and " + std::to_string(channels) + " is not.");
  }

  struct Part {
    Layer level, norm, conv;
  };
  Layer embed, first, last_norm, last;
  std::deque<Part> parts;

  // Once. The host owns layers and their parameters, casts for bf16, and lets quantizers hook them.
  void build(Builder& b) {
    const NormOptions norm{8, 1e-5, BASIN_ACTIVATION_SILU};
    embed = b.linear("embed", channels, 2 * channels);
    first = b.conv("first", in_channels, channels, 3);
    for (int64_t i = 0; i < blocks; ++i) {
      const std::string at = "blocks." + std::to_string(i);
      Part& part = parts.emplace_back();
      part.level = b.linear(at + ".level", 2 * channels, 2 * channels);
      part.norm = b.norm(at + ".norm", channels, norm);
      part.conv = b.conv(at + ".conv", channels, channels, 3);
    }
    last_norm = b.norm("last_norm", channels, norm);
    ConvOptions zero;
    zero.zero = true;
    last = b.conv("last", channels, in_channels, 3, zero);
  }

  // Inputs and outputs by name, without the batch: what forward is given and gives, in this order.
  ModelDescription describe() {
    ModelDescription d;
    d.target = BASIN_TARGET_EPSILON;
    d.inputs = {{"x", {in_channels, image, image}}, {"t", {}}};
    d.outputs = {{"prediction", {in_channels, image, image}}};
    return d;
  }

  Tensor forward(const Context& c, const Inputs& in) {
    const Tensor level = embed(c, waves(in[1])).silu();  // [B,2 channels]
    Tensor h = first(c, in[0]);                          // [B,channels,H,W]
    for (const Part& part : parts) {
      const Tensor both = part.level(c, level);
      const Tensor scale = both.narrow(1, 0, channels), shift = both.narrow(1, channels, channels);
      h = part.conv(c, part.norm(c, h, scale, shift), h);  // the convolution adds its second input
    }
    return last(c, last_norm(c, h));
  }

 private:
  // cos and sin of t at frequencies from 1 to 1/10000: [B,channels] of t [B].
  Tensor waves(const Tensor& t) const {
    const int64_t half = channels / 2;
    std::vector<float> frequencies;
    for (int64_t k = 0; k < half; ++k)
      frequencies.push_back(
          static_cast<float>(std::exp(-std::log(10000.0) * static_cast<double>(k) / static_cast<double>(half))));
    const Tensor angles = t.reshape({-1, 1}) * Tensor::from(frequencies, t);  // [B,half]
    return cat(std::vector<Tensor>{angles.cos(), angles.sin()}, 1);
  }
};

}  // namespace

BASIN_PLUGIN("my_model", "0.1.0", "Apache-2.0", "A small convolutional denoiser.", ModelComponent<MyModel>)
