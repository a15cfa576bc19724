// What each kind of layer computes.
//
// In a bf16 context the fp32 masters are cast here, inside the layer. While gradients are recorded the cast is part of
// the graph and made anew; otherwise it is kept for as long as the weights keep their version, and no longer: an
// optimizer that changes weights in place twice within a step (SAM) must see each change.
#include "abi/hooks.hpp"
#include "abi/kernels/attention.hpp"
#include "abi/kernels/dropout.hpp"
#include "abi/kernels/group_norm.hpp"
#include "abi/kernels/resample.hpp"
#include "abi/layers.hpp"

namespace basin {
namespace {

using Inputs = at::TensorList;

const Tensor& at_or_none(Inputs inputs, size_t i) {
  static const Tensor none;
  return i < inputs.size() ? inputs[i] : none;
}

[[noreturn]] void wrong(const Layer& layer, const std::string& what) {
  throw Error("layer '" + layer.name + "' (" + std::to_string(layer.index) + "): " + what + ".");
}

bool bf16(const basin_context* context) {
  const Context* host = Context::of(context);
  return host && host->precision == Precision::bf16;
}

// A weight or bias in the type that the layer computes in.
Tensor cast(Layer& layer, const Tensor& master, at::ScalarType type) {
  if (!master.defined() || master.scalar_type() == type) return master;
  const bool own_weight = master.is_same(layer.weight), own_bias = master.is_same(layer.bias);
  if (!(own_weight || own_bias) || (at::GradMode::is_enabled() && master.requires_grad())) return master.to(type);
  const std::lock_guard lock(layer.cast_mutex);
  const uint64_t version = layer.model->parameters.version();
  Tensor& kept = own_weight ? layer.cast.weight : layer.cast.bias;
  // One made in inference mode must not enter a graph.
  const bool usable = kept.defined() && layer.cast.version == version && kept.scalar_type() == type &&
                      (!kept.is_inference() || !at::GradMode::is_enabled());
  if (layer.cast.version != version) layer.cast.weight = layer.cast.bias = Tensor();
  if (!usable) kept = master.detach().to(type);
  layer.cast.version = version;
  return kept;
}

std::optional<Tensor> optional(const Tensor& t) { return t.defined() ? std::optional<Tensor>(t) : std::nullopt; }

Tensor linear(Layer& layer, const basin_context* context, Inputs in) {
  const auto type = bf16(context) ? at::kBFloat16 : at::kFloat;
  return at::linear(in[0].to(type), cast(layer, in[1], type), optional(cast(layer, at_or_none(in, 2), type)));
}

Tensor convolution(Layer& layer, const basin_context* context, Inputs in) {
  const auto& s = layer.spec;
  const auto type = bf16(context) ? at::kBFloat16 : at::kFloat;
  Tensor x = in[0].to(type), weight = cast(layer, in[1], type);
  const Tensor bias = cast(layer, at_or_none(in, 2), type), &residual = at_or_none(in, 3);
  if (weight.dim() == 3) weight = weight.unsqueeze(-1);  // a Conv1d's [out,in,1]
  Tensor y = at::conv2d(x, weight, optional(bias), s.stride, s.padding, 1, s.groups);
  // In place: a convolution's backward does not need its output.
  if (residual.defined()) y.add_(residual);
  return y;
}

Tensor norm(Layer& layer, const basin_context*, Inputs in) {
  const auto& s = layer.spec;
  const auto activation = s.activation == BASIN_ACTIVATION_SILU ? kernels::Activation::silu : kernels::Activation::none;
  const Tensor y = kernels::group_norm_act(in[0], s.groups, in[1], at_or_none(in, 2), at_or_none(in, 3),
                                           at_or_none(in, 4), activation, s.eps);
  return s.activation == BASIN_ACTIVATION_RELU ? at::relu(y) : y;
}

Tensor embedding(Layer& layer, const basin_context*, Inputs in) {
  if (in[0].scalar_type() != at::kLong) wrong(layer, "an embedding wants INT64 indices");
  return at::embedding(in[1], in[0]);
}

kernels::QkvOrder order_of(const Layer& layer) {
  return layer.spec.mode == BASIN_QKV_BY_HEAD ? kernels::QkvOrder::heads_first : kernels::QkvOrder::split_first;
}

Tensor attention(Layer& layer, const basin_context* context, Inputs in) {
  return kernels::attention_packed(bf16(context) ? in[0].to(at::kBFloat16) : in[0], layer.spec.heads, order_of(layer));
}

Tensor concat(Layer& layer, const basin_context*, Inputs in) {
  std::vector<Tensor> parts;
  for (const Tensor& t : in)
    if (t.defined()) parts.push_back(t);
  if (parts.empty()) wrong(layer, "nothing to join");
  return at::cat(parts, 1);
}

Tensor resample(Layer& layer, const basin_context*, Inputs in) {
  return layer.spec.mode == BASIN_RESAMPLE_UP ? kernels::upsample_nearest(in[0]) : kernels::average_pool(in[0]);
}

Tensor dropout(Layer& layer, const basin_context* context, Inputs in) {
  const Tensor& x = in[0];
  if (!context || !context->training || layer.spec.probability == 0) return x;
  if (static_cast<int64_t>(context->n_samples) != x.size(0))
    wrong(layer, "the batch has " + std::to_string(x.size(0)) + " rows, but the context names " +
                     std::to_string(context->n_samples) + " samples");
  const Tensor ids = at::empty({x.size(0)}, at::kLong);
  std::copy_n(context->sample_ids, context->n_samples, ids.mutable_data_ptr<int64_t>());
  const kernels::DropoutKey key{context->seed, BASIN_PURPOSE_DROPOUT, layer.index,
                                static_cast<uint32_t>(context->step)};
  return kernels::dropout(x, layer.spec.probability, key, ids);
}

Tensor activation(Layer& layer, const basin_context*, Inputs in) {
  if (layer.spec.activation == BASIN_ACTIVATION_SILU) return at::silu(in[0]);
  return layer.spec.activation == BASIN_ACTIVATION_RELU ? at::relu(in[0]) : in[0];
}

// A layer from its full inputs, weight and bias among them.
Tensor compute(Layer& layer, const basin_context* context, Inputs in) {
  switch (layer.spec.kind) {
    case BASIN_LAYER_LINEAR: return linear(layer, context, in);
    case BASIN_LAYER_CONV: return convolution(layer, context, in);
    case BASIN_LAYER_NORM: return norm(layer, context, in);
    case BASIN_LAYER_EMBEDDING: return embedding(layer, context, in);
    case BASIN_LAYER_ATTENTION: return attention(layer, context, in);
    case BASIN_LAYER_CONCAT: return concat(layer, context, in);
    case BASIN_LAYER_RESAMPLE: return resample(layer, context, in);
    case BASIN_LAYER_DROPOUT: return dropout(layer, context, in);
    default: return activation(layer, context, in);
  }
}

// The inputs of a call with weight and bias put in their places.
std::vector<Tensor> full_inputs(const Layer& layer, Inputs in) {
  if (layer.spec.kind > BASIN_LAYER_EMBEDDING) return in.vec();
  std::vector<Tensor> full{in[0], layer.weight, layer.bias};
  full.insert(full.end(), in.begin() + 1, in.end());
  return full;
}

void check_inputs(const Layer& layer, Inputs in) {
  static constexpr size_t most[] = {0, 1, 2, 3, 1, 1, SIZE_MAX, 1, 1, 1};
  const bool joins = layer.spec.kind == BASIN_LAYER_CONCAT;
  if (in.empty() || (!joins && !in[0].defined())) wrong(layer, "its first input is missing");
  if (in.size() > most[layer.spec.kind])
    wrong(layer, "takes up to " + std::to_string(most[layer.spec.kind]) + " inputs, but " + std::to_string(in.size()) +
                     " were given");
}

// q, k, v [3,B,heads,T,D] of qkv [B,3C,H,W] or [B,3C,T]
Tensor split_heads(const Layer& layer, const Tensor& qkv) {
  const int64_t heads = layer.spec.heads;
  if (qkv.dim() < 3 || qkv.size(1) % (3 * heads) != 0)
    wrong(layer, "3 x " + std::to_string(heads) + " heads do not divide the channels of qkv " + c10::str(qkv.sizes()));
  const int64_t b = qkv.size(0), d = qkv.size(1) / (3 * heads);
  const Tensor flat = qkv.flatten(2);
  if (layer.spec.mode == BASIN_QKV_BY_PART) return flat.reshape({b, 3, heads, d, -1}).permute({1, 0, 2, 4, 3});
  return flat.reshape({b, heads, 3, d, -1}).permute({2, 0, 1, 4, 3});
}

// A hooked attention: hooks see q, k, v [B,heads,T,D], and give y [B,heads,T,D].
Tensor hooked_attention(Layer& layer, const basin_context* context, const Tensor& qkv) {
  const Tensor parts = split_heads(layer, bf16(context) ? qkv.to(at::kBFloat16) : qkv);
  const Original plain = [](Inputs in) {
    if (in.size() != 3) throw Error("attention wants q, k and v, but " + std::to_string(in.size()) + " inputs came.");
    const double scale = 1 / std::sqrt(static_cast<double>(in[0].size(-1)));
    if (!at::GradMode::is_enabled()) return std::vector<Tensor>{at::scaled_dot_product_attention(in[0], in[1], in[2])};
    // From matrix products and a softmax, so that it has gradients of every order.
    const Tensor scores = at::matmul(in[0] * scale, in[1].transpose(-1, -2));
    const Tensor p = at::softmax(scores, -1, at::kFloat).to(in[2].scalar_type());
    return std::vector<Tensor>{at::matmul(p, in[2])};
  };
  const Tensor y = run_hooks({&layer, nullptr, context}, layer.hooks, {parts[0], parts[1], parts[2]}, 1, plain)[0];
  std::vector<int64_t> shape = qkv.sizes().vec();
  shape[1] /= 3;
  const Tensor rows = y.transpose(1, 2).flatten(2).transpose(1, 2);  // [B,C,T]
  return rows.reshape(shape).contiguous(qkv.suggest_memory_format());
}

}  // namespace

Tensor run_layer(Layer& layer, const basin_context* context, at::TensorList inputs) {
  check_inputs(layer, inputs);
  if (layer.hooks.empty()) {
    if (layer.spec.kind > BASIN_LAYER_EMBEDDING) return compute(layer, context, inputs);
    const Tensor full[] = {inputs[0], layer.weight, layer.bias, at_or_none(inputs, 1), at_or_none(inputs, 2)};
    return compute(layer, context, full);
  }
  if (layer.spec.kind == BASIN_LAYER_ATTENTION) return hooked_attention(layer, context, inputs[0]);
  const Original original = [&](Inputs in) {
    if (in.empty() || (layer.spec.kind <= BASIN_LAYER_EMBEDDING && (in.size() < 2 || !in[1].defined())))
      wrong(layer, "a hook called the original without its weight");
    return std::vector<Tensor>{compute(layer, context, in)};
  };
  return run_hooks({&layer, nullptr, context}, layer.hooks, full_inputs(layer, inputs), 1, original)[0];
}

}  // namespace basin
