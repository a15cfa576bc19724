// Philox 4x32-10 and Box-Muller; compiled without contraction into fused operations, which would change bits.
#include "abi/philox.hpp"

#include <Random123/philox.h>

#include <bit>
#include <cmath>

namespace basin::philox {
namespace {

struct Words {
  uint32_t of[4][kBlocks];  // [word of the block][block]
};

inline philox4x32_ctr_t block(const Stream& s, uint32_t index) {
  const philox4x32_ctr_t counter = {{index, s.sample, s.step, s.purpose_slot}};
  const philox4x32_key_t key = {{static_cast<uint32_t>(s.seed), static_cast<uint32_t>(s.seed >> 32)}};
  return philox4x32_R(10, counter, key);
}

void fill(const Stream& s, uint32_t first, int64_t n, Words& words) {
  for (int64_t i = 0; i < n; ++i) {
    const auto r = block(s, first + static_cast<uint32_t>(i));
    for (int w = 0; w < 4; ++w) words.of[w][i] = r.v[w];
  }
}

// ln u of u = (word + 1/2) / 2^32, as 2 artanh((m - 1) / (m + 1)) + e ln 2 with u = m 2^e, m in [0.7, 1.4)
inline float log_of(uint32_t word) {
  // A word as a signed integer keeps the conversion one instruction.
  const float high = static_cast<float>(static_cast<int32_t>(word >> 16)),
              low = static_cast<float>(static_cast<int32_t>(word & 0xffffu));
  const float u = (high * 65536.f + (low + 0.5f)) * 0x1p-32f;
  const int32_t raw = std::bit_cast<int32_t>(u);
  const int32_t e = (raw - 0x3f3504f3) >> 23;
  const float m = std::bit_cast<float>(raw - (e << 23));
  const float s = (m - 1.f) / (m + 1.f), q = s * s;
  const float series = s * (2.f + q * (2.f / 3 + q * (2.f / 5 + q * (2.f / 7 + q * (2.f / 9)))));
  return series + static_cast<float>(e) * 0.693147181f;
}

// sin and cos of 2 pi word / 2^32: the nearest quarter turn, and Taylor's polynomials on |angle| <= pi / 4
inline void turn(uint32_t word, float& sine, float& cosine) {
  const uint32_t quarter = (word + (1u << 29)) >> 30;
  const float x = static_cast<float>(static_cast<int32_t>(word - (quarter << 30))) * 1.46291808e-9f;  // 2 pi / 2^32
  const float q = x * x;
  const float s = x * (1.f + q * (-1.f / 6 + q * (1.f / 120 + q * (-1.f / 5040 + q * (1.f / 362880)))));
  const float c = 1.f + q * (-1.f / 2 + q * (1.f / 24 + q * (-1.f / 720 + q * (1.f / 40320 + q * (-1.f / 3628800)))));
  const bool swap = quarter & 1;
  const float a = swap ? c : s, b = swap ? s : c;
  sine = std::bit_cast<float>(std::bit_cast<uint32_t>(a) ^ ((quarter & 2) << 30));
  cosine = std::bit_cast<float>(std::bit_cast<uint32_t>(b) ^ (((quarter + 1) & 2) << 30));
}

}  // namespace

void bits(const Stream& stream, uint32_t first, int64_t n, uint32_t* out) {
  for (int64_t i = 0; i < n; ++i) {
    const auto r = block(stream, first + static_cast<uint32_t>(i));
    for (int w = 0; w < 4; ++w) out[4 * i + w] = r.v[w];
  }
}

void uniform(const Stream& stream, uint32_t first, int64_t n, float* out) {
  Words words;
  fill(stream, first, n, words);
  for (int w = 0; w < 4; ++w)
    for (int64_t i = 0; i < n; ++i)
      out[4 * i + w] = static_cast<float>(static_cast<int32_t>(words.of[w][i] >> 8)) * 0x1p-24f;
}

void normal(const Stream& stream, uint32_t first, int64_t n, float* out) {
  Words words;
  fill(stream, first, n, words);
  float radius[kBlocks], sine[kBlocks], cosine[kBlocks];
  for (int pair = 0; pair < 2; ++pair) {
    const uint32_t *length = words.of[2 * pair], *angle = words.of[2 * pair + 1];
    for (int64_t i = 0; i < n; ++i) radius[i] = __builtin_sqrtf(-2.f * log_of(length[i]));
    for (int64_t i = 0; i < n; ++i) turn(angle[i], sine[i], cosine[i]);
    for (int64_t i = 0; i < n; ++i) {
      out[4 * i + 2 * pair] = radius[i] * cosine[i];
      out[4 * i + 2 * pair + 1] = radius[i] * sine[i];
    }
  }
}

}  // namespace basin::philox
