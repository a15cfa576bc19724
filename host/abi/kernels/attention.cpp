// Packed self-attention: ATen's flash attention forward; for bf16 a backward of our own, because ATen's, on the CPU, is
// five times slower than the matrix products that it replaces. With S = q k^T / sqrt(D), P = softmax(S), y = P v:
//   dv = P^T dy, dP = dy v^T, dS = P (dP - rowsum(P dP)), dq = dS k / sqrt(D), dk = dS^T q / sqrt(D).
#include "abi/kernels/attention.hpp"

#include "abi/error.hpp"
#include "abi/kernels/loops.hpp"
#include "abi/kernels/plain.hpp"

#ifndef _OPENMP
#error "compile with -fopenmp, or at::parallel_for runs on one thread"
#endif

namespace basin::kernels {
namespace {

constexpr int64_t kScores = 1 << 21;  // of a chunk of heads: two such arrays of bf16 stay in the cache

bool is_last(const at::Tensor& x) {
  if (x.is_contiguous()) return false;
  return x.dim() == 4 ? x.is_contiguous(at::MemoryFormat::ChannelsLast) : x.transpose(1, 2).is_contiguous();
}

// [3,B,heads,T,D], a view of qkv wherever its pixels can be flattened
at::Tensor split(const at::Tensor& qkv, int64_t heads, QkvOrder order) {
  const int64_t b = qkv.size(0), d = qkv.size(1) / (3 * heads);
  const at::Tensor flat = qkv.dim() == 4 ? qkv.flatten(2) : qkv;
  if (order == QkvOrder::split_first) return flat.view({b, 3, heads, d, -1}).permute({1, 0, 2, 4, 3});
  return flat.view({b, heads, 3, d, -1}).permute({2, 0, 1, 4, 3});
}

// The inverse: a gradient [3,B,heads,T,D] in qkv's shape and memory format
at::Tensor join(const at::Tensor& parts, const at::Tensor& qkv, QkvOrder order) {
  at::Tensor packed = at::empty_like(qkv);
  split(packed, parts.size(2), order).copy_(parts);
  return packed;
}

// y [B,heads,T,D] as [B,C,...] in qkv's memory format
at::Tensor merge(const at::Tensor& y, const at::Tensor& qkv) {
  std::vector<int64_t> shape = qkv.sizes().vec();
  shape[1] /= 3;
  at::Tensor rows = y.transpose(1, 2).flatten(2).transpose(1, 2);  // [B,C,T], channels last
  if (!is_last(qkv)) rows = rows.contiguous();
  return rows.view(shape);
}

// The same split of a tensor [B,C,...] of y's shape
at::Tensor heads_of(const at::Tensor& y, int64_t heads) {
  const at::Tensor flat = y.dim() == 4 ? y.flatten(2) : y;
  return flat.view({y.size(0), heads, y.size(1) / heads, -1}).transpose(2, 3);
}

at::Tensor ready(const at::Tensor& t) { return t.stride(-1) == 1 ? t : t.contiguous(); }

// d [3,B,heads,T,D] for bf16
at::Tensor backward_bf16(const at::Tensor& parts, const at::Tensor& dy) {
  const int64_t d = parts.size(4), t = parts.size(3), n = parts.size(1) * parts.size(2);
  const double scale = 1 / std::sqrt(static_cast<double>(d));
  const at::Tensor all = parts.contiguous().view({3, n, t, d}), grad = dy.contiguous().view({n, t, d});
  at::Tensor out = at::empty_like(all);
  const int64_t chunk = std::clamp<int64_t>(kScores / (t * t), 1, n);
  for (int64_t i = 0; i < n; i += chunk) {
    const int64_t here = std::min(chunk, n - i);
    const auto part = [&](const at::Tensor& of) { return of.narrow(0, i, here); };
    const at::Tensor q = part(all[0]), k = part(all[1]), v = part(all[2]), g = part(grad);
    at::Tensor scores = at::empty({here, t, t}, all.options());
    at::baddbmm_out(scores, scores, q, k.transpose(1, 2), 0, scale);
    at::Tensor dp = at::bmm(g, v.transpose(1, 2));
    auto* s = reinterpret_cast<uint16_t*>(scores.mutable_data_ptr());
    auto* ds = reinterpret_cast<uint16_t*>(dp.mutable_data_ptr());
    at::parallel_for(0, here * t, std::max<int64_t>(1, 16384 / t), [&](int64_t begin, int64_t end) {
      loops().softmax_backward(s + begin * t, ds + begin * t, end - begin, t);
    });
    at::Tensor dq = part(out[0]), dk = part(out[1]), dv = part(out[2]);
    at::baddbmm_out(dq, dq, dp, k, 0, scale);
    at::baddbmm_out(dk, dk, dp.transpose(1, 2), q, 0, scale);
    at::bmm_out(dv, scores.transpose(1, 2), g);
  }
  return out.view(parts.sizes());
}

struct Attention : torch::autograd::Function<Attention> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& qkv, int64_t heads,
                            int64_t order) {
    const at::Tensor parts = split(qkv, heads, static_cast<QkvOrder>(order));
    const auto [y, sums] =
        at::_scaled_dot_product_flash_attention_for_cpu(ready(parts[0]), ready(parts[1]), ready(parts[2]));
    ctx->saved_data["heads"] = heads;
    ctx->saved_data["order"] = order;
    if (qkv.scalar_type() == at::kBFloat16) ctx->save_for_backward({qkv});
    else ctx->save_for_backward({qkv, y, sums});
    return merge(y, qkv);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor& qkv = saved[0];
    const int64_t heads = ctx->saved_data["heads"].toInt();
    const auto order = static_cast<QkvOrder>(ctx->saved_data["order"].toInt());
    torch::autograd::variable_list result(3);
    if (at::GradMode::is_enabled()) {  // someone will differentiate this gradient: make it from the plain form
      const at::Tensor in = qkv.view_as(qkv);
      const at::Tensor y = attention_packed_reference(in, heads, order);
      result[0] = torch::autograd::grad({y}, {in}, {grads[0]}, true, true)[0];
      return result;
    }
    const at::Tensor parts = split(qkv, heads, order);
    at::Tensor dy = heads_of(grads[0].is_contiguous() || is_last(grads[0]) ? grads[0] : grads[0].contiguous(), heads);
    if (qkv.scalar_type() == at::kBFloat16) {
      result[0] = join(backward_bf16(parts, dy), qkv, order);
    } else {
      const auto [dq, dk, dv] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
          ready(dy), ready(parts[0]), ready(parts[1]), ready(parts[2]), saved[1], saved[2], 0.0, false);
      result[0] = at::empty_like(qkv);
      at::Tensor to = split(result[0], heads, order);
      to[0].copy_(dq), to[1].copy_(dk), to[2].copy_(dv);
    }
    return result;
  }
};

at::Tensor dense(const at::Tensor& x) {
  return x.is_contiguous() || is_last(x) ? x : x.contiguous(x.suggest_memory_format());
}

void check(const at::Tensor& qkv, int64_t heads) {
  if (qkv.dim() != 3 && qkv.dim() != 4)
    throw Error("attention wants qkv [B,3C,H,W] or [B,3C,T], but qkv has " + std::to_string(qkv.dim()) + " dimensions");
  if (heads < 1 || qkv.size(1) == 0 || qkv.size(1) % (3 * heads) != 0)
    throw Error("attention wants 3 x heads to divide the channels of qkv, but got " + std::to_string(heads) +
                " heads and " + std::to_string(qkv.size(1)) + " channels");
}

}  // namespace

at::Tensor attention_packed_reference(const at::Tensor& qkv, int64_t heads, QkvOrder order) {
  check(qkv, heads);
  const at::Tensor ordered = dense(qkv), parts = split(ordered, heads, order);
  // q and k each times D^(-1/4), which keeps half precision from overflowing, as guided-diffusion does it
  const double scale = std::pow(static_cast<double>(ordered.size(1) / (3 * heads)), -0.25);
  const at::Tensor scores = at::matmul(parts[0] * scale, (parts[1] * scale).transpose(-1, -2));
  const auto type = at::promote_types(scores.scalar_type(), at::kFloat);
  const at::Tensor p = at::softmax(scores.to(type), -1).to(scores.scalar_type());
  return merge(at::matmul(p, parts[2]), ordered);
}

at::Tensor attention_packed(const at::Tensor& qkv, int64_t heads, QkvOrder order, bool plain) {
  check(qkv, heads);
  if (plain || plain_on_this_thread() || qkv.numel() == 0) return attention_packed_reference(qkv, heads, order);
  const at::Tensor ordered = dense(qkv);
  const auto type = ordered.scalar_type();
  if (ordered.is_cpu() && (type == at::kFloat || type == at::kBFloat16))
    return Attention::apply(ordered, heads, static_cast<int64_t>(order));
  if (ordered.is_cpu()) return attention_packed_reference(ordered, heads, order);
  const at::Tensor parts = split(ordered, heads, order);
  return merge(at::scaled_dot_product_attention(ready(parts[0]), ready(parts[1]), ready(parts[2])), ordered);
}

}  // namespace basin::kernels
