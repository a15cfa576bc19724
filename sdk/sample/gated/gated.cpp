// A convolutional denoiser whose nonlinearity is a kernel of its own: how a portable plugin brings fused kernels, for the
// CPU and for CUDA, with their gradient. gate.hpp is the arithmetic, gate.cu the GPU's loop; here are the CPU's loop, the
// differentiable function around both, and the same in the host's operators, which is what they are held to.
//
//   h <- h + conv(gate(conv(norm(h) (1 + scale(t)) + shift(t))))
#include <algorithm>
#include <basin/basin.hpp>
#include <cmath>
#include <deque>

#include "gate.hpp"

namespace {
using namespace basin;

// [a, b] along the channels: silu(a) b, by the host's operators.
Tensor plain_gate(const Tensor& x) {
  const int64_t half = x.size(1) / 2;
  return x.narrow(1, 0, half).silu() * x.narrow(1, half, half);
}

// x [B,2C,H,W], and either out = y [B,C,H,W], or g = dL/dy and out = dL/dx.
void run_gate(const Tensor& x, const Tensor& g, const Tensor& out) {
  const basin_tensor_info from = x.info(), to = out.info(), gradient = g ? g.info() : to;
  if (from.dtype != BASIN_FLOAT32 && from.dtype != BASIN_BFLOAT16)
    throw error("The fused gate takes float32 and bfloat16: set the option kernel = \"plain\" for other types.");

  // Walk in the order of the result's memory, whether that is channels last or not.
  int order[4] = {0, 1, 2, 3};
  std::stable_sort(order, order + 4, [&](int a, int b) { return to.strides[a] > to.strides[b]; });
  gate::Job job{};
  job.backward = static_cast<bool>(g), job.bfloat16 = from.dtype == BASIN_BFLOAT16, job.count = from.numel / 2;
  job.x.data = const_cast<void*>(from.data), job.g.data = const_cast<void*>(gradient.data),
  job.out.data = writable(out);
  job.x_half = from.sizes[1] / 2 * from.strides[1], job.out_half = from.sizes[1] / 2 * to.strides[1];
  for (int d = 0; d < 4; ++d) {
    job.sizes[d] = order[d] == 1 ? from.sizes[1] / 2 : from.sizes[order[d]];
    job.x.strides[d] = from.strides[order[d]];
    job.g.strides[d] = gradient.strides[order[d]];
    job.out.strides[d] = to.strides[order[d]];
  }

  if (from.device == BASIN_CPU) {
    const auto loop = job.bfloat16 ? gate::elements<gate::BFloat16> : gate::elements<float>;
    parallel_for(job.count, 4096, [&](int64_t begin, int64_t end) { loop(job, begin, end); });
    return;
  }
#ifdef GATED_CUDA
  if (const char* why = gate::launch(job, from.device_index, cuda_stream(x)))
    throw error(std::string("The gate could not be launched: ") + why, BASIN_ERROR_RUNTIME);
#else
  throw error("This build of the plugin has no CUDA kernel: build it where nvcc is, or set kernel = \"plain\".");
#endif
}

struct Gate {
  static Tensor room(const Tensor& like) {  // not filled; in memory as `like` is
    static const Op empty_like(
        "aten::empty_like(Tensor self, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? "
        "pin_memory=None, MemoryFormat? memory_format=None) -> Tensor");
    return empty_like(like);
  }
  Tensor forward(Saved& saved, const Inputs& in) {
    saved.save({in.begin(), 1});
    const Tensor y = room(in[0].narrow(1, 0, in[0].size(1) / 2));
    run_gate(in[0], {}, y);
    return y;
  }
  Tensor backward(Saved& saved, const Inputs& gradients) {
    const Tensor x = saved.load(1)[0];
    if (recording()) {  // gradients of gradients are asked for: in operators, which have their own
      const int64_t half = x.size(1) / 2;
      const Tensor a = x.narrow(1, 0, half), b = x.narrow(1, half, half), s = sigmoid(a);
      const Tensor da = gradients[0] * b * s * ((s * -1 + 1) * a + 1), db = gradients[0] * a * s;
      return cat(std::vector<Tensor>{da, db}, 1);
    }
    const Tensor dx = room(x);
    run_gate(x, gradients[0], dx);
    return dx;
  }
  static Tensor sigmoid(const Tensor& x) {
    static const Op op("aten::sigmoid(Tensor self) -> Tensor");
    return op(x);
  }
};

struct Gated {
  static constexpr const char* name = "gated";
  static constexpr const char* summary = "A small convolutional denoiser, gated by a fused kernel of its own.";

  int64_t image, in_channels, channels, blocks;
  std::string kernel;
  static auto parameters() {
    return declare(integer("image", &Gated::image, 32, "Height and width of the images.").at_least(1).unit("pixels"),
                   integer("in_channels", &Gated::in_channels, 3, "Channels of the images.").at_least(1),
                   integer("channels", &Gated::channels, 32, "Channels inside.").between(8, 4096),
                   integer("blocks", &Gated::blocks, 4, "Residual blocks.").at_least(1),
                   choice("kernel", &Gated::kernel, "fused", {"fused", "plain"},
                          "How the gate is computed: by the plugin's kernel, or by the host's operators."));
  }
  void check() const {
    if (channels % 8)
      throw error("option 'channels' must be a multiple of 8, and " + std::to_string(channels) + " is not.");
  }

  struct Part {
    Layer level, norm, wide, conv;
  };
  Layer embed, first, last_norm, last;
  std::deque<Part> parts;

  void build(Builder& b) {
    const NormOptions norm{8, 1e-5, BASIN_ACTIVATION_NONE};
    embed = b.linear("embed", channels, 2 * channels);
    first = b.conv("first", in_channels, channels, 3);
    for (int64_t i = 0; i < blocks; ++i) {
      const std::string at = "blocks." + std::to_string(i);
      Part& part = parts.emplace_back();
      part.level = b.linear(at + ".level", 2 * channels, 2 * channels);
      part.norm = b.norm(at + ".norm", channels, norm);
      part.wide = b.conv(at + ".wide", channels, 2 * channels, 3);
      part.conv = b.conv(at + ".conv", channels, channels, 3);
    }
    last_norm = b.norm("last_norm", channels, norm);
    ConvOptions zero;
    zero.zero = true;
    last = b.conv("last", channels, in_channels, 3, zero);
  }

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
      h = part.conv(c, gated(part.wide(c, part.norm(c, h, scale, shift))), h);
    }
    return last(c, last_norm(c, h));
  }

 private:
  Tensor gated(const Tensor& x) const {
    return kernel == "plain" ? plain_gate(x) : basin::apply(Gate(), std::vector<Tensor>{x})[0];
  }
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

BASIN_PLUGIN("gated", "0.1.0", "Apache-2.0", "A denoiser with a fused kernel, for CPU and CUDA.", ModelComponent<Gated>)
