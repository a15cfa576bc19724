// fid and kid against numpy and scipy (make_fixtures.py), on features that are the pixels themselves.
#include "fixtures.inc"
#include "support.hpp"

namespace {

using namespace test;

Result compare(const std::string& metric, Options options, int64_t images = 300) {
  const auto features = std::make_shared<const basin::Spec>(spec("model", "toy_features"));
  options.push_back({"features", features});
  auto x = dataset("toy_data", {{"count", int64_t{300}}, {"seed", int64_t{2}}});
  auto y = dataset("toy_data", {{"count", int64_t{400}}, {"seed", int64_t{3}}});
  return measure(metric, options, {images_of(*x, images), nullptr, nullptr}, y);
}

// The squared discrepancy by plain loops, of rows `i` of x and `j` of y.
double plain_mmd(const Tensor& x, const Tensor& y, const std::vector<int64_t>& i, const std::vector<int64_t>& j) {
  const auto d = x.size(1);
  const double* a = x.const_data_ptr<double>();
  const double* b = y.const_data_ptr<double>();
  auto k = [&](const double* p, const double* q) {
    double dot = 0;
    for (int64_t n = 0; n < d; n++) dot += p[n] * q[n];
    return std::pow(dot / static_cast<double>(d) + 1, 3);
  };
  const auto m = i.size();
  double xx = 0, yy = 0, xy = 0;
  for (size_t r = 0; r < m; r++)
    for (size_t c = 0; c < m; c++) {
      if (r != c) xx += k(a + i[r] * d, a + i[c] * d), yy += k(b + j[r] * d, b + j[c] * d);
      xy += k(a + i[r] * d, b + j[c] * d);
    }
  const auto n = static_cast<double>(m);
  return (xx + yy) / (n * (n - 1)) - 2 * xy / (n * n);
}

Tensor features_of(int64_t count, int64_t seed) {
  auto data = dataset("toy_data", {{"count", count}, {"seed", seed}});
  return (images_of(*data, count)->pixels.flatten(1).to(at::kDouble) / 127.5 - 1).contiguous();
}

}  // namespace

TEST_CASE("FID is scipy's, for every batch size, and its interval is the jackknife's") {
  for (int64_t batch : {1000, 128, 7}) {
    const Result result = compare("fid", {{"batch", batch}, {"groups", int64_t{10}}});
    CHECK(result["fid"].value == Approx(fid_value).epsilon(1e-6));
    const double t = 2.262157;  // 9 degrees of freedom
    CHECK(result["fid"].high - result["fid"].value == Approx(t * fid_error).epsilon(1e-4));
    CHECK(result["fid"].value - result["fid"].low == Approx(t * fid_error).epsilon(1e-4));
  }
}

TEST_CASE("FID of fewer images than features is the singular limit, and has no interval") {
  const Result result = compare("fid", {}, 6);
  CHECK(result["fid"].value == Approx(fid_rank_deficient).epsilon(1e-6));
  CHECK(std::isnan(result["fid"].low));
}

TEST_CASE("FID of a set with itself is zero") {
  auto x = dataset("toy_data", {{"count", int64_t{300}}, {"seed", int64_t{2}}});
  const auto features = std::make_shared<const basin::Spec>(spec("model", "toy_features"));
  const Result result = measure("fid", {{"features", features}}, {nullptr, nullptr, x}, x);
  CHECK(std::abs(result["fid"].value) < 1e-8);
}

TEST_CASE("KID of subsets scatters around the estimate from everything") {
  const Result result = compare("kid", {{"subsets", int64_t{200}}, {"subset_size", int64_t{100}}});
  const double error = result["kid_spread"].value / std::sqrt(200.0);
  CHECK(std::abs(result["kid"].value - mmd_value) < 4 * error);
  CHECK(error < 0.02 * mmd_value);
  // 100 out of 300: the interval is t * spread * sqrt(1/2).
  const double half = result["kid"].high - result["kid"].value;
  CHECK(half == Approx(1.971957 * result["kid_spread"].value * std::sqrt(0.5)).epsilon(1e-4));
}

TEST_CASE("KID is the plain double loop over the subsets that the random numbers choose") {
  const int64_t subsets = 3, size = 20;
  const Result result = compare("kid", {{"subsets", subsets}, {"subset_size", size}, {"batch", int64_t{33}}});
  const Tensor x = features_of(300, 2), y = features_of(400, 3);
  auto choose = [&](uint32_t side, int64_t s, int64_t n) {
    const Tensor u = basin::draw(basin::stream_of(7, BASIN_PURPOSE_MEASURE, 0, side), BASIN_UNIFORM, {&s, 1}, {size});
    std::vector<int64_t> rest(static_cast<size_t>(n)), chosen;
    for (int64_t i = 0; i < n; i++) rest[static_cast<size_t>(i)] = i;
    for (int64_t i = 0; i < size; i++) {
      const auto at =
          static_cast<size_t>(i + static_cast<int64_t>(double{u[0][i].item<float>()} * static_cast<double>(n - i)));
      std::swap(rest[static_cast<size_t>(i)], rest[at]);
      chosen.push_back(rest[static_cast<size_t>(i)]);
    }
    return chosen;
  };
  double sum = 0;
  for (int64_t s = 0; s < subsets; s++) sum += plain_mmd(x, y, choose(1, s, 300), choose(2, s, 400));
  CHECK(result["kid"].value == Approx(sum / subsets).epsilon(1e-6));
}

TEST_CASE("Too few images are refused in a sentence") {
  CHECK(contains(refusal([] { compare("fid", {}, 1); }), "at least 2 of each, but got 1 images"));
  CHECK(contains(refusal([] { compare("kid", {}, 3); }), "at least 4 of each, but got 3 images"));
}
