// Uniform quantization of numbers in memory: scales, codes, and codes packed into bits. No tensors here.
//
//   symmetric  s = max|x| / n, n = 2^(b-1) - 1;  q = clamp(round(x/s), -n, n);      x^ = q s
//   affine     s = (max - min) / m, m = 2^b - 1, min <= 0 <= max;  z = round(-min/s);
//              q = clamp(round(x/s) + z, 0, m);  x^ = (q - z) s
// Rounding is half to even. Both keep 0 exactly, and quantizing x^ again gives x^. Codes are stored as unsigned numbers
// (symmetric: q + n), b bits each, the first in the lowest bits.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace quantize {

struct Scale {
  float scale = 1;
  uint8_t zero = 0;  // the code that stands for 0
};

inline float decode(uint8_t code, Scale s) {
  return static_cast<float>(static_cast<int>(code) - static_cast<int>(s.zero)) * s.scale;
}

// Of values between low <= 0 and high >= 0. A scale is never denormal, where multiples of it would lose their places, and
// no level overflows: in rows so small or so large the codes are coarser, and every value stays finite.
inline Scale scale_of(float low, float high, int64_t bits, bool symmetric) {
  constexpr float smallest = std::numeric_limits<float>::min(), largest = std::numeric_limits<float>::max();
  const float levels = static_cast<float>((int64_t{1} << bits) - 1), half = std::floor(levels / 2);
  if (low == 0 && high == 0) return {1, static_cast<uint8_t>(symmetric ? half : 0)};
  if (symmetric) return {std::max(std::max(-low, high) / half, smallest), static_cast<uint8_t>(half)};
  float scale = std::max(static_cast<float>((double(high) - low) / levels), smallest);
  const float zero = std::clamp(std::nearbyint(-low / scale), 0.0f, levels), most = std::max(zero, levels - zero);
  if (scale > largest / most) scale = std::nextafter(largest / most, 0.0f);  // z was rounded, past the end of the range
  return {scale, static_cast<uint8_t>(zero)};
}

inline Scale find_scale(const float* x, int64_t n, int64_t bits, bool symmetric) {
  float low = 0, high = 0;
  for (int64_t i = 0; i < n; ++i) low = std::min(low, x[i]), high = std::max(high, x[i]);
  Scale s = scale_of(low, high, bits, symmetric);
  if (low == 0 && high == 0) return s;
  // Rounding may move the scale of the decoded values by its last place: take the one that stays where it is.
  const uint8_t top = static_cast<uint8_t>((1 << bits) - (symmetric ? 2 : 1));
  for (int tries = 0; tries < 8; ++tries) {
    const Scale again = scale_of(std::min(0.0f, decode(0, s)), std::max(0.0f, decode(top, s)), bits, symmetric);
    if (again.zero != s.zero || again.scale == s.scale) break;
    s = again;
  }
  return s;
}

inline uint8_t encode(float x, Scale s, int64_t bits, bool symmetric) {
  const float top = static_cast<float>((int64_t{1} << bits) - (symmetric ? 2 : 1));
  return static_cast<uint8_t>(std::clamp(std::nearbyint(x / s.scale) + static_cast<float>(s.zero), 0.0f, top));
}

inline std::vector<uint8_t> pack(const std::vector<uint8_t>& codes, int64_t bits) {
  std::vector<uint8_t> bytes((codes.size() * static_cast<size_t>(bits) + 7) / 8);
  size_t at = 0;
  for (uint8_t code : codes) {
    const unsigned shifted = static_cast<unsigned>(code) << (at % 8);
    bytes[at / 8] |= static_cast<uint8_t>(shifted);
    if (shifted >> 8) bytes[at / 8 + 1] |= static_cast<uint8_t>(shifted >> 8);
    at += static_cast<size_t>(bits);
  }
  return bytes;
}
inline std::vector<uint8_t> unpack(const std::vector<uint8_t>& bytes, int64_t bits, int64_t n) {
  std::vector<uint8_t> codes(static_cast<size_t>(n));
  size_t at = 0;
  for (uint8_t& code : codes) {
    unsigned word = bytes[at / 8];
    if (at % 8 + static_cast<size_t>(bits) > 8) word |= static_cast<unsigned>(bytes[at / 8 + 1]) << 8;
    code = static_cast<uint8_t>((word >> (at % 8)) & ((1u << bits) - 1));
    at += static_cast<size_t>(bits);
  }
  return codes;
}

}  // namespace quantize
