// Dropout: memory orders, threads and autograd around the loop of loops.hpp. The gradient is the same function of dy.
#include "abi/kernels/dropout.hpp"

#include "abi/cuda.hpp"
#include "abi/error.hpp"
#include "abi/kernels/loops.hpp"

#ifndef _OPENMP
#error "compile with -fopenmp, or at::parallel_for runs on one thread"
#endif

namespace basin::kernels {
namespace {

constexpr int64_t kPiece = 16384;  // elements that a thread takes at a time: whole blocks

bool channels_last(const at::Tensor& x) {
  if (x.dim() == 2 || x.numel() == x.size(0) * x.size(1)) return x.is_contiguous();
  return x.dim() == 4 ? x.is_contiguous(at::MemoryFormat::ChannelsLast) : x.transpose(1, 2).is_contiguous();
}

at::Tensor as_channels_last(const at::Tensor& x) {
  if (channels_last(x)) return x;
  if (x.dim() == 4) return x.contiguous(at::MemoryFormat::ChannelsLast);
  return x.dim() == 3 ? x.transpose(1, 2).contiguous().transpose(1, 2) : x.contiguous();
}

at::Tensor apply(const at::Tensor& x, int64_t threshold, const DropoutKey& key, const at::Tensor& ids) {
  const auto type = x.scalar_type();
  const float scale = static_cast<float>(65536.0 / static_cast<double>(65536 - threshold));
  const bool fast = type == at::kFloat || type == at::kBFloat16;
  if (!fast || !channels_last(x)) {  // a mask in the order of the positions, then x's own order
    const at::Tensor ones = as_channels_last(at::ones(x.sizes(), x.options().dtype(at::kFloat)));
    at::Tensor y = at::empty_like(x);
    return at::mul_out(y, x, apply(ones, threshold, key, ids).to(type));
  }
  at::Tensor y = at::empty_like(x);
  if (x.is_cuda()) {
    const CudaDraw draw{{key.seed, 0, key.step, key.purpose << 24 | key.slot},
                        nullptr,
                        {ids.const_data_ptr<int64_t>(), static_cast<size_t>(ids.size(0))}};
    cuda().dropout(draw, static_cast<uint32_t>(threshold), scale, x, y);
    return y;
  }
  const int64_t n = x.numel() / x.size(0), bytes = type == at::kFloat ? 4 : 2;
  const int64_t pieces = (n + kPiece - 1) / kPiece;
  const char* from = static_cast<const char*>(x.const_data_ptr());
  char* to = static_cast<char*>(y.mutable_data_ptr());
  const int64_t* id = ids.const_data_ptr<int64_t>();
  at::parallel_for(0, x.size(0) * pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t sample = i / pieces, start = i % pieces * kPiece, at = (sample * n + start) * bytes;
      const PhiloxStream stream{key.seed, {static_cast<uint32_t>(id[sample]), key.step, key.purpose << 24 | key.slot}};
      loops().dropout[type == at::kBFloat16](from + at, to + at, std::min(kPiece, n - start),
                                             static_cast<uint32_t>(start / 8), stream, static_cast<uint32_t>(threshold),
                                             scale);
    }
  });
  return y;
}

struct Dropped : torch::autograd::Function<Dropped> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& x, int64_t threshold, int64_t seed,
                            int64_t stream, int64_t step, const at::Tensor& ids) {
    ctx->saved_data["threshold"] = threshold;
    ctx->saved_data["seed"] = seed;
    ctx->saved_data["stream"] = stream;
    ctx->saved_data["step"] = step;
    ctx->save_for_backward({ids});
    return kernels::apply(x, threshold, key_of(seed, stream, step), ids);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    const auto number = [&](const char* name) { return ctx->saved_data[name].toInt(); };
    torch::autograd::variable_list result(6);
    const at::Tensor ids = ctx->get_saved_variables()[0];
    // This function again: linear, so its own gradient's gradient
    result[0] =
        at::GradMode::is_enabled()
            ? Dropped::apply(grads[0], number("threshold"), number("seed"), number("stream"), number("step"), ids)
            : kernels::apply(grads[0], number("threshold"), key_of(number("seed"), number("stream"), number("step")),
                             ids);
    return result;
  }
  static DropoutKey key_of(int64_t seed, int64_t stream, int64_t step) {
    const auto word = static_cast<uint32_t>(stream);
    return {static_cast<uint64_t>(seed), word >> 24, word & 0xffffffu, static_cast<uint32_t>(step)};
  }
};

}  // namespace

at::Tensor dropout(const at::Tensor& x, double p, const DropoutKey& key, const at::Tensor& sample_ids) {
  if (!(p >= 0 && p < 1))
    throw Error("dropout wants a probability of at least 0 and below 1, but got " + std::to_string(p));
  if (x.dim() < 2 || x.dim() > 4)
    throw Error("dropout wants x [B,C], [B,C,T] or [B,C,H,W], but x has " + std::to_string(x.dim()) + " dimensions");
  if (sample_ids.dim() != 1 || sample_ids.size(0) != x.size(0) || sample_ids.scalar_type() != at::kLong)
    throw Error("dropout wants one INT64 sample id for each of the " + std::to_string(x.size(0)) +
                " rows of the batch, but got a tensor of shape " + c10::str(sample_ids.sizes()));
  const int64_t threshold = std::min<int64_t>(std::llround(p * 65536), 65535);
  if (threshold == 0 || x.numel() == 0) return x;
  return Dropped::apply(x, threshold, static_cast<int64_t>(key.seed),
                        static_cast<int64_t>(key.purpose << 24 | key.slot), static_cast<int64_t>(key.step),
                        sample_ids.contiguous());
}

}  // namespace basin::kernels
