// Resampling by two. spread(x, s) copies a pixel, times s, to four; gather(x, s) sums four, times s: each is the
// other's adjoint, hence its gradient. Nearest upsampling is spread(x, 1), 2 x 2 average pooling is gather(x, 1/4).
#include "abi/kernels/resample.hpp"

#include "abi/error.hpp"
#include "abi/kernels/loops.hpp"
#include "abi/kernels/plain.hpp"

#ifndef _OPENMP
#error "compile with -fopenmp, or at::parallel_for runs on one thread"
#endif

namespace basin::kernels {
namespace {

constexpr auto kLast = at::MemoryFormat::ChannelsLast;

at::Tensor run(const at::Tensor& given, bool up, double scale) {
  const at::Tensor x = given.contiguous(kLast);
  const int64_t height = up ? x.size(2) : x.size(2) / 2, width = up ? x.size(3) : x.size(3) / 2;  // the smaller ones
  const int64_t batch = x.size(0), channels = x.size(1), bytes = x.scalar_type() == at::kFloat ? 4 : 2;
  at::Tensor y =
      at::empty({batch, channels, up ? 2 * height : height, up ? 2 * width : width}, x.options().memory_format(kLast));
  const int64_t small = width * channels * bytes, large = 4 * small;
  const char* from = static_cast<const char*>(x.const_data_ptr());
  char* to = static_cast<char*>(y.mutable_data_ptr());
  const Loops& inner = loops();
  const Resample loop = (up ? inner.spread : inner.gather)[x.scalar_type() == at::kBFloat16];
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, width * channels));
  at::parallel_for(0, batch * height, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      loop(from + i * (up ? small : large), to + i * (up ? large : small), width, channels, static_cast<float>(scale));
  });
  return y;
}

struct Resampled : torch::autograd::Function<Resampled> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& x, bool up, double scale) {
    ctx->saved_data["up"] = up;
    ctx->saved_data["scale"] = scale;
    return run(x, up, scale);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    const bool up = ctx->saved_data["up"].toBool();
    const double scale = ctx->saved_data["scale"].toDouble();
    if (at::GradMode::is_enabled()) return {Resampled::apply(grads[0], !up, scale), {}, {}};
    return {run(grads[0], !up, scale), {}, {}};
  }
};

bool fast(const at::Tensor& x) {
  if (x.dim() != 4) throw Error("resampling wants x [B,C,H,W], but x has " + std::to_string(x.dim()) + " dimensions");
  const auto type = x.scalar_type();
  return !plain_on_this_thread() && x.is_cpu() && x.numel() > 0 && (type == at::kFloat || type == at::kBFloat16) &&
         x.is_contiguous(kLast) && !x.is_contiguous();
}

}  // namespace

at::Tensor upsample_nearest(const at::Tensor& x) {
  if (!fast(x)) return at::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)});
  return Resampled::apply(x, true, 1.0);
}

at::Tensor average_pool(const at::Tensor& x) {
  if (!fast(x) || x.size(2) % 2 || x.size(3) % 2) return at::avg_pool2d(x, {2, 2});
  return Resampled::apply(x, false, 0.25);
}

}  // namespace basin::kernels
