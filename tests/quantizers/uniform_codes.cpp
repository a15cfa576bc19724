// The arithmetic of the uniform quantizer: against numbers worked out by hand, and its laws on random ones.
#include "uniform/codes.hpp"

#include <random>

#include "catch.hpp"

using namespace quantize;

namespace {
std::vector<float> decoded(const std::vector<float>& x, int64_t bits, bool symmetric,
                           std::vector<uint8_t>* codes = nullptr, Scale* scale = nullptr) {
  const Scale s = find_scale(x.data(), static_cast<int64_t>(x.size()), bits, symmetric);
  std::vector<float> out;
  for (float v : x) {
    const uint8_t code = encode(v, s, bits, symmetric);
    if (codes) codes->push_back(code);
    out.push_back(decode(code, s));
  }
  if (scale) *scale = s;
  return out;
}
}  // namespace

TEST_CASE("symmetric codes by hand") {
  // n = 7, s = 1: halves go to even numbers
  const std::vector<float> x{-7, -2.5f, -1.5f, 0, 0.5f, 1.5f, 6.4f};
  std::vector<uint8_t> codes;
  CHECK(decoded(x, 4, true, &codes) == std::vector<float>{-7, -2, -2, 0, 0, 2, 6});
  CHECK(codes == std::vector<uint8_t>{0, 5, 5, 7, 7, 9, 13});
}

TEST_CASE("affine codes by hand") {
  // 2 bits over [-1, 2]: s = 1, z = 1
  const std::vector<float> x{-1, 0, 0.4f, 1.2f, 2};
  std::vector<uint8_t> codes;
  Scale s;
  CHECK(decoded(x, 2, false, &codes, &s) == std::vector<float>{-1, 0, 0, 1, 2});
  CHECK(codes == std::vector<uint8_t>{0, 1, 1, 2, 3});
  CHECK(s.scale == 1);
  CHECK(s.zero == 1);
  // values of one sign: 0 is kept all the same
  CHECK(decoded({3, 6}, 2, false) == std::vector<float>{4, 6});
  CHECK(decoded({-3, -6}, 2, false) == std::vector<float>{-4, -6});
}

TEST_CASE("zeros stay zeros") {
  for (bool symmetric : {true, false}) {
    CHECK(decoded({0, 0, 0}, 8, symmetric) == std::vector<float>{0, 0, 0});
    CHECK(decoded({0.3f, 0, -0.1f}, 3, symmetric)[1] == 0);
  }
}

TEST_CASE("laws: within half a step, quantizing twice is quantizing once, packing loses nothing") {
  std::mt19937 generator(1);
  std::normal_distribution<float> normal;
  for (int64_t bits = 2; bits <= 8; ++bits)
    for (bool symmetric : {true, false})
      for (int repeat = 0; repeat < 300; ++repeat) {
        std::vector<float> x(static_cast<size_t>(1 + repeat % 97));
        for (float& v : x) v = normal(generator) * (repeat % 3 ? 1.0f : 1e-3f) + (repeat % 5 ? 0.0f : 0.5f);
        std::vector<uint8_t> codes, again;
        Scale s;
        const std::vector<float> once = decoded(x, bits, symmetric, &codes, &s);
        REQUIRE(decoded(once, bits, symmetric, &again) == once);
        REQUIRE(again == codes);
        // an affine zero point is rounded: up to half a step more at an end
        for (size_t i = 0; i < x.size(); ++i)
          REQUIRE(std::abs(x[i] - once[i]) <= s.scale * (symmetric ? 0.5001f : 1.0001f));
        const std::vector<uint8_t> packed = pack(codes, bits);
        REQUIRE(packed.size() == (codes.size() * static_cast<size_t>(bits) + 7) / 8);
        REQUIRE(unpack(packed, bits, static_cast<int64_t>(codes.size())) == codes);
      }
}
