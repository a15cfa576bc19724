// Philox 4x32-10 and Box-Muller; compiled without contraction into fused operations, which would change bits.
#include "abi/philox.hpp"

#include "abi/philox_block.hpp"

namespace basin::philox {
namespace {

struct Words {
  uint32_t of[4][kBlocks];  // [word of the block][block]
};

void fill(const Stream& s, uint32_t first, int64_t n, Words& words) {
  for (int64_t i = 0; i < n; ++i) {
    const auto r = block(s, first + static_cast<uint32_t>(i));
    for (int w = 0; w < 4; ++w) words.of[w][i] = r.word[w];
  }
}

}  // namespace

void bits(const Stream& stream, uint32_t first, int64_t n, uint32_t* out) {
  for (int64_t i = 0; i < n; ++i) {
    const auto r = block(stream, first + static_cast<uint32_t>(i));
    for (int w = 0; w < 4; ++w) out[4 * i + w] = r.word[w];
  }
}

void uniform(const Stream& stream, uint32_t first, int64_t n, float* out) {
  Words words;
  fill(stream, first, n, words);
  for (int w = 0; w < 4; ++w)
    for (int64_t i = 0; i < n; ++i) out[4 * i + w] = uniform_of(words.of[w][i]);
}

void normal(const Stream& stream, uint32_t first, int64_t n, float* out) {
  Words words;
  fill(stream, first, n, words);
  float radius[kBlocks], sine[kBlocks], cosine[kBlocks];
  for (int pair = 0; pair < 2; ++pair) {
    const uint32_t *length = words.of[2 * pair], *angle = words.of[2 * pair + 1];
    for (int64_t i = 0; i < n; ++i) radius[i] = radius_of(length[i]);
    for (int64_t i = 0; i < n; ++i) turn(angle[i], sine[i], cosine[i]);
    for (int64_t i = 0; i < n; ++i) {
      out[4 * i + 2 * pair] = radius[i] * cosine[i];
      out[4 * i + 2 * pair + 1] = radius[i] * sine[i];
    }
  }
}

}  // namespace basin::philox
