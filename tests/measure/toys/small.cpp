// A network with every fused kernel of the host and so few parameters that its Hessian can be formed whole.
#include <basin/basin.hpp>

using namespace basin;

namespace {

// 2 x 4 x 4 -> the same: convolution; group norm with the time's scale and shift and SiLU; attention with a residual;
// down, up; convolution.
struct Small {
  static constexpr const char* name = "small";
  static constexpr const char* summary = "A U-Net in miniature.";
  static constexpr int64_t side = 4, width = 4;
  Layer in, time, norm, qkv, attention, proj, down, up, out;
  void build(Builder& b) {
    in = b.conv("in", 2, width, 3);
    time = b.linear("time", 1, 2 * width);
    NormOptions options;
    options.groups = 2, options.activation = BASIN_ACTIVATION_SILU;
    norm = b.norm("norm", width, options);
    qkv = b.conv("qkv", width, 3 * width, 1);
    attention = b.attention("attention", width, 2, BASIN_QKV_BY_PART);
    proj = b.conv("proj", width, width, 1);
    down = b.resample("down", BASIN_RESAMPLE_DOWN), up = b.resample("up", BASIN_RESAMPLE_UP);
    out = b.conv("out", width, 2, 3);
  }
  ModelDescription describe() {
    return {BASIN_TARGET_EPSILON, {{"x", {2, side, side}}, {"t", {}}}, {{"prediction", {2, side, side}}}, -1, 1, ""};
  }
  std::vector<Tensor> forward(const Context& c, const Inputs& inputs) {
    const Tensor both = time(c, inputs[1].reshape({-1, 1}) * 0.001);
    const Tensor h = norm(c, in(c, inputs[0]), both.narrow(1, 0, width), both.narrow(1, width, width));
    const Tensor a = proj(c, attention(c, qkv(c, h)), h);
    return {out(c, up(c, down(c, a)) + a)};
  }
};

}  // namespace

BASIN_PLUGIN("small", "0.1.0", "Apache-2.0", "For tests.", basin::ModelComponent<Small>)
