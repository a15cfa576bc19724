// ADM's U-Net (Dhariwal and Nichol 2021, arXiv 2105.05233): what it is made of and how it is wired. Names of
// parameters, order of concatenation and initial values are guided-diffusion's, so that its checkpoints fit.
#include <cmath>
#include <deque>
#include <mutex>

#include "blocks.hpp"

namespace {
using namespace basin;
using namespace adm;

struct AdmUnet {
  static constexpr const char* name = "adm_unet";
  static constexpr const char* summary =
      "ADM's U-Net (Dhariwal and Nichol 2021, arXiv 2105.05233), with guided-diffusion's names.";
  int64_t image, in_channels, channels, blocks, head_channels, heads, classes;
  std::vector<double> multipliers;
  std::vector<int64_t> attention;
  double dropout;
  bool learned_variance, scale_shift, residual_resampling;
  std::string order, target;

  static auto parameters() {
    return declare(
        integer("image", &AdmUnet::image, 32, "Height and width of the images.").at_least(1).unit("pixels"),
        integer("in_channels", &AdmUnet::in_channels, 3, "Channels of the images.").at_least(1),
        integer("channels", &AdmUnet::channels, 128, "Channels of the first level.").at_least(32),
        numbers("multipliers", &AdmUnet::multipliers, {},
                "Channels of each level as multiples of `channels`; empty: guided-diffusion's for the image size.")
            .at_least(0),
        integer("blocks", &AdmUnet::blocks, 3, "Residual blocks of each level.").at_least(1),
        integers("attention", &AdmUnet::attention, {16, 8}, "Image sizes at which there is attention.").at_least(1),
        integer("head_channels", &AdmUnet::head_channels, 32, "Channels of an attention head; 0: by `heads`.")
            .at_least(0),
        integer("heads", &AdmUnet::heads, 4, "Attention heads, where head_channels is 0.").at_least(1),
        number("dropout", &AdmUnet::dropout, 0, "Probability of dropout in residual blocks.").between(0, 0.99),
        boolean("learned_variance", &AdmUnet::learned_variance, false,
                "Also gives the v of a learned range of variances (Nichol and Dhariwal 2021, eq. 15)."),
        integer("classes", &AdmUnet::classes, 0, "Classes of labels; 0: unconditional.").at_least(0),
        boolean("scale_shift", &AdmUnet::scale_shift, true,
                "The time embedding scales and shifts; false: it is added."),
        boolean("residual_resampling", &AdmUnet::residual_resampling, true,
                "Residual blocks resample; false: convolutions do."),
        choice("target", &AdmUnet::target, "epsilon", {"epsilon", "x0", "v", "score"}, "What the model predicts."),
        choice("order", &AdmUnet::order, "new", {"new", "legacy"},
               "Channels of qkv: [q,k,v][head] or, legacy, [head][q,k,v]; a checkpoint fits one only."));
  }

  std::vector<std::vector<Block>> input_blocks, output_blocks;
  std::vector<Block> middle_block;
  Layer time_0, time_2, label_emb, in_conv, out_norm, out_conv;
  std::vector<Layer> concats;
  std::deque<ResBlock> res;
  std::deque<AttentionBlock> attentions;
  std::deque<ResampleBlock> resamples;

  void check() {
    if (multipliers.empty()) multipliers = standard_multipliers();
    for (double m : multipliers)
      if (width(m) < 32 || width(m) % 32 || m * channels != width(m)) {
        char wide[32];
        std::snprintf(wide, sizeof wide, "%.10g", m * static_cast<double>(channels));
        throw error("A level has " + std::string(wide) +
                    " channels, which do not divide into the 32 groups of the norms: change channels or multipliers.");
      }
    const int64_t factor = int64_t{1} << (multipliers.size() - 1);
    if (image % factor)
      throw error("Images of " + std::to_string(image) + " pixels cannot be halved " +
                  std::to_string(multipliers.size() - 1) + " times: give fewer multipliers, or a multiple of " +
                  std::to_string(factor) + ".");
    for (int64_t size : attention) {
      bool there = false;
      for (size_t level = 0; level < multipliers.size(); ++level) there |= image >> level == size;
      if (!there)
        throw error("Attention at size " + std::to_string(size) + " was asked for, but the model's sizes go from " +
                    std::to_string(image) + " by halves to " + std::to_string(image / factor) + ".");
    }
  }

  void build(Builder& b) {
    const Style style{4 * channels,  dropout, scale_shift,
                      head_channels, heads,   order == "new" ? BASIN_QKV_BY_PART : BASIN_QKV_BY_HEAD};
    time_0 = b.linear("time_embed.0", channels, style.embedding);
    time_2 = b.linear("time_embed.2", style.embedding, style.embedding);
    if (classes) label_emb = b.embedding("label_emb", classes, style.embedding);

    const auto add_res = [&](std::vector<Block>& to, const std::string& stage, int64_t in, int64_t out, Way way) {
      res.emplace_back().build(b, stage + "." + std::to_string(to.size()), in, out, way, style);
      to.push_back(res.back().block);
    };
    const auto add_attention = [&](std::vector<Block>& to, const std::string& stage, int64_t c) {
      attentions.emplace_back().build(b, stage + "." + std::to_string(to.size()), c, style);
      to.push_back(attentions.back().block);
    };
    const auto add_resample = [&](std::vector<Block>& to, const std::string& stage, int64_t c, Way way) {
      if (residual_resampling) return add_res(to, stage, c, c, way);
      resamples.emplace_back().build(b, stage + "." + std::to_string(to.size()), c, way);
      to.push_back(resamples.back().block);
    };

    int64_t c = width(multipliers[0]), size = image;
    in_conv = b.conv("input_blocks.0.0", in_channels, c, 3);
    std::vector<int64_t> skips{c};
    const auto next_input = [&] { return "input_blocks." + std::to_string(input_blocks.size()); };  // 0 is in_conv
    input_blocks.emplace_back();
    for (size_t level = 0; level < multipliers.size(); ++level) {
      for (int64_t i = 0; i < blocks; ++i) {
        const std::string stage = next_input();
        std::vector<Block>& to = input_blocks.emplace_back();
        add_res(to, stage, c, width(multipliers[level]), Way::same);
        c = width(multipliers[level]);
        if (attends(size)) add_attention(to, stage, c);
        skips.push_back(c);
      }
      if (level + 1 < multipliers.size()) {
        const std::string stage = next_input();
        add_resample(input_blocks.emplace_back(), stage, c, Way::down);
        skips.push_back(c);
        size /= 2;
      }
    }

    add_res(middle_block, "middle_block", c, c, Way::same);
    add_attention(middle_block, "middle_block", c);
    add_res(middle_block, "middle_block", c, c, Way::same);

    for (size_t level = multipliers.size(); level-- > 0;) {
      for (int64_t i = 0; i <= blocks; ++i) {
        const std::string stage = "output_blocks." + std::to_string(output_blocks.size());
        std::vector<Block>& to = output_blocks.emplace_back();
        concats.push_back(b.concat(stage + ".concat"));
        add_res(to, stage, c + skips.back(), width(multipliers[level]), Way::same);
        skips.pop_back();
        c = width(multipliers[level]);
        if (attends(size)) add_attention(to, stage, c);
        if (level && i == blocks) add_resample(to, stage, c, Way::up), size *= 2;
      }
    }
    out_norm = b.norm("out.0", c, {.activation = BASIN_ACTIVATION_SILU});
    out_conv = b.conv("out.2", c, learned_variance ? 2 * in_channels : in_channels, 3, {.zero = true});
    frequencies_ = make_frequencies();
  }

  ModelDescription describe() {
    const std::vector<int64_t> shape{in_channels, image, image};
    ModelDescription d;
    d.target = target == "epsilon" ? BASIN_TARGET_EPSILON
               : target == "x0"    ? BASIN_TARGET_X0
               : target == "v"     ? BASIN_TARGET_V
                                   : BASIN_TARGET_SCORE;
    d.inputs = {{.name = "x", .sizes = shape}, {.name = "t", .sizes = {}}};
    if (classes) d.inputs.push_back({.name = "label", .sizes = {}, .type = Type::int64, .classes = classes});
    d.outputs = {{.name = "prediction", .sizes = shape}};
    if (learned_variance) d.outputs.push_back({.name = "variance", .sizes = shape});
    return d;
  }

  // x [B,C,H,W], t [B], label [B] -> prediction [B,C,H,W] and, where it is learned, v [B,C,H,W]
  std::vector<Tensor> forward(const Context& context, const Inputs& in) {
    Tensor emb = time_2(context, time_0(context, embed_time(in[1])).silu());
    if (label_emb) {
      if (!in[2]) throw error("This model is conditioned on labels: give one for each image.");
      emb = emb + label_emb(context, in[2]);
    }
    emb = emb.silu();  // every block begins with it

    const auto run = [&](const std::vector<Block>& stage, Tensor h) {
      for (const Block& block : stage) h = block(context, h, emb);
      return h;
    };
    Tensor h = in_conv(context, in[0]);
    std::vector<Tensor> kept{h};
    for (size_t i = 1; i < input_blocks.size(); ++i) kept.push_back(h = run(input_blocks[i], h));
    h = run(middle_block, h);
    for (size_t i = 0; i < output_blocks.size(); ++i) {
      h = run(output_blocks[i], concats[i](context, h, kept.back()));
      kept.pop_back();
    }
    h = out_conv(context, out_norm(context, h));
    if (!learned_variance) return {h};
    return {h.narrow(1, 0, in_channels), h.narrow(1, in_channels, in_channels)};
  }

 private:
  int64_t width(double multiplier) const { return static_cast<int64_t>(multiplier * channels); }
  bool attends(int64_t size) const {
    for (int64_t s : attention)
      if (s == size) return true;
    return false;
  }
  std::vector<double> standard_multipliers() const {
    switch (image) {
      case 32: return {1, 2, 2, 2};
      case 64: return {1, 2, 3, 4};
      case 128: return {1, 1, 2, 3, 4};
      case 256: return {1, 1, 2, 2, 4, 4};
      case 512: return {0.5, 1, 1, 2, 2, 4, 4};
    }
    throw error("There are no standard multipliers for images of " + std::to_string(image) +
                " pixels (only 32, 64, 128, 256, 512): give multipliers, for example {1, 2, 2}.");
  }

  // t [B] -> [cos(t f), sin(t f)] [B,channels], f_i = 10000^(-i/half), in float32 as guided-diffusion computes it: at
  // t = 1000 an error of one unit in the last place of f already shows.
  Tensor embed_time(const Tensor& t) {
    const Tensor f = frequencies_for(t), angles = t.to(Type::float32).reshape({-1, 1}) * f;
    std::vector<Tensor> parts{angles.cos(), angles.sin()};
    if (channels % 2) parts.push_back(Tensor::zeros({t.size(0), 1}, Type::float32, angles));
    return cat(parts, 1);
  }
  Tensor make_frequencies() const {
    const int64_t half = channels / 2;
    std::vector<float> index;
    for (int64_t i = 0; i < half; ++i) index.push_back(static_cast<float>(i));
    return (Tensor::from(index) * -std::log(10000.0) / static_cast<double>(half)).exp();  // [half]
  }
  Tensor frequencies_for(const Tensor& t) {
    const std::lock_guard lock(mutex_);
    if (frequencies_.info().device != t.info().device) frequencies_ = Tensor::from(frequencies_.values<float>(), t);
    return frequencies_;
  }
  std::mutex mutex_;
  Tensor frequencies_;
};

}  // namespace

BASIN_PLUGIN("adm_unet", "0.1.0", "Apache-2.0", "The U-Net of ADM, as guided-diffusion has it.",
             ModelComponent<AdmUnet>)
