// Dropout's mask against Random123's Philox, one element at a time, in every layout and type.
#include "abi/kernels/dropout.hpp"

#include <Random123/philox.h>

#include "abi/error.hpp"
#include "compare.hpp"

using namespace kernels_test;
using basin::kernels::dropout;
using basin::kernels::DropoutKey;

namespace {
const DropoutKey kKey{0x0123456789abcdefULL, 7, 41, 1000};

bool kept(const DropoutKey& k, int64_t id, int64_t position, uint32_t threshold) {
  r123::Philox4x32 generator;
  const r123::Philox4x32::ctr_type counter = {
      {static_cast<uint32_t>(position / 8), static_cast<uint32_t>(id), k.step, k.purpose << 24 | k.slot}};
  const r123::Philox4x32::key_type key = {{static_cast<uint32_t>(k.seed), static_cast<uint32_t>(k.seed >> 32)}};
  const uint32_t word = generator(counter, key)[static_cast<size_t>(position % 8 / 2)];
  return (position % 2 ? word >> 16 : word & 0xffff) >= threshold;
}
}  // namespace

TEST_CASE("dropout: the mask is Random123's, whatever the layout") {
  const double p = 0.3;
  const auto threshold = static_cast<uint32_t>(std::llround(p * 65536));
  for (const auto& shape : {std::vector<int64_t>{2, 7, 5, 3}, {3, 24, 13}, {2, 50}, {2, 64, 17, 17}})
    for (const bool channels_last : {false, true})
      for (const auto type : {at::kFloat, at::kBFloat16, at::kDouble}) {
        if (channels_last && shape.size() == 2) continue;
        const Tensor plain = at::randn(shape) + 5, x = (channels_last ? last(plain) : plain).to(type);
        const Tensor ids = at::arange(shape[0]) * 1000003 + 17, y = dropout(x, p, kKey, ids);
        REQUIRE(y.strides() == x.strides());
        const Tensor rows = y.reshape({shape[0], shape[1], -1}).transpose(1, 2).contiguous().to(at::kDouble);
        const Tensor in = x.reshape({shape[0], shape[1], -1}).transpose(1, 2).contiguous().to(at::kDouble);
        const int64_t n = in.numel() / shape[0];
        int64_t wrong = 0;
        for (int64_t i = 0; i < in.numel(); ++i) {
          const bool keep = kept(kKey, ids[i / n].item<int64_t>(), i % n, threshold);
          const double expected = keep ? in.const_data_ptr<double>()[i] * 65536.0 / (65536 - threshold) : 0;
          wrong += std::abs(rows.const_data_ptr<double>()[i] - expected) > std::abs(expected) * 5e-3;
          if (i > 3000) i += 97;  // the whole beginning, then samples
        }
        CHECK(wrong == 0);
      }
}

TEST_CASE("dropout: a sample's mask does not depend on its batch or on the threads") {
  const int threads = at::get_num_threads();
  const Tensor x = last(at::randn({4, 32, 40, 40})), ids = at::arange(4) + 7;
  at::set_num_threads(1);
  const Tensor one = dropout(x, 0.5, kKey, ids);
  at::set_num_threads(3);
  CHECK(at::equal(dropout(x, 0.5, kKey, ids), one));
  CHECK(at::equal(dropout(x.narrow(0, 2, 1), 0.5, kKey, ids.narrow(0, 2, 1)), one.narrow(0, 2, 1)));
  at::set_num_threads(threads);
  DropoutKey other = kKey;
  other.slot++;
  CHECK_FALSE(at::equal(dropout(x, 0.5, other, ids), one));
}

TEST_CASE("dropout: the gradient has the same mask, and so has its gradient") {
  const Tensor x = leaf(last(at::randn({2, 16, 9, 9}))), ids = at::arange(2), dy = leaf(at::randn({2, 16, 9, 9}));
  const Tensor y = dropout(x, 0.4, kKey, ids), mask = dropout(at::ones_like(x), 0.4, kKey, ids);
  const Tensor g = gradients(y, {x}, dy, true)[0];
  CHECK(difference(g, dy * mask) <= 1e-6);
  const Tensor v = at::randn_like(g);
  CHECK(difference(gradients(g, {dy}, v)[0], v * mask) <= 1e-6);
}

TEST_CASE("dropout: the rate, the identity, and what is refused") {
  const Tensor x = last(at::ones({8, 64, 32, 32})), ids = at::arange(8);
  const Tensor y = dropout(x, 0.3, kKey, ids);
  const double rate = (y == 0).to(at::kDouble).mean().item<double>();  // standard deviation 0.0006
  CHECK(std::abs(rate - 0.3) < 0.003);
  CHECK(at::equal(dropout(x, 0.0, kKey, ids), x));
  CHECK_THROWS_AS(dropout(x, 1.0, kKey, ids), basin::Error);
  CHECK_THROWS_AS(dropout(x, 0.3, kKey, at::arange(7)), basin::Error);
}
