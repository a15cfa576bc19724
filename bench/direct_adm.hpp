// ADM's U-Net (Dhariwal and Nichol 2021, arXiv 2105.05233) written directly in LibTorch: the same operations in the
// same order as the adm_unet plugin, with the same kernels and arenas of parameters, and without the ABI. What `bench
// abi` compares the plugin with, and what the plugin's results are checked against bit for bit.
#pragma once
#include <deque>
#include <map>

#include "abi/context.hpp"
#include "abi/kernels/attention.hpp"
#include "abi/kernels/group_norm.hpp"
#include "abi/kernels/resample.hpp"
#include "abi/parameters.hpp"

namespace basin::bench {

struct AdmOptions {
  int64_t image = 32, channels = 32;
  std::vector<int64_t> multipliers{1, 2, 2};
  int64_t blocks = 1;
  std::vector<int64_t> attention{8};
  int64_t head_channels = 32;
};

class DirectAdm {
 public:
  Parameters parameters;
  Precision precision = Precision::fp32;

  explicit DirectAdm(const AdmOptions& options) : o_(options) {
    const int64_t emb = 4 * o_.channels;
    time_0_ = weights("time_embed.0", {emb, o_.channels});
    time_2_ = weights("time_embed.2", {emb, emb});
    int64_t c = o_.multipliers[0] * o_.channels, size = o_.image;
    in_conv_ = weights("input_blocks.0.0", {c, 3, 3, 3});
    std::vector<int64_t> skips{c};
    size_t stage = 1;
    const auto name = [](const char* part, size_t i) { return part + std::to_string(i); };
    for (size_t level = 0; level < o_.multipliers.size(); level++) {
      for (int64_t i = 0; i < o_.blocks; i++) {
        down_.push_back(make_stage(name("input_blocks.", stage++), c, o_.multipliers[level] * o_.channels, size, 0));
        skips.push_back(c = o_.multipliers[level] * o_.channels);
      }
      if (level + 1 == o_.multipliers.size()) break;
      down_.push_back({{make_res(name("input_blocks.", stage++) + ".0", c, c, -1)}, {}, {}});
      skips.push_back(c);
      size /= 2;
    }
    middle_ = {{make_res("middle_block.0", c, c, 0)}, {make_attention("middle_block.1", c)}, {}};
    middle_.after.push_back(make_res("middle_block.2", c, c, 0));
    stage = 0;
    for (size_t level = o_.multipliers.size(); level-- > 0;)
      for (int64_t i = 0; i <= o_.blocks; i++) {
        const int64_t out = o_.multipliers[level] * o_.channels;
        up_.push_back(
            make_stage(name("output_blocks.", stage++), c + skips.back(), out, size, level && i == o_.blocks));
        skips.pop_back();
        c = out;
        if (level && i == o_.blocks) size *= 2;
      }
    out_norm_ = weights("out.0", {c});
    out_conv_ = weights("out.2", {3, c, 3, 3});
  }

  // x [B,3,H,W], t [B] fp32 -> prediction [B,3,H,W]
  Tensor forward(const Tensor& x, const Tensor& t) {
    if (!frequencies_.defined() || frequencies_.device() != x.device()) {
      const int64_t half = o_.channels / 2;
      frequencies_ =
          (at::arange(half, at::kFloat) * -std::log(10000.0) / static_cast<double>(half)).exp().to(x.device());
    }
    const Tensor angles = t.to(at::kFloat).reshape({-1, 1}) * frequencies_;
    Tensor emb = linear(at::cat({angles.cos(), angles.sin()}, 1), time_0_);
    emb = at::silu(linear(at::silu(emb), time_2_));
    Tensor h = conv(x, in_conv_);
    std::vector<Tensor> kept{h};
    for (const Stage& s : down_) kept.push_back(h = run(s, h, emb));
    h = run(middle_, h, emb);
    for (const Stage& s : up_) {
      h = run(s, at::cat({h, kept.back()}, 1), emb);
      kept.pop_back();
    }
    return conv(norm(h, out_norm_, true), out_conv_);
  }

 private:
  struct Weights {
    Tensor weight, bias;
  };
  struct Res {
    Weights in_norm, in_conv, embedding, out_norm, out_conv, skip;  // skip: undefined where channels stay
    int way = 0;                                                    // -1: halves, 1: doubles the image
    int64_t out = 0;
  };
  struct Attention {
    Weights norm, qkv, proj_out;
    int64_t heads = 0;
  };
  struct Stage {
    std::vector<Res> res;
    std::vector<Attention> attention;
    std::vector<Res> after;
  };

  Weights weights(const std::string& name, std::vector<int64_t> sizes) {
    const Tensor weight = parameters.add(name + ".weight", sizes, {});
    return {weight, parameters.add(name + ".bias", {sizes[0]}, {})};
  }
  Res make_res(const std::string& name, int64_t in, int64_t out, int way) {
    Res r{.way = way, .out = out};
    r.in_norm = weights(name + ".in_layers.0", {in});
    r.in_conv = weights(name + ".in_layers.2", {out, in, 3, 3});
    r.embedding = weights(name + ".emb_layers.1", {2 * out, 4 * o_.channels});
    r.out_norm = weights(name + ".out_layers.0", {out});
    r.out_conv = weights(name + ".out_layers.3", {out, out, 3, 3});
    if (in != out) r.skip = weights(name + ".skip_connection", {out, in, 1, 1});
    return r;
  }
  Attention make_attention(const std::string& name, int64_t c) {
    Attention a{.heads = c / o_.head_channels};
    a.norm = weights(name + ".norm", {c});
    a.qkv = weights(name + ".qkv", {3 * c, c, 1});
    a.proj_out = weights(name + ".proj_out", {c, c, 1});
    return a;
  }
  Stage make_stage(const std::string& name, int64_t in, int64_t out, int64_t size, bool doubles) {
    Stage s{{make_res(name + ".0", in, out, 0)}, {}, {}};
    size_t next = 1;
    if (std::find(o_.attention.begin(), o_.attention.end(), size) != o_.attention.end())
      s.attention.push_back(make_attention(name + "." + std::to_string(next++), out));
    if (doubles) s.after.push_back(make_res(name + "." + std::to_string(next), out, out, 1));
    return s;
  }

  at::ScalarType type() const { return precision == Precision::bf16 ? at::kBFloat16 : at::kFloat; }
  Tensor linear(const Tensor& x, const Weights& w) const {
    return at::linear(x.to(type()), w.weight.to(type()), w.bias.to(type()));
  }
  Tensor conv(const Tensor& x, const Weights& w, const Tensor& residual = {}) const {
    Tensor weight = w.weight.to(type());
    const Tensor input = x.to(type()), bias = w.bias.to(type());
    if (weight.dim() == 3) weight = weight.unsqueeze(-1);
    Tensor y = at::conv2d(input, weight, bias, 1, weight.size(2) / 2);
    if (residual.defined()) y.add_(residual);
    return y;
  }
  static Tensor norm(const Tensor& x, const Weights& w, bool silu, const Tensor& scale = {}, const Tensor& shift = {}) {
    return kernels::group_norm_act(x, 32, w.weight, w.bias, scale, shift,
                                   silu ? kernels::Activation::silu : kernels::Activation::none, 1e-5);
  }
  static Tensor resample(const Tensor& x, int way) {
    return way > 0 ? kernels::upsample_nearest(x) : kernels::average_pool(x);
  }

  Tensor run(const Res& r, Tensor x, const Tensor& emb) const {
    Tensor h = norm(x, r.in_norm, true);
    if (r.way) h = resample(h, r.way), x = resample(x, r.way);
    h = conv(h, r.in_conv);
    const Tensor e = linear(emb, r.embedding);
    h = norm(h, r.out_norm, true, e.narrow(1, 0, r.out), e.narrow(1, r.out, r.out));
    return conv(h, r.out_conv, r.skip.weight.defined() ? conv(x, r.skip) : x);
  }
  Tensor run(const Attention& a, const Tensor& x) const {
    const Tensor qkv = conv(norm(x, a.norm, false), a.qkv);
    return conv(kernels::attention_packed(qkv, a.heads, kernels::QkvOrder::split_first), a.proj_out, x);
  }
  Tensor run(const Stage& s, Tensor h, const Tensor& emb) const {
    for (const Res& r : s.res) h = run(r, h, emb);
    for (const Attention& a : s.attention) h = run(a, h);
    for (const Res& r : s.after) h = run(r, h, emb);
    return h;
  }

  AdmOptions o_;
  Tensor frequencies_;
  Weights time_0_, time_2_, in_conv_, out_norm_, out_conv_;
  std::vector<Stage> down_, up_;
  Stage middle_;
};

// A training step: forward, mean squared error, backward, gradients into the arena, one fused AdamW over it.
class DirectStep {
 public:
  DirectAdm model;

  DirectStep(const AdmOptions& options, const std::map<std::string, Tensor>& weights, at::Device device,
             Precision precision)
      : model(options) {
    model.precision = precision;
    model.parameters.lay_out(device, at::MemoryFormat::ChannelsLast);
    const at::NoGradGuard no_grad;
    for (Parameter& p : model.parameters.list()) p.value.copy_(weights.at(p.name));
    mean_ = at::zeros_like(model.parameters.groups()[0].values);
    square_ = at::zeros_like(mean_);
    step_ = at::zeros({}, mean_.options());
  }

  // e [B,3,H,W]: the target. The loss.
  Tensor train(const Tensor& x, const Tensor& t, const Tensor& e) {
    model.parameters.expect_gradients(false);
    const Tensor loss = (model.forward(x, t).to(at::kFloat) - e).square().mean();
    loss.backward();
    model.parameters.collect_gradients(false);
    const at::NoGradGuard no_grad;
    const ParameterGroup& all = model.parameters.groups()[0];
    step_.add_(1);
    at::_fused_adamw_({all.values}, {all.gradients}, {mean_}, {square_}, {}, {step_}, 1e-4, 0.9, 0.999, 0.0, 1e-8,
                      false, false);
    return loss.detach();
  }

 private:
  Tensor mean_, square_, step_;
};

}  // namespace basin::bench
