// Philox by known answers, and that a number depends on its place alone.
#include "abi/philox.hpp"
#include "support.hpp"

namespace philox = basin::philox;

static at::Tensor drawn(const basin_stream& s, int32_t distribution, std::vector<int64_t> ids,
                        std::vector<int64_t> sizes) {
  Handle out;
  ok(randoms().draw(&s, distribution, ids.data(), static_cast<uint32_t>(ids.size()), sizes.data(),
                    static_cast<uint32_t>(sizes.size()), nullptr, &out));
  return out.tensor();
}

TEST_CASE("Philox 4x32-10: the known answers of Random123") {
  struct Known {
    uint32_t counter[4];
    uint32_t key[2];
    uint32_t out[4];
  };
  // kat_vectors of the Random123 distribution, "philox 4x32 10"
  static constexpr Known known[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (const auto& k : known) {
    const philox::Stream s{uint64_t{k.key[1]} << 32 | k.key[0], k.counter[1], k.counter[2], k.counter[3]};
    uint32_t out[4];
    philox::bits(s, k.counter[0], 1, out);
    for (int i = 0; i < 4; ++i) CHECK(out[i] == k.out[i]);
  }
}

TEST_CASE("the counter is laid out as random.h says") {
  const basin_stream s{sizeof s, BASIN_PURPOSE_NOISE, 0x123456, 0xfedcba9876543210, 77};
  const auto words = drawn(s, BASIN_BITS, {9}, {12});
  uint32_t expected[12];
  philox::bits({s.seed, 9, 77, uint32_t{BASIN_PURPOSE_NOISE} << 24 | 0x123456}, 0, 3, expected);
  for (int i = 0; i < 12; ++i) CHECK(words[0][i].item<int64_t>() == expected[i]);
}

TEST_CASE("a row depends on its id alone") {
  const auto s = basin::stream_of(5, BASIN_PURPOSE_NOISE, 3);
  std::vector<int64_t> ids(64);
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int64_t>(i * 31 % 97);
  for (int32_t distribution : {BASIN_NORMAL, BASIN_UNIFORM, BASIN_BITS}) {
    const auto all = drawn(s, distribution, ids, {3, 17, 5});
    for (size_t i : {size_t{0}, size_t{17}, size_t{63}}) {
      CHECK(at::equal(all[static_cast<int64_t>(i)], drawn(s, distribution, {ids[i]}, {3, 17, 5})[0]));
      // and a shorter draw is the beginning of a longer one
      CHECK(
          at::equal(all[static_cast<int64_t>(i)].flatten().narrow(0, 0, 7), drawn(s, distribution, {ids[i]}, {7})[0]));
    }
    if (distribution == BASIN_BITS) continue;
    std::vector<float> buffer(3 * 17 * 5);
    ok(randoms().fill(&s, distribution, ids[2], buffer.data(), buffer.size()));
    CHECK(at::equal(all[2].flatten(), at::tensor(buffer)));
  }
}

TEST_CASE("every part of the place matters") {
  const basin_stream s = basin::stream_of(1, 2, 3, 4);
  const auto base = drawn(s, BASIN_UNIFORM, {5}, {100});
  auto differs = [&](basin_stream other, int64_t id = 5) {
    return (drawn(other, BASIN_UNIFORM, {id}, {100}) == base).sum().item<int64_t>() == 0;
  };
  CHECK(differs(basin::stream_of(2, 2, 3, 4)));
  CHECK(differs(basin::stream_of(1 + (uint64_t{1} << 32), 2, 3, 4)));
  CHECK(differs(basin::stream_of(1, 3, 3, 4)));
  CHECK(differs(basin::stream_of(1, 2, 4, 4)));
  CHECK(differs(basin::stream_of(1, 2, 3, 5)));
  CHECK(differs(s, 6));
}

TEST_CASE("uniform and normal are so distributed") {
  const auto s = basin::stream_of(11, BASIN_PURPOSE_MEASURE);
  const int64_t n = 1 << 20;
  const auto u = drawn(s, BASIN_UNIFORM, {0}, {n}).to(at::kDouble);
  CHECK(u.min().item<double>() >= 0);
  CHECK(u.max().item<double>() < 1);
  CHECK(std::abs(u.mean().item<double>() - 0.5) < 5 * std::sqrt(1. / 12 / n));
  const auto z = drawn(s, BASIN_NORMAL, {0}, {n}).to(at::kDouble);
  CHECK(std::abs(z.mean().item<double>()) < 5 / std::sqrt(n));
  CHECK(std::abs(z.pow(2).mean().item<double>() - 1) < 5 * std::sqrt(2. / n));
  CHECK(std::abs(z.pow(3).mean().item<double>()) < 5 * std::sqrt(15. / n));
  CHECK(std::abs(z.pow(4).mean().item<double>() - 3) < 5 * std::sqrt(96. / n));
  // Kolmogorov and Smirnov's distance to the normal distribution, 0.1 % point
  const auto sorted = std::get<0>(z.sort());
  const auto cdf = 0.5 * (1 + at::erf(sorted / std::sqrt(2.)));
  const auto steps = at::arange(1, n + 1, at::kDouble) / static_cast<double>(n);
  CHECK((cdf - steps).abs().max().item<double>() < 1.95 / std::sqrt(n));
  // neighbours are independent
  CHECK(std::abs((z.narrow(1, 0, n - 1) * z.narrow(1, 1, n - 1)).mean().item<double>()) < 5 / std::sqrt(n));
}

TEST_CASE("normal values are Box-Muller's of the same integers") {
  const auto s = basin::stream_of(11, BASIN_PURPOSE_NOISE);
  const int64_t n = 4096;
  const auto words = (drawn(s, BASIN_BITS, {3}, {n}).to(at::kDouble) + 0.5) / 4294967296.;
  const auto z = drawn(s, BASIN_NORMAL, {3}, {n}).to(at::kDouble)[0].view({n / 2, 2});
  const auto pairs = words[0].view({n / 2, 2});
  const auto radius = at::sqrt(-2 * at::log(pairs.select(1, 0))), angle = 2 * M_PI * pairs.select(1, 1);
  CHECK(difference(z.select(1, 0), radius * at::cos(angle)) < 2e-6);
  CHECK(difference(z.select(1, 1), radius * at::sin(angle)) < 2e-6);
}

TEST_CASE("the extremes of Box-Muller are finite") {
  // found by the layout of the words alone: log of the least and the greatest integer
  const auto z = drawn(basin::stream_of(0, 1), BASIN_NORMAL, {0}, {1 << 20});
  CHECK(z.isfinite().all().item<bool>());
  CHECK(z.abs().max().item<float>() < 6.8f);
}

TEST_CASE("places that do not exist are refused") {
  Handle out;
  const int64_t id[] = {0}, negative[] = {-1}, n[] = {4};
  auto s = basin::stream_of(0, 1);
  CHECK(randoms().draw(&s, 9, id, 1, n, 1, nullptr, &out) == BASIN_ERROR_ARGUMENT);
  CHECK(randoms().draw(&s, BASIN_NORMAL, negative, 1, n, 1, nullptr, &out) == BASIN_ERROR_ARGUMENT);
  CHECK(says("-1"));
  s.slot = 1 << 24;
  CHECK(randoms().draw(&s, BASIN_NORMAL, id, 1, n, 1, nullptr, &out) == BASIN_ERROR_ARGUMENT);
  s.slot = 0, s.step = uint64_t{1} << 32;
  CHECK(randoms().draw(&s, BASIN_NORMAL, id, 1, n, 1, nullptr, &out) == BASIN_ERROR_ARGUMENT);
  ok(randoms().draw(&(s = basin::stream_of(0, 1)), BASIN_NORMAL, nullptr, 0, n, 1, nullptr, &out));
  CHECK(out.tensor().sizes() == at::IntArrayRef({0, 4}));
}
