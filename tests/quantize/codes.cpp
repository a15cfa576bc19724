// The arithmetic of uniform quantization on rows of numbers: laws that hold for every row, bits and scheme.
#include "codes.hpp"

#include <random>
#include <set>

#include "catch.hpp"

namespace {

struct Row {
  std::string what;
  std::vector<float> values;
};

// Rows as weights have them, and rows that look for trouble.
std::vector<Row> rows() {
  std::mt19937 numbers(1);
  std::normal_distribution<float> normal;
  std::vector<Row> all;
  for (float scale : {1.0f, 1e-3f, 1e-20f, 1e10f, 3.3333f})
    for (float shift : {0.0f, 0.3f, -5.0f, 40.0f})
      for (int i = 0; i < 12; i++) {
        Row row{"normal", {}};
        for (int k = 0; k < 37; k++) row.values.push_back((normal(numbers) + shift) * scale);
        all.push_back(row);
      }
  all.push_back({"zeros", std::vector<float>(9, 0.0f)});
  all.push_back({"minus zero", {-0.0f, 0.0f}});
  all.push_back({"one number", {0.7f}});
  all.push_back({"one negative number", {-0.7f}});
  all.push_back({"equal", std::vector<float>(9, 0.3f)});
  all.push_back({"an outlier", {1e-3f, -2e-3f, 100.0f}});
  all.push_back({"denormal", {1e-44f, -3e-44f, 0}});
  all.push_back({"the smallest normal", {1.2e-38f, -1.2e-38f, 0}});
  all.push_back({"huge", {3.0e38f, -3.0e38f, 1.0f}});
  all.push_back({"huge, one side", {3.4e38f, 0, 1.0f}});
  return all;
}

struct Coded {
  quantize::Scale scale;
  std::vector<uint8_t> codes;
  std::vector<float> values;
};
Coded code(const std::vector<float>& x, int64_t bits, bool symmetric) {
  Coded c;
  c.scale = quantize::find_scale(x.data(), static_cast<int64_t>(x.size()), bits, symmetric);
  for (float v : x) {
    c.codes.push_back(quantize::encode(v, c.scale, bits, symmetric));
    c.values.push_back(quantize::decode(c.codes.back(), c.scale));
  }
  return c;
}

template <class Body>
void for_all(Body body) {
  for (const Row& row : rows())
    for (int64_t bits = 2; bits <= 8; bits++)
      for (bool symmetric : {true, false}) {
        INFO(row.what << ", " << row.values[0] << " ..., " << bits << " bits, symmetric " << symmetric);
        body(row, bits, symmetric);
      }
}

}  // namespace

TEST_CASE("a row has at most 2^b levels, the symmetric scheme one fewer, and 0 is one of them") {
  for_all([](const Row& row, int64_t bits, bool symmetric) {
    const Coded c = code(row.values, bits, symmetric);
    const int64_t most = (1 << bits) - (symmetric ? 1 : 0);
    std::set<float> levels(c.values.begin(), c.values.end());
    CHECK(static_cast<int64_t>(levels.size()) <= most);
    for (uint8_t q : c.codes) CHECK(static_cast<int64_t>(q) < most);
    CHECK(quantize::decode(quantize::encode(0, c.scale, bits, symmetric), c.scale) == 0);
  });
}

TEST_CASE("no value moves by more than half a step, in double") {
  for_all([](const Row& row, int64_t bits, bool symmetric) {
    const Coded c = code(row.values, bits, symmetric);
    float low = 0, high = 0;
    for (float v : row.values) low = std::min(low, v), high = std::max(high, v);
    const double step = symmetric ? std::max(-double(low), double(high)) / ((1 << (bits - 1)) - 1)
                                  : (double(high) - double(low)) / ((1 << bits) - 1);
    // Affine: the zero point is rounded to a whole code, which shifts the ends of the range by up to half a step.
    const double most = (symmetric ? 0.5 : 1.0) * step;
    for (size_t i = 0; i < row.values.size(); i++) {
      CHECK(std::isfinite(c.values[i]));
      CHECK(std::abs(double(row.values[i]) - double(c.values[i])) <= most * (1 + 1e-5) + 1e-37);
    }
  });
}

TEST_CASE("what was quantized is quantized to itself") {
  for_all([](const Row& row, int64_t bits, bool symmetric) {
    const Coded once = code(row.values, bits, symmetric), twice = code(once.values, bits, symmetric);
    CHECK(once.values == twice.values);
  });
}

TEST_CASE("rounding is half to even") {
  // symmetric 3 bits: n = 3, the scale of a row with 3 is 1
  const std::vector<float> x = {3, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f};
  CHECK(code(x, 3, true).values == std::vector<float>{3, 0, 2, 2, 0, -2, -2});
}

TEST_CASE("affine: scale, zero point and codes by hand") {
  // low -1, high 2, 2 bits: s = 1, z = 1
  const Coded c = code({-1, 0, 0.4f, 0.6f, 2, 1.5f}, 2, false);
  CHECK(c.scale.scale == 1);
  CHECK(int(c.scale.zero) == 1);
  CHECK(c.codes == std::vector<uint8_t>{0, 1, 1, 2, 3, 3});
  CHECK(c.values == std::vector<float>{-1, 0, 0, 1, 2, 2});
  // one side only: 0 stays a level
  const Coded one = code({0.2f, 0.9f}, 8, false);
  CHECK(int(one.scale.zero) == 0);
}

TEST_CASE("codes pack into bits, the first in the lowest, and come back") {
  std::mt19937 numbers(2);
  for (int64_t bits = 2; bits <= 8; bits++)
    for (size_t n : {1, 2, 7, 8, 9, 1000}) {
      std::vector<uint8_t> codes(n);
      for (auto& c : codes) c = static_cast<uint8_t>(numbers() & ((1u << bits) - 1));
      const auto bytes = quantize::pack(codes, bits);
      CHECK(bytes.size() == (n * static_cast<size_t>(bits) + 7) / 8);
      CHECK(quantize::unpack(bytes, bits, static_cast<int64_t>(n)) == codes);
    }
  CHECK(quantize::pack({1, 2, 3}, 3) == std::vector<uint8_t>{0b11010001, 0b0});
}
