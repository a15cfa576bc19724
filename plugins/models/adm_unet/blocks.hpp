// The parts of ADM (Dhariwal and Nichol 2021, arXiv 2105.05233, appendix A): residual, attention and resampling blocks.
// Layers are added in the order, and under the names, of guided-diffusion's state dictionary.
#pragma once
#include <basin/basin.hpp>

namespace adm {
using namespace basin;

// What all blocks of one model share.
struct Style {
  int64_t embedding = 0;  // width of the time embedding
  double dropout = 0;
  bool scale_shift = true;
  int64_t head_channels = 0, heads = 0;  // head_channels 0: by the number of heads
  int32_t layout = BASIN_QKV_BY_PART;
};

enum class Way { same, down, up };

// x [B,in,H,W], SiLU(embedding) [B,E] -> [B,out,H',W']: norm, SiLU, (resample,) conv; scale and shift by the embedding;
// norm, SiLU, dropout, conv begun as zero; plus x, through a 1x1 convolution where the channels change.
struct ResBlock {
  Block block;
  Layer in_norm, h_resample, x_resample, in_conv, embedding, out_norm, dropout, out_conv, skip;
  bool scale_shift = true;
  int64_t out = 0;

  void build(Builder& b, const std::string& name, int64_t in, int64_t out_channels, Way way, const Style& style) {
    out = out_channels, scale_shift = style.scale_shift;
    block = b.block(name, *this, [&] {
      in_norm = b.norm(name + ".in_layers.0", in, {.activation = BASIN_ACTIVATION_SILU});
      if (way != Way::same) {
        const int32_t mode = way == Way::up ? BASIN_RESAMPLE_UP : BASIN_RESAMPLE_DOWN;
        h_resample = b.resample(name + ".h_upd", mode), x_resample = b.resample(name + ".x_upd", mode);
      }
      in_conv = b.conv(name + ".in_layers.2", in, out, 3);
      embedding = b.linear(name + ".emb_layers.1", style.embedding, scale_shift ? 2 * out : out);
      out_norm = b.norm(name + ".out_layers.0", out, {.activation = BASIN_ACTIVATION_SILU});
      if (style.dropout > 0) dropout = b.dropout(name + ".out_layers.2", style.dropout);
      out_conv = b.conv(name + ".out_layers.3", out, out, 3, {.zero = true});
      if (in != out) skip = b.conv(name + ".skip_connection", in, out, 1);
    });
  }

  Tensor forward(const Context& c, const Inputs& inputs) const {
    Tensor x = inputs[0], h = in_norm(c, x);
    if (h_resample) h = h_resample(c, h), x = x_resample(c, x);
    h = in_conv(c, h);
    const Tensor e = embedding(c, inputs[1]);
    h = scale_shift ? out_norm(c, h, e.narrow(1, 0, out), e.narrow(1, out, out))
                    : out_norm(c, h + e.reshape({-1, out, 1, 1}));
    if (dropout) h = dropout(c, h);
    return out_conv(c, h, skip ? skip(c, x) : x);
  }
};

// x [B,C,H,W] -> the same shape: self-attention over the H W places, plus x.
struct AttentionBlock {
  Block block;
  Layer norm, qkv, attention, proj_out;

  void build(Builder& b, const std::string& name, int64_t channels, const Style& style) {
    const int64_t heads = style.head_channels ? channels / style.head_channels : style.heads;
    if (heads < 1 || channels % heads || (style.head_channels && channels % style.head_channels))
      throw error("Attention over " + std::to_string(channels) + " channels cannot be split into heads of " +
                  (style.head_channels ? std::to_string(style.head_channels) + " channels: change head_channels."
                                       : "equal width by " + std::to_string(style.heads) + ": change heads."));
    block = b.block(name, *this, [&] {
      norm = b.norm(name + ".norm", channels);
      qkv = b.conv(name + ".qkv", channels, 3 * channels, 1, {.conv1d_weight = true});
      attention = b.attention(name + ".attention", channels, heads, style.layout);
      proj_out = b.conv(name + ".proj_out", channels, channels, 1, {.zero = true, .conv1d_weight = true});
    });
  }

  Tensor forward(const Context& c, const Inputs& inputs) const {
    return proj_out(c, attention(c, qkv(c, norm(c, inputs[0]))), inputs[0]);
  }
};

// Plain resampling: a convolution with stride 2, or nearest x2 and a convolution.
struct ResampleBlock {
  Block block;
  Layer resample, conv;

  void build(Builder& b, const std::string& name, int64_t channels, Way way) {
    block = b.block(name, *this, [&] {
      if (way == Way::up) resample = b.resample(name + ".resample", BASIN_RESAMPLE_UP);
      conv = way == Way::up ? b.conv(name + ".conv", channels, channels, 3)
                            : b.conv(name + ".op", channels, channels, 3, {.stride = 2});
    });
  }

  Tensor forward(const Context& c, const Inputs& inputs) const {
    return conv(c, resample ? resample(c, inputs[0]) : inputs[0]);
  }
};

}  // namespace adm
