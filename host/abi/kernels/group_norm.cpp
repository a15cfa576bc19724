// The fused group norm: shapes, coefficients, threads and autograd around the loops of loops.hpp.
//
// With x^ = (x - mean) r, r = 1 / sqrt(var + eps), g = weight (1 + scale): z = x^ g + bias (1 + scale) + shift = gain x
// + offset and y = act(z). Backward, with dz = dy act'(z) and M = C/G H W elements of a group:
//   dx = r (g dz - sum(g dz) / M - x^ sum(g dz x^) / M), the sums over the group;
//   dshift = sum(dz) and dscale = weight sum(dz x^) + bias sum(dz), over a channel's pixels;
//   dweight = sum_b (1 + scale) sum(dz x^), dbias = sum_b (1 + scale) sum(dz).
#include "abi/kernels/group_norm.hpp"

#include "abi/error.hpp"
#include "abi/kernels/loops.hpp"
#include "abi/kernels/plain.hpp"

#ifndef _OPENMP
#error "compile with -fopenmp, or at::parallel_for runs on one thread"
#endif

namespace basin::kernels {
namespace {

constexpr int64_t kSlices = 8;      // of a channels_last sample, at most
constexpr int64_t kSliceRows = 32;  // pixels, at least

// x as the loops see it
struct Shape {
  int64_t batch, channels, pixels, groups;
  bool last, bf16;
  int64_t per_group() const { return channels / groups; }
  int64_t padded() const { return (channels + kPadding - 1) / kPadding * kPadding; }
  int64_t bytes() const { return bf16 ? 2 : 4; }
};

bool is_last(const at::Tensor& x) {
  if (x.is_contiguous()) return false;
  if (x.dim() == 4) return x.is_contiguous(at::MemoryFormat::ChannelsLast);
  return x.transpose(1, 2).is_contiguous();
}

at::Tensor dense(const at::Tensor& x) {
  if (x.is_contiguous() || is_last(x)) return x;
  return x.contiguous(x.suggest_memory_format());
}

// t in the memory order of `like`
at::Tensor ordered_like(const at::Tensor& t, const at::Tensor& like) {
  if (t.strides() == like.strides() && t.scalar_type() == like.scalar_type()) return t;
  const bool last = is_last(like);
  if (t.scalar_type() == like.scalar_type() && (last ? is_last(t) : t.is_contiguous())) return t;
  return at::empty_like(like).copy_(t);
}

Shape shape_of(const at::Tensor& x, int64_t groups) {
  return {x.size(0), x.size(1),  x.numel() / (x.size(0) * x.size(1)),
          groups,    is_last(x), x.scalar_type() == at::kBFloat16};
}

// [C] or [B,C] as fp32, rows of unit stride
struct Values {
  at::Tensor held;
  const float* data = nullptr;
  int64_t stride = 0;
  explicit Values(const at::Tensor& t) {
    if (!t.defined()) return;
    held = t.detach().to(at::kFloat);
    if (held.stride(-1) != 1) held = held.contiguous();
    data = held.const_data_ptr<float>();
    stride = held.dim() == 2 ? held.stride(0) : 0;
  }
  float at(int64_t b, int64_t c, float otherwise) const { return data ? data[b * stride + c] : otherwise; }
};

// The channels' coefficients of one sample
struct Scratch {
  std::vector<float> memory;
  int64_t width;
  explicit Scratch(const Shape& s) : memory(8 * s.padded(), 0.f), width(s.padded()) {}
  float* gain() { return memory.data(); }
  float* offset() { return memory.data() + width; }
  float* centre() { return memory.data() + 2 * width; }
  float* grad_z() { return memory.data() + 3 * width; }
  float* grad_x() { return memory.data() + 4 * width; }
  float* grad_const() { return memory.data() + 5 * width; }
  float* sums() { return memory.data() + 6 * width; }  // two arrays
  Coefficients coefficients(int64_t c = 0) {
    return {gain() + c, offset() + c, centre() + c, grad_z() + c, grad_x() + c, grad_const() + c};
  }
};

// Runs an algorithm of two passes: prepare(n, first group, end, scratch), then reduce(n, part, scratch, sums), then
// finish(n, first group, end, scratch, sums), then apply(n, part, scratch). A part is a rectangle of the sample's
// matrix. contiguous: a group at a time, all in one thread. channels_last: a sample at a time, or slices of its pixels
// over the threads where there are fewer samples than threads. The partial sums are added in the same order in every
// case.
struct Part {
  int64_t row, rows, columns;
};

template <class Prepare, class Reduce, class Finish, class Apply>
void two_passes(const Shape& s, Prepare prepare, Reduce reduce, Finish finish, Apply apply) {
  if (!s.last) {
    const int64_t d = s.per_group();
    at::parallel_for(0, s.batch * s.groups, std::max<int64_t>(1, 8192 / (d * s.pixels)),
                     [&](int64_t begin, int64_t end) {
                       Scratch scratch(s);
                       for (int64_t i = begin; i < end; ++i) {
                         const int64_t n = i / s.groups, g = i % s.groups;
                         const Part part{g * d, d, s.pixels};
                         prepare(n, g, g + 1, scratch);
                         std::fill_n(scratch.sums(), 2 * s.padded(), 0.f);
                         reduce(n, part, scratch, scratch.sums());
                         finish(n, g, g + 1, scratch, scratch.sums());
                         apply(n, part, scratch);
                       }
                     });
    return;
  }
  const int64_t slices = std::clamp<int64_t>(s.pixels / kSliceRows, 1, kSlices);
  const int64_t rows = (s.pixels + slices - 1) / slices;
  const auto part = [&](int64_t i) { return Part{i * rows, std::min(rows, s.pixels - i * rows), s.channels}; };
  const int64_t length = 2 * s.padded();
  const auto add = [&](float* to, const float* from) {
    for (int64_t c = 0; c < length; ++c) to[c] += from[c];
  };
  const int64_t grain = std::max<int64_t>(1, 8192 / (s.channels * s.pixels));
  if (slices == 1 || s.batch >= at::get_num_threads()) {
    at::parallel_for(0, s.batch, grain, [&](int64_t begin, int64_t end) {
      Scratch scratch(s);
      std::vector<float> partial(length);
      for (int64_t n = begin; n < end; ++n) {
        prepare(n, 0, s.groups, scratch);
        std::fill_n(scratch.sums(), length, 0.f);
        for (int64_t i = 0; i < slices; ++i) {
          std::fill(partial.begin(), partial.end(), 0.f);
          reduce(n, part(i), scratch, partial.data());
          add(scratch.sums(), partial.data());
        }
        finish(n, 0, s.groups, scratch, scratch.sums());
        apply(n, Part{0, s.pixels, s.channels}, scratch);
      }
    });
    return;
  }
  for (int64_t n = 0; n < s.batch; ++n) {
    Scratch scratch(s);
    std::vector<float> partial(slices * length, 0.f);
    prepare(n, 0, s.groups, scratch);
    at::parallel_for(0, slices, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) reduce(n, part(i), scratch, partial.data() + i * length);
    });
    for (int64_t i = 0; i < slices; ++i) add(scratch.sums(), partial.data() + i * length);
    finish(n, 0, s.groups, scratch, scratch.sums());
    at::parallel_for(0, slices, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) apply(n, part(i), scratch);
    });
  }
}

// Adds the byte offset of a part of sample n.
template <class T>
T* at_part(T* base, const Shape& s, int64_t n, const Part& p) {
  return base + (n * s.channels * s.pixels + p.row * p.columns) * s.bytes();
}

float first_value(const char* x, const Shape& s, int64_t n, int64_t c) {
  const int64_t at = n * s.channels * s.pixels + (s.last ? c : c * s.pixels);
  if (!s.bf16) return reinterpret_cast<const float*>(x)[at];
  return static_cast<float>(reinterpret_cast<const at::BFloat16*>(x)[at]);
}

struct Inputs {
  Values weight, bias, scale, shift;
  // gain and offset of channels of groups [from, to), given the groups' mean and 1 / deviation
  void fill(const Shape& s, int64_t n, int64_t from, int64_t to, const float* mean, const float* rstd,
            Scratch& scratch) const {
    const int64_t d = s.per_group();
    for (int64_t g = from; g < to; ++g) {
      const float r = rstd[n * s.groups + g], m = mean[n * s.groups + g];
      for (int64_t c = g * d; c < (g + 1) * d; ++c) {
        const float one_scale = 1.f + scale.at(n, c, 0.f);
        const float gain = r * weight.at(0, c, 1.f);
        scratch.gain()[c] = gain * one_scale;
        scratch.offset()[c] = (bias.at(0, c, 0.f) - m * gain) * one_scale + shift.at(n, c, 0.f);
      }
    }
  }
};

// The loops index channels by row in the contiguous layout, from the part's first row.
Coefficients coefficients(const Shape& s, const Part& p, Scratch& scratch) {
  return scratch.coefficients(s.last ? 0 : p.row);
}
int64_t sums_at(const Shape& s, const Part& p) { return s.last ? 0 : p.row; }

at::Tensor forward(const at::Tensor& x, const Shape& s, const Inputs& in, Activation act, double eps, at::Tensor& mean,
                   at::Tensor& rstd) {
  const GroupNormLoops& inner = loops().group_norm[s.bf16][s.last];
  at::Tensor y = at::empty_like(x);
  mean = at::empty({s.batch, s.groups}, x.options().dtype(at::kFloat).memory_format(std::nullopt));
  rstd = at::empty_like(mean);
  const char* from = static_cast<const char*>(x.const_data_ptr());
  char* to = static_cast<char*>(y.mutable_data_ptr());
  float *means = mean.mutable_data_ptr<float>(), *rstds = rstd.mutable_data_ptr<float>();
  const int64_t d = s.per_group();
  two_passes(
      s,
      [&](int64_t n, int64_t g, int64_t end, Scratch& scratch) {
        for (int64_t c = g * d; c < end * d; ++c) scratch.centre()[c] = first_value(from, s, n, c);
      },
      [&](int64_t n, const Part& p, Scratch& scratch, float* sums) {
        const int64_t c = sums_at(s, p);
        inner.moments(at_part(from, s, n, p), p.rows, p.columns, coefficients(s, p, scratch), sums + c,
                      sums + s.padded() + c);
      },
      [&](int64_t n, int64_t g, int64_t end, Scratch& scratch, const float* sums) {
        // Channels' moments about their own first value, joined in double (Chan, Golub and LeVeque 1979)
        const double pixels = static_cast<double>(s.pixels);
        for (; g < end; ++g) {
          double m = 0, squares = 0;
          for (int64_t c = g * d; c < (g + 1) * d; ++c) m += scratch.centre()[c] + sums[c] / pixels;
          m /= static_cast<double>(d);
          for (int64_t c = g * d; c < (g + 1) * d; ++c) {
            const double delta = scratch.centre()[c] + sums[c] / pixels - m;
            squares += sums[s.padded() + c] - static_cast<double>(sums[c]) * sums[c] / pixels + pixels * delta * delta;
          }
          means[n * s.groups + g] = static_cast<float>(m);
          // max() with NaN second keeps the NaN
          rstds[n * s.groups + g] = static_cast<float>(1 / std::sqrt((squares < 0 ? 0 : squares) / (pixels * d) + eps));
          in.fill(s, n, g, g + 1, means, rstds, scratch);
        }
      },
      [&](int64_t n, const Part& p, Scratch& scratch) {
        inner.apply(at_part(from, s, n, p), at_part(to, s, n, p), p.rows, p.columns, coefficients(s, p, scratch),
                    act == Activation::silu);
      });
  return y;
}

// dx, and per sample and channel: sum(dz) and sum(dz x^)
at::Tensor backward(const at::Tensor& x, const at::Tensor& dy, const Shape& s, const Inputs& in, Activation act,
                    const float* means, const float* rstds, float* sum_z, float* sum_zx) {
  const GroupNormLoops& inner = loops().group_norm[s.bf16][s.last];
  at::Tensor dx = at::empty_like(x);
  const char* from = static_cast<const char*>(x.const_data_ptr());
  const char* grad = static_cast<const char*>(dy.const_data_ptr());
  char* to = static_cast<char*>(dx.mutable_data_ptr());
  const bool silu = act == Activation::silu;
  const int64_t d = s.per_group();
  const double count = static_cast<double>(s.pixels * d);
  two_passes(
      s,
      [&](int64_t n, int64_t g, int64_t end, Scratch& scratch) {
        in.fill(s, n, g, end, means, rstds, scratch);
        for (; g < end; ++g) std::fill_n(scratch.centre() + g * d, d, means[n * s.groups + g]);
      },
      [&](int64_t n, const Part& p, Scratch& scratch, float* sums) {
        const int64_t c = sums_at(s, p);
        inner.backward_sums(at_part(from, s, n, p), at_part(grad, s, n, p), p.rows, p.columns,
                            coefficients(s, p, scratch), silu, sums + c, sums + s.padded() + c);
      },
      [&](int64_t n, int64_t g, int64_t end, Scratch& scratch, const float* sums) {
        for (; g < end; ++g) {
          const double r = rstds[n * s.groups + g], m = means[n * s.groups + g];
          double sum = 0, sum_x = 0;
          for (int64_t c = g * d; c < (g + 1) * d; ++c) {
            const double gamma = in.weight.at(0, c, 1.f) * (1.0 + in.scale.at(n, c, 0.f));
            sum_z[n * s.channels + c] = sums[c];
            sum_zx[n * s.channels + c] = static_cast<float>(r * sums[s.padded() + c]);
            sum += gamma * sums[c];
            sum_x += gamma * r * sums[s.padded() + c];
          }
          for (int64_t c = g * d; c < (g + 1) * d; ++c) {
            scratch.grad_z()[c] = scratch.gain()[c];
            scratch.grad_x()[c] = static_cast<float>(-r * r * sum_x / count);
            scratch.grad_const()[c] = static_cast<float>((m * r * r * sum_x - r * sum) / count);
          }
        }
      },
      [&](int64_t n, const Part& p, Scratch& scratch) {
        inner.backward_apply(at_part(from, s, n, p), at_part(grad, s, n, p), at_part(to, s, n, p), p.rows, p.columns,
                             coefficients(s, p, scratch), silu);
      });
  return dx;
}

at::Tensor view_of(const at::Tensor& t) { return t.defined() ? t.view_as(t) : t; }

using Optional = std::optional<at::Tensor>;  // an undefined tensor is no input of a Function
Optional optional(const at::Tensor& t) { return t.defined() ? Optional(t) : std::nullopt; }

struct GroupNormAct : torch::autograd::Function<GroupNormAct> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& x, const Optional& weight_,
                            const Optional& bias_, const Optional& scale_, const Optional& shift_, int64_t groups,
                            int64_t act, double eps) {
    const at::Tensor weight = weight_.value_or(at::Tensor()), bias = bias_.value_or(at::Tensor());
    const at::Tensor scale = scale_.value_or(at::Tensor()), shift = shift_.value_or(at::Tensor());
    const Inputs in{Values(weight), Values(bias), Values(scale), Values(shift)};
    at::Tensor mean, rstd;
    at::Tensor y = kernels::forward(x, shape_of(x, groups), in, static_cast<Activation>(act), eps, mean, rstd);
    ctx->save_for_backward({x, weight, bias, scale, shift, mean, rstd});
    ctx->saved_data["groups"] = groups;
    ctx->saved_data["act"] = act;
    ctx->saved_data["eps"] = eps;
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const int64_t groups = ctx->saved_data["groups"].toInt();
    const auto act = static_cast<Activation>(ctx->saved_data["act"].toInt());
    const double eps = ctx->saved_data["eps"].toDouble();
    torch::autograd::variable_list result(8);
    if (at::GradMode::is_enabled()) {  // someone will differentiate these gradients: make them from ATen's operators
      // Views, so that a gradient to x does not also count what reaches x through scale's own graph
      torch::autograd::variable_list in(saved.begin(), saved.begin() + 5), wanted;
      for (auto& t : in) t = view_of(t);
      const at::Tensor y = group_norm_act_reference(in[0], groups, in[1], in[2], in[3], in[4], act, eps);
      for (const auto& t : in)
        if (t.defined() && t.requires_grad()) wanted.push_back(t);
      const auto found = torch::autograd::grad({y}, wanted, {grads[0]}, true, true, true);
      for (size_t i = 0, j = 0; i < in.size(); ++i)
        if (in[i].defined() && in[i].requires_grad()) result[i] = found[j++];
      return result;
    }
    const at::Tensor &x = saved[0], &weight = saved[1], &bias = saved[2], &scale = saved[3], &shift = saved[4];
    const Shape s = shape_of(x, groups);
    const Inputs in{Values(weight), Values(bias), Values(scale), Values(shift)};
    const auto options = x.options().dtype(at::kFloat).memory_format(std::nullopt);
    at::Tensor sums = at::empty({2, s.batch, s.channels}, options);
    float *z = sums.mutable_data_ptr<float>(), *zx = z + s.batch * s.channels;
    result[0] = kernels::backward(x, ordered_like(grads[0], x), s, in, act, saved[5].const_data_ptr<float>(),
                                  saved[6].const_data_ptr<float>(), z, zx);
    const auto as = [](const at::Tensor& t, const at::Tensor& like) { return t.to(like.scalar_type()); };
    if (weight.defined() || bias.defined()) {
      at::Tensor both = at::zeros({2, s.channels}, options);
      float* to = both.mutable_data_ptr<float>();
      for (int64_t n = 0; n < s.batch; ++n)
        for (int64_t c = 0; c < s.channels; ++c) {
          const float one_scale = 1.f + in.scale.at(n, c, 0.f);
          to[c] += one_scale * zx[n * s.channels + c];
          to[s.channels + c] += one_scale * z[n * s.channels + c];
        }
      if (weight.defined()) result[1] = as(both[0], weight);
      if (bias.defined()) result[2] = as(both[1], bias);
    }
    if (scale.defined()) {
      at::Tensor d = at::empty({s.batch, s.channels}, options);
      float* to = d.mutable_data_ptr<float>();
      for (int64_t n = 0; n < s.batch; ++n)
        for (int64_t c = 0; c < s.channels; ++c)
          to[n * s.channels + c] =
              in.weight.at(0, c, 1.f) * zx[n * s.channels + c] + in.bias.at(0, c, 0.f) * z[n * s.channels + c];
      result[3] = as(d, scale);
    }
    if (shift.defined()) result[4] = as(sums[0], shift);
    return result;
  }
};

void check(const at::Tensor& x, int64_t groups, const at::Tensor& weight, const at::Tensor& bias,
           const at::Tensor& scale, const at::Tensor& shift) {
  if (x.dim() != 3 && x.dim() != 4)
    throw Error("group norm wants x [B,C,H,W] or [B,C,T], but x has " + std::to_string(x.dim()) + " dimensions");
  const int64_t channels = x.size(1);
  if (groups < 1 || channels % groups != 0)
    throw Error("group norm wants groups that divide the channels, but got " + std::to_string(groups) + " groups and " +
                std::to_string(channels) + " channels");
  for (const auto* t : {&weight, &bias})
    if (t->defined() && (t->dim() != 1 || t->size(0) != channels))
      throw Error("group norm wants weight and bias of " + std::to_string(channels) + " channels, but got " +
                  c10::str(t->sizes()));
  for (const auto* t : {&scale, &shift})
    if (t->defined() && (t->dim() != 2 || t->size(0) != x.size(0) || t->size(1) != channels))
      throw Error("group norm wants scale and shift of shape [" + std::to_string(x.size(0)) + ", " +
                  std::to_string(channels) + "], but got " + c10::str(t->sizes()));
}

}  // namespace

at::Tensor group_norm_act_reference(const at::Tensor& x, int64_t groups, const at::Tensor& weight,
                                    const at::Tensor& bias, const at::Tensor& scale, const at::Tensor& shift,
                                    Activation act, double eps) {
  check(x, groups, weight, bias, scale, shift);
  const auto type = at::promote_types(x.scalar_type(), at::kFloat);
  const auto cast = [&](const at::Tensor& t) { return t.defined() ? t.to(type) : t; };
  const auto by_pixel = [&](const at::Tensor& t) {
    at::Tensor v = cast(t).unsqueeze(-1).unsqueeze(-1);
    return v;
  };
  // [B,C,T] as [B,C,1,T], for ATen keeps the memory format of images only
  at::Tensor y = cast(x.dim() == 3 ? x.unsqueeze(2) : x);
  y = at::group_norm(y, groups, cast(weight), cast(bias), eps, false);
  if (scale.defined()) y = y * (1 + by_pixel(scale));
  if (shift.defined()) y = y + by_pixel(shift);
  if (act == Activation::silu) y = at::silu(y);
  y = y.to(x.scalar_type());
  return x.dim() == 3 ? y.squeeze(2) : y;
}

at::Tensor group_norm_act(const at::Tensor& x, int64_t groups, const at::Tensor& weight, const at::Tensor& bias,
                          const at::Tensor& scale, const at::Tensor& shift, Activation act, double eps) {
  check(x, groups, weight, bias, scale, shift);
  const bool fast = !plain_on_this_thread() && x.is_cpu() && x.numel() > 0 &&
                    (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
  if (!fast) return group_norm_act_reference(x, groups, weight, bias, scale, shift, act, eps);
  const at::Tensor ordered = dense(x);
  if (at::GradMode::is_enabled())
    return GroupNormAct::apply(ordered, optional(weight), optional(bias), optional(scale), optional(shift), groups,
                               static_cast<int64_t>(act), eps);
  at::Tensor mean, rstd;
  const Inputs in{Values(weight), Values(bias), Values(scale), Values(shift)};
  return forward(ordered, shape_of(ordered, groups), in, act, eps, mean, rstd);
}

}  // namespace basin::kernels
