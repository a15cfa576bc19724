// Self-attention over the pixels of an image (Vaswani et al. 2017, arXiv:1706.03762, eq. 1) from one packed projection,
// as diffusion U-Nets hold it: softmax(q k^T / sqrt(D)) v for each head of D channels.
#pragma once
#include "abi/aten.hpp"

namespace basin::kernels {

// How the 3C channels are ordered. guided-diffusion has both (QKVAttention and QKVAttentionLegacy); the weights are the
// same but for this permutation, so the wrong one gives wrong images without an error.
enum class QkvOrder {
  split_first,  // [q, k, v][head][D]: use_new_attention_order
  heads_first,  // [head][q, k, v][D]: the older checkpoints
};

// y [B,C,...] from qkv [B,3C,...]: images [B,3C,H,W] or sequences [B,3C,T], of qkv's type and memory format
// (channels_last, or for [B,3C,T] a contiguous transpose, needs no copy). Differentiable, twice as well. Throws
// basin::Error where 3 * heads does not divide the channels.
//   plain: from matrix products and a softmax, whatever the device: every gradient of every order, T x T memory; so
//          it is, too, while a Plain lives (plain.hpp)
at::Tensor attention_packed(const at::Tensor& qkv, int64_t heads, QkvOrder order, bool plain = false);

// The plain form: what the fast one is tested against. bf16 computes its softmax in fp32.
at::Tensor attention_packed_reference(const at::Tensor& qkv, int64_t heads, QkvOrder order);

}  // namespace basin::kernels
